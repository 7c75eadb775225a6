/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The events of a round on their way to vperf. */
#ifndef VPERF_SOURCE_REST_FORWARD_H
#define VPERF_SOURCE_REST_FORWARD_H

#include "core/stream.h"
#include "source/source.h"

struct forward {
    struct stream *stream;
    GByteArray *bytes;    /* a message that grows; NULL when nothing waits */
    GHashTable *entities; /* of the inventory: their places plus one, by address */
    GHashTable *counters; /* of the catalogue: the same, by name */
    bool broken;          /* vperf is gone */
};

/* forward_init: to this stream, which is borrowed. */
void forward_init(struct forward *forward, struct stream *stream);

/* forward_done: frees what it holds. */
void forward_done(struct forward *forward);

/* forward_inventory, forward_catalog: what is numbered from now on is in these. */
void forward_inventory(struct forward *forward, const struct inventory *inventory);
void forward_catalog(struct forward *forward, const struct catalog *catalog);

/* forward_events: for one round of a source. */
struct source_events forward_events(struct forward *forward);

/* forward_flush: sends what waits. False when vperf is gone. */
bool forward_flush(struct forward *forward);

#endif
