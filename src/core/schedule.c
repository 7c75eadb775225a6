/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/schedule.h"

enum { FIRST_PART = 10, LONGEST_PERIODS = 3 };

static const int64_t first_refused_ns = 300 * 1000000000LL;
static const int64_t longest_refused_ns = 3600 * 1000000000LL;

static int64_t doubled(int64_t first_ns, unsigned times, int64_t longest_ns) {
    int64_t delay_ns = first_ns;
    while (times-- && delay_ns < longest_ns)
        delay_ns *= 2;
    return delay_ns < longest_ns ? delay_ns : longest_ns;
}

int64_t schedule_delay_ns(struct schedule *schedule, enum error_kind kind, int64_t period_ns) {
    unsigned before = schedule->failures++;
    if (kind == ERROR_AUTH)
        return doubled(first_refused_ns, schedule->refusals++, longest_refused_ns);
    return doubled(period_ns / FIRST_PART, before, LONGEST_PERIODS * period_ns);
}

void schedule_success(struct schedule *schedule) {
    *schedule = (struct schedule){0};
}
