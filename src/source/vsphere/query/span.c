/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/query/span.h"

#include "source/vsphere/session/session.h"

/* Servers keep an hour; what some keep beyond it is asked for as well. */
enum { REAL_TIME_KEPT_SECONDS = 3600, REAL_TIME_ASKED_SECONDS = 2 * 3600 };

/* What is older than real-time samples can be is not asked for, window after empty window. */
static bool keep_to_realtime(struct span *span, const struct session *session,
                             struct error *error) {
    int64_t oldest = span->now - REAL_TIME_ASKED_SECONDS;
    if (span->start >= span->now - REAL_TIME_KEPT_SECONDS - REAL_TIME_SECONDS)
        return true;
    if (span->end <= oldest)
        return error_set(error, ERROR_USAGE,
                         "%s: real-time samples are kept for an hour: give --interval 300 or "
                         "longer for older ones",
                         session->label);
    report(session->reporter, REPORT_WARNING,
           "%s: real-time samples are kept for an hour: give --interval 300 or longer for older "
           "ones",
           session->label);
    if (span->start < oldest)
        span->start = oldest;
    return true;
}

bool span_resolve(struct span *span, const struct window *window, struct channel *channel,
                  struct error *error) {
    bool realtime = window->interval == REAL_TIME_SECONDS;
    *span = (struct span){.bounded = window_bounded(window),
                          .start = window->after,
                          .end = window->until ? window->until : window->now,
                          .interval = window->interval,
                          .newest = window->newest,
                          .kept_only = window->kept_only,
                          .now = window->now};
    return !span->bounded || !realtime || keep_to_realtime(span, channel->session, error);
}

int64_t span_oldest(int32_t interval, int64_t now) {
    return interval == REAL_TIME_SECONDS ? now - REAL_TIME_ASKED_SECONDS : 0;
}

void span_follow(struct span *span, const struct window *window, int64_t now) {
    int64_t oldest = span_oldest(window->interval, now);
    *span = (struct span){.bounded = true,
                          .open = !window->until,
                          .start = window->after > oldest ? window->after : oldest,
                          .end = window->until ? window->until : now + window->interval,
                          .interval = window->interval,
                          .newest = window->newest,
                          .now = now};
}

int64_t span_samples(const struct span *span) {
    if (!span->bounded)
        return span->newest;
    return (span->end - span->start) / span->interval + 1;
}

bool span_holds_sample(const struct span *span) {
    return !span->bounded || span->end / span->interval > span->start / span->interval;
}

struct span span_window(const struct span *span, int64_t start, int64_t samples) {
    struct span window = *span;
    if (!span->bounded)
        return window;
    window.start = start;
    if (span->end - start > samples * span->interval)
        window.end = start + samples * span->interval;
    window.open = span->open && window.end == span->end;
    return window;
}
