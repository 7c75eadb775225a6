/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which of XAPI's archives a window is read from. All times are of one clock, in Unix seconds. */
#ifndef VPERF_SOURCE_XAPI_PLAN_H
#define VPERF_SOURCE_XAPI_PLAN_H

#include "core/window.h"

/* XAPI keeps steps of 5 s for 10 minutes, of 60 s for 2 h, of 1 h for 7 days, of 1 day for a year.
 */
struct plan {
    int32_t step;     /* of the rows */
    int32_t interval; /* of the samples, a multiple of the step */
    int64_t after;    /* samples end later than this, a multiple of the interval */
    int64_t until;    /* and not later than this */
    bool coarser;     /* the interval is longer than the window's: finer rows are not kept */
};

/*
 * plan_make: now is the present of the clock. ERROR_USAGE for an interval that is no multiple of
 * 5 s.
 */
bool plan_make(struct plan *plan, const struct window *window, int64_t now, struct error *error)
    __attribute__((warn_unused_result));

/* plan_floor: the multiple of the interval at the time or before it. */
int64_t plan_floor(const struct plan *plan, int64_t time);

/*
 * plan_shift: by how many seconds, a multiple of the interval, times of a host are later than those
 * of the plan's clock when its clock is ahead by so much; 0 below 10 s.
 */
int64_t plan_shift(const struct plan *plan, int64_t ahead);

#endif
