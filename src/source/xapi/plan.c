/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/xapi/plan.h"

#include <stddef.h>

enum {
    DELAY_SECONDS = 10,      /* within which a row appears after its end */
    LEAST_SKEW_SECONDS = 10, /* what an answer that comes late can look like */
};

/* xen-api's rrdd_shared.ml. Kept: less a margin, for a request takes time and clocks differ. */
static const struct {
    int32_t step;
    int32_t kept;
} archives[] = {
    {5, 570},
    {60, 7200 - 180},
    {3600, 7 * 86400 - 2 * 3600},
    {86400, 366 * 86400 - 2 * 86400},
};

enum { ARCHIVES = sizeof archives / sizeof archives[0] };

int64_t plan_floor(const struct plan *plan, int64_t time) {
    int64_t rest = time % plan->interval;
    return time - (rest < 0 ? rest + plan->interval : rest);
}

int64_t plan_shift(const struct plan *plan, int64_t ahead) {
    int64_t half = plan->interval / 2;
    if (ahead > -LEAST_SKEW_SECONDS && ahead < LEAST_SKEW_SECONDS)
        return 0;
    return (ahead + (ahead < 0 ? -half : half)) / plan->interval * plan->interval;
}

/* The coarsest archive of which samples of the interval can be made. */
static size_t find_archive(int32_t interval) {
    size_t found = ARCHIVES;
    for (size_t i = 0; i < ARCHIVES; i++)
        if (interval % archives[i].step == 0)
            found = i;
    return found;
}

static int64_t begin_of(const struct window *window, int64_t now) {
    /* An endless run begins with the newest sample, which may have ended before it began. */
    bool endless = window->fresh_only && !window->until;
    if (window->after)
        return endless ? window->after - DELAY_SECONDS : window->after;
    if (window->until && !window->newest)
        return 0;
    int64_t samples = window->newest > 0 ? window->newest : 1;
    return (window->until ? window->until : now) - (samples + 1) * window->interval - DELAY_SECONDS;
}

bool plan_make(struct plan *plan, const struct window *window, int64_t now, struct error *error) {
    int64_t begin = begin_of(window, now);
    size_t archive = window->interval > 0 ? find_archive(window->interval) : ARCHIVES;
    if (archive == ARCHIVES)
        return error_set(error, ERROR_USAGE,
                         "--interval %d: XAPI measures every 5 s: give a multiple of it",
                         window->interval);
    while (!window->kept_only && archive + 1 < ARCHIVES && now - begin > archives[archive].kept)
        archive++;
    int32_t step = archives[archive].step;
    plan->step = step;
    plan->interval = window->interval % step == 0 ? window->interval : step;
    plan->coarser = plan->interval != window->interval;
    plan->until = window->until && window->until < now ? window->until : now;
    int64_t oldest = now - archives[archive].kept;
    plan->after = plan_floor(plan, begin > oldest ? begin : oldest);
    return true;
}
