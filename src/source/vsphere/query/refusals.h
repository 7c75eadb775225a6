/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Counters that entities were refused. When two entities of one group were, the others of the group
 * are no longer asked for the counter, until it is tried again.
 */
#ifndef VPERF_SOURCE_VSPHERE_REFUSALS_H
#define VPERF_SOURCE_VSPHERE_REFUSALS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

#include "core/backoff.h"

struct query_item;
struct source_events;

enum { REFUSED_FIRST_SECONDS = 600, REFUSED_LONGEST_SECONDS = 3600 };

struct refusal {
    struct refusal_key {
        uint32_t group; /* its number */
        int32_t counter;
    } key;
    uint32_t entity; /* number of the first one that was refused it */
    int entities;
    char *reason; /* for people */
    struct backoff backoff;
    UT_hash_handle hh;
};

struct refusals {
    struct refusal *all; /* under lock, while there are workers */
    pthread_rwlock_t lock;
    atomic_size_t count;
};

/* refusals_init: none; refusals_done is due. */
void refusals_init(struct refusals *refusals);

/*
 * refusals_begin: at the begin of a round; counters whose pause is over are asked for again, and
 * those that were then given are forgotten.
 */
void refusals_begin(struct refusals *refusals, int64_t now_ns);

/* refusals_done: frees all. */
void refusals_done(struct refusals *refusals);

/* refusals_holds: the entity is not asked for the counter. From any thread. */
bool refusals_holds(struct refusals *refusals, uint32_t group, uint32_t entity, int32_t counter);

/*
 * refusals_add: the entity was refused the counter, for this reason. For the worker whose turn it
 * is. True when its like are no longer asked for it either.
 */
bool refusals_add(struct refusals *refusals, uint32_t group, uint32_t entity, int32_t counter,
                  const char *reason, int64_t now_ns);

/* refusals_report: counters of the items that are not asked for go to events->missing. */
void refusals_report(const struct refusals *refusals, const struct query_item *items, size_t count,
                     const struct source_events *events);

#endif
