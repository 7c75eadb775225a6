/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/aligned.h"

#include <stdlib.h>

#include "core/clock.h"

enum {
    MAX_LATE_SECONDS = 30, /* after the end of the interval */
    OLD_INTERVALS = 6,     /* how old a sample may be that is taken instead */
};

static const int64_t second_ns = 1000000000;
static const int64_t pause_ns = 1500000000;

/*
 * The sample ends when the interval does, give or take half an interval: the clock of the server
 * may be off ours. Tells when it is due by our clock.
 */
static bool find_window(struct lane *lane, struct source *source, struct window *window,
                        int64_t *due_ns) {
    int64_t now = 0, interval = window->interval;
    if (!source->ops->now(source, &now, &lane->error))
        return false;
    int64_t now_ns = clock_boot_ns();
    int64_t middle_ns = lane->run->aligned_ns + interval * second_ns / 2;
    window->now = now;
    window->after = now + (middle_ns - now_ns) / second_ns;
    window->until = window->after + interval;
    window->newest = 0;
    window->fresh_only = true;
    int64_t end = (window->after / interval + 1) * interval;
    *due_ns = now_ns + (end - now) * second_ns;
    return true;
}

static int64_t patience_ns(const struct lane *lane) {
    int timeout = lane->source_options.timeout_seconds;
    return (timeout < MAX_LATE_SECONDS ? timeout : MAX_LATE_SECONDS) * second_ns;
}

/* Those that have no sample of the interval get an older one. */
static bool read_older(struct lane *lane, struct source *source, struct window *window) {
    report(lane->source_options.reporter, REPORT_WARNING,
           "%s: the sample of this interval has not come in time: the newest one before it is "
           "taken where there is none",
           lane->target->text);
    window->after = window->until - (int64_t)OLD_INTERVALS * window->interval;
    window->newest = 1;
    lane->patient = false;
    return lane_round(lane, source, window);
}

bool aligned_run(struct lane *lane, struct source *source, const struct window *wanted) {
    struct window window = *wanted;
    int64_t due_ns = 0;
    if (!find_window(lane, source, &window, &due_ns))
        return false;
    int64_t end_ns = lane->run->aligned_ns + window.interval * second_ns;
    int64_t deadline_ns = (due_ns > end_ns ? due_ns : end_ns) + patience_ns(lane);
    lane->patient = true;
    lane->awaited = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    do {
        if (!lane_wait(lane, "the sample of", due_ns))
            return error_set(&lane->error, ERROR_INTERRUPTED, "interrupted");
        if (!lane_round(lane, source, &window))
            return false;
        due_ns = clock_boot_ns() + pause_ns;
    } while (g_hash_table_size(lane->awaited) && due_ns < deadline_ns);
    return !g_hash_table_size(lane->awaited) || read_older(lane, source, &window);
}
