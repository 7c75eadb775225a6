/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Servers ignore maxSample for archived samples: the newest few are asked for by time. */
#include "source/vsphere/span.h"

#include <time.h>

#include "source/vsphere/session.h"
#include "source/vsphere/wire.h"

/* An archived sample appears up to this many intervals after its time. */
enum { ROLLUP_DELAY_INTERVALS = 2 };

static bool server_time(struct channel *channel, int64_t *now, struct error *error) {
    const struct session *session = channel->session;
    static const struct session_moref service_instance = {(char *)"ServiceInstance",
                                                          (char *)"ServiceInstance"};
    struct vim25__ManagedObjectReference self = session_reference(&service_instance);
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

/* The sample to be followed ends when its interval does, give or take half an interval. */
static bool follow(struct span *span, int64_t begin_ms, struct channel *channel,
                   struct error *error) {
    int64_t now = 0;
    if (!server_time(channel, &now, error))
        return false;
    int64_t begin = now - (channel_now_ms() - begin_ms) / 1000;
    span->bounded = true;
    span->start = begin + span->interval / 2;
    span->end = span->start + span->interval;
    return true;
}

bool span_resolve(struct span *span, const struct selection *selection, struct channel *channel,
                  struct error *error) {
    const struct timerange *range = &selection->range;
    *span = (struct span){.interval = selection->interval, .newest = selection->samples};
    if (selection->follow_ms)
        return follow(span, selection->follow_ms, channel, error);
    if (!timerange_given(range) && selection->interval == REALTIME_SECONDS)
        return true;
    bool absolute =
        range->start.given && !range->start.relative && range->end.given && !range->end.relative;
    int64_t now = 0;
    if (!absolute && !server_time(channel, &now, error))
        return false;
    span->bounded = true;
    span->end = range->end.given ? timerange_resolve(&range->end, now) : now;
    span->start = range->start.given
                      ? timerange_resolve(&range->start, now)
                      : span->end - (int64_t)(selection->samples + ROLLUP_DELAY_INTERVALS) *
                                        selection->interval;
    return span->start < span->end ||
           error_set(error, ERROR_USAGE,
                     "--start is not before --end (the server's present when "
                     "it is not given): no sample can lie between them");
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
