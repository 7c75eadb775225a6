/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Which sample times of an entity were emitted, so that each sample is emitted once: also one that
 * appears at the server after a newer one.
 */
#ifndef VPERF_CORE_MARK_H
#define VPERF_CORE_MARK_H

#include <stdbool.h>
#include <stdint.h>

/* Sample times that are remembered: with 20 s between them, a little more than an hour. */
enum { MARK_WORDS = 3, MARK_TIMES = MARK_WORDS * 64 };

struct mark {
    int64_t newest; /* sample time in intervals since 1970; what is remembered lies before it */
    uint64_t seen[MARK_WORDS]; /* bit n: the time n intervals before the newest */
    int32_t interval;          /* seconds */
    bool any;                  /* a time was added */
};

/* mark_init: all times up to after (Unix seconds) count as seen. */
void mark_init(struct mark *mark, int32_t interval, int64_t after);

/* mark_after: the newest time that was seen: what is asked for lies behind it. */
int64_t mark_after(const struct mark *mark);

/* mark_has: the sample of this time was seen, or is too old to tell. */
bool mark_has(const struct mark *mark, int64_t time);

/* mark_add: the sample of this time is seen. */
void mark_add(struct mark *mark, int64_t time);

/*
 * mark_hole: the stretch (after < time <= until) that holds all times before the newest that were
 * not seen and are later than oldest. False when there are none.
 */
bool mark_hole(const struct mark *mark, int64_t oldest, int64_t *after, int64_t *until);

/*
 * mark_start: behind which time to ask at the server's present. A mark may lie behind the present
 * when the clock was set back: what it does not have is asked for again, and one that lies far
 * behind is given up, for one of some intervals before the present.
 */
int64_t mark_start(struct mark *mark, int64_t present);

#endif
