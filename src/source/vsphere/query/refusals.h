/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Counters that entities were refused. When two entities of one group were, the others of the group
 * are no longer asked for the counter, until it is tried again. What does not fit is forgotten, and
 * asked for.
 */
#ifndef VPERF_SOURCE_VSPHERE_REFUSALS_H
#define VPERF_SOURCE_VSPHERE_REFUSALS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/vsphere/session/backoff.h"

enum { REFUSALS_MAX = 64, REFUSED_FIRST_SECONDS = 600, REFUSED_LONGEST_SECONDS = 3600 };

struct refusal {
    uint32_t group; /* number of the group */
    int32_t counter;
    uint32_t entity; /* number of the first one that was refused it */
    char *reason;    /* for people */
    atomic_int entities;
    struct backoff backoff;
};

struct refusals {
    atomic_size_t count;
    struct refusal all[REFUSALS_MAX];
};

/*
 * refusals_begin: at the begin of a round; counters whose pause is over are asked for again, and
 * those that were then given are forgotten.
 */
void refusals_begin(struct refusals *refusals, int64_t now_ns);

/* refusals_done: forgets all. */
void refusals_done(struct refusals *refusals);

/* refusals_holds: the entity is not asked for the counter. From any thread. */
bool refusals_holds(const struct refusals *refusals, uint32_t group, uint32_t entity,
                    int32_t counter);

/*
 * refusals_add: the entity was refused the counter, for this reason. For the worker whose turn it
 * is. True when its like are no longer asked for it either.
 */
bool refusals_add(struct refusals *refusals, uint32_t group, uint32_t entity, int32_t counter,
                  const char *reason, int64_t now_ns);

#endif
