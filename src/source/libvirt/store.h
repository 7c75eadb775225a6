/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The samples of one entity, kept until they can be given away series by series. */
#ifndef VPERF_SOURCE_LIBVIRT_STORE_H
#define VPERF_SOURCE_LIBVIRT_STORE_H

#include "source/source.h"

struct store_series {
    size_t counter; /* index in the catalog */
    char *instance;
    bool given; /* samples of it were given away before */
    struct sample *samples;
    size_t count;
    size_t capacity;
};

struct store {
    const struct entity *entity;
    struct store_series *series;
    size_t count;
    size_t capacity;
    size_t next;    /* where the next value of a round most likely belongs */
    size_t samples; /* kept in all series */
    bool *offered;  /* by counter: it is one that the entity can give */
    bool *told;     /* by counter: and that was told */
};

/* store_init: an empty store for an entity, which is borrowed; counters is their number. */
void store_init(struct store *store, const struct entity *entity, size_t counters);

/* store_done: frees what the store holds. */
void store_done(struct store *store);

/* store_begin: a new round begins: its values come in the same order as those of the last one. */
void store_begin(struct store *store);

/* store_offer: the entity can give this counter. */
void store_offer(struct store *store, size_t counter);

/* store_add: one more sample; times ascend. */
void store_add(struct store *store, size_t counter, const char *instance,
               const struct sample *sample);

/*
 * store_give: tells what is offered for the first time, gives all series, sorted by counter and
 * instance, and forgets their samples. False when the output failed.
 */
bool store_give(struct store *store, const struct catalog *catalog, int32_t interval,
                const struct source_events *events, struct error *error);

#endif
