/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* When the next round of a lane begins: when its samples are due, and later after failures. */
#ifndef VPERF_CORE_SCHEDULE_H
#define VPERF_CORE_SCHEDULE_H

#include <stdint.h>

#include "core/error.h"

struct schedule {
    unsigned failures; /* attempts that failed one after the other */
    unsigned refusals; /* of these, those that were refused for their credentials */
};

/*
 * schedule_delay_ns: how long to wait after a failure of this kind before the next attempt, when an
 * interval lasts period_ns; counts the failure. A tenth of an interval at first, doubled each time,
 * three intervals at most. What was refused for its credentials waits 5 minutes, up to an hour:
 * each attempt may count against the account.
 */
int64_t schedule_delay_ns(struct schedule *schedule, enum error_kind kind, int64_t period_ns);

/* schedule_success: the round has succeeded. */
void schedule_success(struct schedule *schedule);

#endif
