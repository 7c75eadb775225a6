/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* An archive answers a question about what it no longer has with nothing: the user is told. */
#include "source/vsphere/query/archives.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/memory.h"
#include "source/vsphere/inventory/properties.h"
#include "source/vsphere/session/present.h"
#include "source/vsphere/session/session.h"

enum { HOUR_SECONDS = 3600, DAY_SECONDS = 86400 };

struct archives {
    int32_t interval;     /* the one looked for */
    int64_t kept_seconds; /* its samples; 0 when it is not among them */
    char *known;          /* the intervals of the server, for people; NULL for none */
    int32_t level;        /* of the one looked for; 0 when it is not told */
    char *longer;         /* those of them above the one looked for */
};

/* The caller's text becomes longer by a number. */
static void add_number(char **text, int number) {
    char *longer = memory_printf("%s%s%d", *text ? *text : "", *text ? ", " : "", number);
    free(*text);
    *text = longer;
}

static void add_interval(struct archives *archives, const struct vim25__PerfInterval *interval) {
    if (!interval->enabled)
        return;
    add_number(&archives->known, interval->samplingPeriod);
    if (interval->samplingPeriod > archives->interval)
        add_number(&archives->longer, interval->samplingPeriod);
    if (interval->samplingPeriod != archives->interval)
        return;
    archives->kept_seconds = interval->length;
    archives->level = interval->level ? *interval->level : 0;
}

static void visit(void *context, const struct vim25__ObjectContent *object) {
    for (int i = 0; i < object->__sizepropSet; i++) {
        const struct vim25__ArrayOfPerfInterval *intervals = object->propSet[i].val.intervals;
        for (int k = 0; intervals && k < intervals->__sizePerfInterval; k++)
            add_interval(context, &intervals->PerfInterval[k]);
    }
}

/* What the server refuses to tell is not known: that costs no samples. */
static bool is_bearable(struct error *error) {
    if (error->kind != ERROR_FAULT)
        return false;
    error_clear(error);
    return true;
}

static bool load(struct archives *archives, struct channel *channel, struct error *error) {
    const struct session_moref *manager = &channel->session->performance_manager;
    const struct properties_reader reader = {visit, archives};
    return properties_of(channel, manager, "historicalInterval", &reader, error) ||
           is_bearable(error);
}

/* A span of what is kept begins where that does; of another one, the user is told. */
static bool check_age(const struct archives *archives, struct span *span, struct channel *channel,
                      struct error *error) {
    const struct session *session = channel->session;
    int64_t kept = archives->kept_seconds, now = span->now;
    bool days = kept % DAY_SECONDS == 0;
    struct server_reading reading;
    if (!now && !present_read(channel, &reading, error))
        return is_bearable(error);
    now = now ? now : present_seconds(&reading);
    if (span->start >= now - kept)
        return true;
    if (span->kept_only) {
        span->start = now - kept;
        return true;
    }
    char *advice =
        archives->longer
            ? memory_printf("give a longer --interval for older ones (%s)", archives->longer)
            : memory_strdup("the server has no older ones, at no --interval");
    report(session->reporter, REPORT_WARNING, "%s: samples of %d s are kept for %" PRId64 " %s: %s",
           session->label, archives->interval, kept / (days ? DAY_SECONDS : HOUR_SECONDS),
           days ? "d" : "h", advice);
    free(advice);
    return true;
}

bool archives_check(struct span *span, struct channel *channel, int32_t *level,
                    struct error *error) {
    struct archives archives = {.interval = span->interval};
    bool good = load(&archives, channel, error);
    if (good && archives.kept_seconds)
        good = check_age(&archives, span, channel, error);
    else if (good && archives.known)
        good = error_set(
            error, ERROR_UNAVAILABLE,
            "%s: the server keeps no samples of %d s: give another --interval (%d, %s)",
            channel->session->label, archives.interval, REAL_TIME_SECONDS, archives.known);
    *level = archives.level;
    free(archives.known);
    free(archives.longer);
    return good;
}
