/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* InfluxDB's line protocol: what the sink of that format writes, in gzip (RFC 1952). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST /* what is compressed is not changed */
#include <zlib.h>

#include "core/memory.h"
#include "push/helper/encoding.h"
#include "sink/formats.h"

enum { GZIP_WINDOW = 15 + 16, GZIP_MEMORY = 8, LEVEL = 1, PIECE = 1 << 16, SHOWN = 200 };

struct influx_encoder {
    struct encoder base;
    struct sink sink;
};

static struct influx_encoder *from_base(struct encoder *encoder) {
    return (struct influx_encoder *)(void *)encoder;
}

static ssize_t append(void *context, const char *bytes, size_t size) {
    GByteArray *text = context;
    g_byte_array_append(text, (const guint8 *)bytes, (guint)size);
    return (ssize_t)size;
}

static struct encoder *influx_new(const struct sink_options *options) {
    const cookie_io_functions_t functions = {.write = append};
    struct influx_encoder *influx = memory_alloc(sizeof *influx);
    influx->base.text = g_byte_array_new();
    influx->sink.ops = &sink_influx;
    influx->sink.options = *options;
    influx->sink.stream = memory_check(fopencookie(influx->base.text, "w", functions));
    return &influx->base;
}

static void influx_free(struct encoder *encoder) {
    struct influx_encoder *influx = from_base(encoder);
    sink_done(&influx->sink);
    fclose(influx->sink.stream);
    g_byte_array_free(influx->base.text, TRUE);
    free(influx);
}

static void influx_known(struct encoder *encoder, unsigned target, const struct entity *entity) {
    struct influx_encoder *influx = from_base(encoder);
    struct inventory *inventory = inventory_new();
    inventory_add(inventory, entity);
    influx->sink.target = target;
    influx->sink.ops->know(&influx->sink, inventory);
    inventory_free(inventory);
}

/* The sink writes whole lines. */
static void influx_series(struct encoder *encoder, unsigned target, const struct series *series) {
    struct influx_encoder *influx = from_base(encoder);
    influx->sink.target = target;
    sink_write(&influx->sink, series);
    fflush(influx->sink.stream);
}

static void influx_round(struct encoder *encoder, unsigned target) {
    struct influx_encoder *influx = from_base(encoder);
    struct error none = {0};
    influx->sink.target = target;
    if (sink_round_end(&influx->sink, &none))
        fflush(influx->sink.stream);
}

/* Lines are complete; what the sink keeps by address it compares. Names of datastores stay. */
static void influx_forget(struct encoder *encoder) {
    struct influx_encoder *influx = from_base(encoder);
    sink_end(&influx->sink);
    fflush(influx->sink.stream);
}

static size_t influx_length(const guint8 *items, size_t size) {
    const guint8 *end = memchr(items, '\n', size);
    return end ? (size_t)(end - items) + 1 : size;
}

static GByteArray *influx_compress(const guint8 *items, size_t size) {
    GByteArray *body = g_byte_array_new();
    z_stream gzip = {.next_in = items, .avail_in = (uInt)size};
    memory_check(
        deflateInit2(&gzip, LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY, Z_DEFAULT_STRATEGY) == Z_OK
            ? body
            : NULL);
    g_byte_array_set_size(body, (guint)deflateBound(&gzip, size));
    gzip.next_out = body->data;
    gzip.avail_out = body->len;
    deflate(&gzip, Z_FINISH);
    g_byte_array_set_size(body, (guint)gzip.total_out);
    deflateEnd(&gzip);
    return body;
}

static GByteArray *influx_expand(const GByteArray *body) {
    guint8 piece[PIECE];
    GByteArray *items = g_byte_array_new();
    z_stream gzip = {.next_in = body->data, .avail_in = body->len};
    memory_check(inflateInit2(&gzip, GZIP_WINDOW) == Z_OK ? items : NULL);
    for (int state = Z_OK; state == Z_OK;) {
        gzip.next_out = piece;
        gzip.avail_out = sizeof piece;
        state = inflate(&gzip, Z_NO_FLUSH);
        g_byte_array_append(items, piece, (guint)sizeof piece - gzip.avail_out);
    }
    inflateEnd(&gzip);
    return items;
}

static char *influx_describe(const guint8 *items, size_t size) {
    size_t length = influx_length(items, size);
    return memory_printf("%.*s", (int)MIN(length - 1, (size_t)SHOWN), (const char *)items);
}

static const char *const headers[] = {"Content-Type: text/plain; charset=utf-8",
                                      "Content-Encoding: gzip", NULL};

const struct encoding encoding_influx = {
    .headers = headers,
    .new = influx_new,
    .free = influx_free,
    .known = influx_known,
    .series = influx_series,
    .round = influx_round,
    .forget = influx_forget,
    .length = influx_length,
    .compress = influx_compress,
    .expand = influx_expand,
    .describe = influx_describe,
};
