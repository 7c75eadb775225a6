/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Servers ignore maxSample for archived samples: the newest few are asked for by time. */
#include "source/vsphere/query/span.h"

#include <time.h>

#include "core/clock.h"
#include "source/vsphere/session/session.h"
#include "source/vsphere/wire/wire.h"

/* An archived sample appears up to this many intervals after its time. */
enum { ROLLUP_DELAY_INTERVALS = 2 };

/* Servers keep an hour; what some keep beyond it is asked for as well. */
enum { REAL_TIME_KEPT_SECONDS = 3600, REAL_TIME_ASKED_SECONDS = 2 * 3600 };

bool span_server_time(struct channel *channel, int64_t *now, struct error *error) {
    const struct session *session = channel->session;
    struct vim25__ManagedObjectReference self = session_reference(&session_service_instance);
    struct vim25__CurrentTimeRequestType request = {._USCOREthis = &self};
    struct _vim25__CurrentTimeResponse response = {0};
    if (!CALL(channel, CurrentTime, &request, &response, error))
        return false;
    if (!response.returnval || !wire_time_parse(response.returnval, now))
        return error_set(error, ERROR_PROTOCOL, "%s: the server's time cannot be read",
                         session->label);
    log_debug(session->log, "%s: the server's clock is %+lld s off ours", session->label,
              (long long)(*now - (int64_t)time(NULL)));
    return true;
}

/* The sample to be followed ends when its interval does, give or take half an interval: the clock
 * of the server may be off. */
static bool follow(struct span *span, int64_t begin_ms, struct channel *channel,
                   struct error *error) {
    int64_t now = 0;
    if (!span_server_time(channel, &now, error))
        return false;
    int64_t middle_ms = begin_ms + span->interval * 500LL;
    span->bounded = true;
    span->start = (now * 1000 + middle_ms - clock_now_ms()) / 1000;
    span->end = span->start + span->interval;
    return true;
}

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
    log_warn(session->log,
             "%s: real-time samples are kept for an hour: give --interval 300 or longer for older "
             "ones",
             session->label);
    if (span->start < oldest)
        span->start = oldest;
    return true;
}

static bool empty_span(struct error *error) {
    return error_set(error, ERROR_USAGE,
                     "--start is not before --end (the server's present when it is not given): no "
                     "sample can lie between them");
}

bool span_resolve(struct span *span, const struct selection *selection, struct channel *channel,
                  struct error *error) {
    const struct timerange *range = &selection->range;
    *span = (struct span){.interval = selection->interval, .newest = selection->samples};
    if (selection->follow_ms)
        return follow(span, selection->follow_ms, channel, error);
    if (!timerange_given(range) && selection->interval == REAL_TIME_SECONDS)
        return true;
    bool absolute =
        range->start.given && !range->start.relative && range->end.given && !range->end.relative;
    bool realtime = selection->interval == REAL_TIME_SECONDS;
    if (absolute && range->start.seconds >= range->end.seconds)
        return empty_span(error);
    if ((realtime || !absolute) && !span_server_time(channel, &span->now, error))
        return false;
    span->bounded = true;
    span->end = range->end.given ? timerange_resolve(&range->end, span->now) : span->now;
    span->start = range->start.given
                      ? timerange_resolve(&range->start, span->now)
                      : span->end - (int64_t)(selection->samples + ROLLUP_DELAY_INTERVALS) *
                                        selection->interval;
    if (span->start >= span->end)
        return empty_span(error);
    return !realtime || keep_to_realtime(span, channel->session, error);
}

int64_t span_samples(const struct span *span) {
    if (!span->bounded)
        return span->newest;
    return (span->end - span->start) / span->interval + 1;
}

struct span span_window(const struct span *span, int64_t start, int64_t samples) {
    struct span window = *span;
    if (!span->bounded)
        return window;
    window.start = start;
    if (span->end - start > samples * span->interval)
        window.end = start + samples * span->interval;
    return window;
}
