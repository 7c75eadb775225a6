/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Nothing is shown of runs that end soon, and nothing more often than people can read. */
#include "command/progress.h"

#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "core/clock.h"
#include "core/memory.h"

enum { FIRST_SHOWN_MS = 1000, SHOWN_EVERY_MS = 250 };

static const int64_t shortest_wait_ns = 1000000000;

void progress_init(struct progress *progress, const struct log *log) {
    *progress = (struct progress){.log = log, .started_ms = clock_now_ms()};
    pthread_mutex_init(&progress->lock, NULL);
}

void progress_done(struct progress *progress) {
    log_progress(progress->log, NULL);
    pthread_mutex_destroy(&progress->lock);
}

static void show(struct progress *progress) {
    int64_t now = clock_now_ms();
    int64_t elapsed = now - progress->started_ms;
    if (!progress->done || elapsed < FIRST_SHOWN_MS || now - progress->shown_ms < SHOWN_EVERY_MS)
        return;
    progress->shown_ms = now;
    uint64_t series = atomic_load(&progress->series);
    double seconds = (double)elapsed / 1000;
    double left = seconds * (progress->total - progress->done) / progress->done;
    char *text =
        memory_printf("%d of %d done, %" PRIu64 " series, %.0f/s, %.0f s left", progress->done,
                      progress->total, series, (double)series / seconds, left);
    log_progress(progress->log, text);
    free(text);
}

void progress_report(void *context, int done, int total) {
    struct progress_lane *lane = context;
    struct progress *progress = lane->progress;
    pthread_mutex_lock(&progress->lock);
    progress->done += done - lane->done;
    progress->total += total - lane->total;
    lane->done = done;
    lane->total = total;
    show(progress);
    pthread_mutex_unlock(&progress->lock);
}

/* The time of day at which clock_boot_ns is until_ns, in full seconds. */
static void time_of_day(char text[static sizeof "00:00:00"], int64_t until_ns) {
    int64_t left_us = (until_ns - clock_boot_ns()) / 1000;
    time_t until = (time_t)((g_get_real_time() + left_us + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC);
    struct tm local;
    if (!localtime_r(&until, &local) || !strftime(text, sizeof "00:00:00", "%H:%M:%S", &local))
        *text = '\0';
}

void progress_wait(struct progress_lane *lane, const char *what, int64_t until_ns) {
    struct progress *progress = lane->progress;
    char until[sizeof "00:00:00"];
    if (until_ns - clock_boot_ns() < shortest_wait_ns)
        return;
    time_of_day(until, until_ns);
    pthread_mutex_lock(&progress->lock);
    char *done = progress->done
                     ? memory_printf("%d of %d done, %" PRIu64 " series; ", progress->done,
                                     progress->total, (uint64_t)atomic_load(&progress->series))
                     : memory_strdup("");
    char *text = memory_printf("%swaiting until %s for %s", done, until, what);
    log_progress(progress->log, text);
    pthread_mutex_unlock(&progress->lock);
    free(text);
    free(done);
}

void progress_series(struct progress_lane *lane) {
    atomic_fetch_add_explicit(&lane->progress->series, 1, memory_order_relaxed);
}
