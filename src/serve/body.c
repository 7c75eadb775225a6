/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "serve/body.h"

#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

#include "core/memory.h"

enum { GZIP_WINDOW = 15 + 16, GZIP_MEMORY = 9 };

struct body *body_new(char *data, size_t size) {
    struct body *body = memory_alloc(sizeof *body);
    atomic_init(&body->owners, 1);
    body->data = data;
    body->size = size;
    return body;
}

struct body *body_share(struct body *body) {
    atomic_fetch_add(&body->owners, 1);
    return body;
}

void body_drop(struct body *body) {
    if (!body || atomic_fetch_sub(&body->owners, 1) > 1)
        return;
    free(body->data);
    free(body);
}

/* Lines are much alike, and a page is compressed anew with each round: speed counts. */
struct body *body_compressed(const struct body *body) {
    z_stream stream = {.next_in = (Bytef *)body->data, .avail_in = (uInt)body->size};
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    uLong room = deflateBound(&stream, body->size);
    char *packed = memory_alloc(room);
    stream.next_out = (Bytef *)packed;
    stream.avail_out = (uInt)room;
    bool good = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    size_t size = stream.total_out;
    deflateEnd(&stream);
    if (good)
        return body_new(memory_check(realloc(packed, size)), size);
    free(packed);
    return NULL;
}
