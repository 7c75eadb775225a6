/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Nothing is shown of runs that end soon, and nothing more often than people can read. */
#include "command/progress.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/memory.h"

enum { FIRST_SHOWN_MS = 1000, SHOWN_EVERY_MS = 250 };

void progress_init(struct progress *progress, const struct log *log) {
    *progress = (struct progress){.log = log, .started_ms = clock_now_ms()};
    pthread_mutex_init(&progress->lock, NULL);
}

void progress_done(struct progress *progress) {
    log_progress(progress->log, NULL);
    pthread_mutex_destroy(&progress->lock);
}

static void show_beginning(const struct progress *progress) {
    char *text = memory_printf("0 of %d done", progress->total);
    log_progress(progress->log, text);
    free(text);
}

static void show(struct progress *progress) {
    int64_t now = clock_now_ms();
    int64_t elapsed = now - progress->started_ms;
    /* Work that reports its beginning is long: a poll takes the interval. */
    if (!progress->done) {
        show_beginning(progress);
        return;
    }
    if (elapsed < FIRST_SHOWN_MS || now - progress->shown_ms < SHOWN_EVERY_MS)
        return;
    progress->shown_ms = now;
    double seconds = (double)elapsed / 1000;
    double left = seconds * (progress->total - progress->done) / progress->done;
    char *text =
        memory_printf("%d of %d done, %" PRIu64 " series, %.0f/s, %.0f s left", progress->done,
                      progress->total, progress->series, (double)progress->series / seconds, left);
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

void progress_series(struct progress_lane *lane) {
    pthread_mutex_lock(&lane->progress->lock);
    lane->progress->series++;
    pthread_mutex_unlock(&lane->progress->lock);
}
