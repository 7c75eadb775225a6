/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/schedule.h"

#include "core/backoff.h"

enum { FIRST_PART = 10, LONGEST_PERIODS = 3 };

static const int64_t first_refused_ns = 300 * 1000000000LL;
static const int64_t longest_refused_ns = 3600 * 1000000000LL;

int64_t schedule_delay_ns(struct schedule *schedule, enum error_kind kind, int64_t period_ns) {
    unsigned before = schedule->failures++;
    if (kind == ERROR_AUTH)
        return backoff_pause(first_refused_ns, schedule->refusals++, longest_refused_ns);
    return backoff_pause(period_ns / FIRST_PART, before, LONGEST_PERIODS * period_ns);
}

void schedule_success(struct schedule *schedule) {
    *schedule = (struct schedule){0};
}
