/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Which series of an entity were emitted: eight bytes for each, as there may be millions; and if
 * asked for, at which of the newest sample times, by four bytes more. Entities that are alike have
 * the same series: those eight bytes can be theirs together.
 */
#ifndef VPERF_CORE_KNOWN_H
#define VPERF_CORE_KNOWN_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sample times that are remembered. */
enum { KNOWN_TIMES = 32 };

struct known_common;

struct known {
    uint64_t *hashes; /* ascending */
    uint32_t *taken;  /* a bit for each time, by its number modulo KNOWN_TIMES */
    size_t count;
    size_t capacity;
    size_t last;                 /* that was added, or was known when it was to be */
    int64_t newest;              /* number of the newest time, in intervals since 1970 */
    int32_t interval;            /* seconds; 0: no times are remembered */
    struct known_common *common; /* has the hashes; NULL: they are its own */
};

/* struct known_pool has the series that entities have in common. All zero at first. */
struct known_pool {
    GHashTable *all;
};

/* known_add: the series of this counter is known from now on; false when it was before. */
bool known_add(struct known *known, int32_t counter, const char *instance);

/* known_has: the series is known. */
bool known_has(const struct known *known, int32_t counter, const char *instance);

/* known_advance: times up to this one are remembered from now on, the newest KNOWN_TIMES of them.
 */
void known_advance(struct known *known, int32_t interval, int64_t time);

/* known_forget_times: of all times, as when the clock was set back; the series stay known. */
void known_forget_times(struct known *known);

/* known_take: the series that was added last was emitted at this time, if that is remembered. */
void known_take(struct known *known, int64_t time);

/* known_taken: the times of the series that are remembered, for known_took. */
uint32_t known_taken(const struct known *known, int32_t counter, const char *instance);

/* known_covers: the time is one of those that are remembered. */
bool known_covers(const struct known *known, int64_t time);

/* known_took: one of these times is this one, which is remembered. */
bool known_took(const struct known *known, uint32_t taken, int64_t time);

/* known_lacks: of these times, those that a series lacks which has others. */
uint32_t known_lacks(const struct known *known, uint32_t times);

/*
 * known_share: what is known takes no memory for series that another one of the pool has as well,
 * to the last; until a series is added. The pool must outlive it. Not for two threads at a time.
 */
void known_share(struct known *known, struct known_pool *pool);

/* known_pool_done: frees the pool, in which nothing is shared any more. */
void known_pool_done(struct known_pool *pool);

/* known_done: frees all. */
void known_done(struct known *known);

#endif
