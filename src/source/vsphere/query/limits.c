/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Limits are known from an option, from a version, or from a refusal. */
#include "source/vsphere/query/limits.h"

#include <stdlib.h>
#include <string.h>

#include "source/vsphere/query/span.h"
#include "source/vsphere/session/session.h"

enum { METRICS_UP_TO_6_0 = 64, METRICS_LATER = 256 };

enum { LOWERED_FIRST_SECONDS = 600, LOWERED_LONGEST_SECONDS = 3600 };

static const struct {
    const char *fault_type; /* NULL for any */
    const char *text;       /* in the message */
} refusals[] = {
    {"RestrictedByAdministrator", ""},
    {NULL, "restricted by the administrator"},
    {NULL, "element count exceeds"},
};

enum limits_verdict limits_judge(const struct channel *channel, const struct error *error) {
    if (error->kind == ERROR_TIMEOUT)
        return LIMITS_SILENT;
    if (channel->too_long || channel->result == SOAP_OCCURS)
        return LIMITS_TOO_LARGE;
    if (error->kind != ERROR_FAULT)
        return LIMITS_PASSED;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if ((!refusals[i].fault_type || strcmp(refusals[i].fault_type, channel->fault_type) == 0) &&
            strstr(error->message, refusals[i].text))
            return LIMITS_TOO_LARGE;
    return LIMITS_PASSED;
}

/* The option's value; false when the user may not read it, or it is no number. */
static bool read_option(struct channel *channel, long *limit) {
    struct session *session = channel->session;
    struct vim25__ManagedObjectReference self = session_reference(&session->option_manager);
    struct vim25__QueryOptionsRequestType request = {
        ._USCOREthis = &self, .name = (char *)"config.vpxd.stats.maxQueryMetrics"};
    struct _vim25__QueryOptionsResponse response = {0};
    struct error ignored = {0};
    if (!CALL(channel, QueryOptions, &request, &response, &ignored) ||
        response.__sizereturnval < 1 || !response.returnval->value)
        return false;
    const char *text = response.returnval->value->text;
    char *end = NULL;
    *limit = strtol(text, &end, 10);
    return end != text && !*end;
}

static size_t limit_of_version(const char *version) {
    return version && strtod(version, NULL) <= 6.0 ? METRICS_UP_TO_6_0 : METRICS_LATER;
}

/*
 * config.vpxd.stats.maxQueryMetrics of a vCenter, or what its version is shipped with. There is no
 * limit for real-time samples, and none on ESXi.
 */
static size_t query_metrics(struct channel *channel, int32_t interval) {
    const struct session *session = channel->session;
    long limit = 0;
    if (interval == REAL_TIME_SECONDS || !session->is_vcenter)
        return SIZE_MAX;
    if (session->option_manager.value && read_option(channel, &limit))
        return limit > 0 ? (size_t)limit : SIZE_MAX;
    return limit_of_version(session->api_version);
}

/* What was lowered is tried again. */
static void age(struct limits *limits, int64_t now_ns) {
    if (atomic_exchange(&limits->lowered, false))
        backoff_extend(&limits->backoff, now_ns, LOWERED_FIRST_SECONDS, LOWERED_LONGEST_SECONDS);
    if (!backoff_holds(&limits->backoff, now_ns))
        atomic_store(&limits->metrics, limits->stated);
}

void limits_begin(struct limits *limits, struct channel *channel, int32_t interval,
                  int64_t now_ns) {
    if (limits->interval != interval) {
        size_t stated = query_metrics(channel, interval);
        limits->interval = interval;
        limits->stated = stated < LIMITS_VALUES ? stated : LIMITS_VALUES;
        limits->backoff = (struct backoff){0};
        atomic_store(&limits->lowered, false);
    }
    age(limits, now_ns);
}

size_t limits_metrics(const struct limits *limits) {
    return atomic_load(&limits->metrics);
}

void limits_lower(struct limits *limits, size_t metrics) {
    size_t known = atomic_load(&limits->metrics);
    while (metrics < known && !atomic_compare_exchange_weak(&limits->metrics, &known, metrics)) {
    }
    atomic_store(&limits->lowered, true);
}

bool limits_lists_instances(const struct limits *limits) {
    return atomic_load(&limits->lists_instances);
}

void limits_list_instances(struct limits *limits) {
    atomic_store(&limits->lists_instances, true);
}
