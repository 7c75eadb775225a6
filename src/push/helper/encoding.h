/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* How series become the bodies of requests: items (lines, time series) one behind the other. */
#ifndef VPERF_PUSH_HELPER_ENCODING_H
#define VPERF_PUSH_HELPER_ENCODING_H

#include <glib.h>

#include "core/series.h"
#include "push/url.h"
#include "sink/sink.h"

struct encoder;

/* A protocol. All append whole items to the encoder's text. */
struct encoding {
    const char *const *headers; /* of a request, NULL-terminated */
    /* new: owned by the caller. */
    struct encoder *(*new)(const struct sink_options *options);
    /* free: frees the encoder. */
    void (*free)(struct encoder *encoder);
    /* known: an entity that the target with this number holds; may be NULL. */
    void (*known)(struct encoder *encoder, unsigned target, const struct entity *entity);
    /* series: of the target with this number. */
    void (*series)(struct encoder *encoder, unsigned target, const struct series *series);
    /* round: the series of a round of the target are complete; may be NULL. */
    void (*round)(struct encoder *encoder, unsigned target);
    /* forget: entities and counters are freed; may be NULL. */
    void (*forget)(struct encoder *encoder);
    /* length: of the first item. */
    size_t (*length)(const guint8 *items, size_t size);
    /* compress: the body of a request with these items. */
    GByteArray *(*compress)(const guint8 *items, size_t size);
    /* expand: the items of a body. */
    GByteArray *(*expand)(const GByteArray *body);
    /* describe: the first item for people; owned by the caller. */
    char *(*describe)(const guint8 *items, size_t size);
};

/* Each implementation begins with this. */
struct encoder {
    GByteArray *text;
};

/* encoding_of: for this protocol. */
const struct encoding *encoding_of(enum push_protocol protocol);

/* encoding_influx: line protocol, gzip. */
extern const struct encoding encoding_influx;

/* encoding_remote_write: protobuf, snappy. */
extern const struct encoding encoding_remote_write;

/* encoding_cut: how many bytes of whole items fit into a limit; the first item at least. */
size_t encoding_cut(const struct encoding *encoding, const guint8 *items, size_t size,
                    size_t limit);

#endif
