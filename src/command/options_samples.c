/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which samples: intervals, times, and how long they are kept. */
#include "command/options_parts.h"

#include <glib.h>
#include <string.h>

enum {
    MAX_SAMPLES = 1000000,
    DAY_SECONDS = 86400,
    KEEP_SAMPLES_DAYS = 35,
    KEEP_HOURS_DAYS = 3 * 365,
};

/*
 * The statistics intervals that a vCenter is shipped with, by the names its clients show. All but
 * the first are archived.
 */
static const struct {
    const char *name;
    int32_t seconds;
} interval_names[] = {
    {"realtime", 20}, {"day", 300}, {"week", 1800}, {"month", 7200}, {"year", 86400},
};

bool options_parse_interval(const char *text, struct timing *timing, struct error *error) {
    for (size_t i = 0; text && i < sizeof interval_names / sizeof *interval_names; i++) {
        if (strcmp(text, interval_names[i].name) == 0) {
            timing->interval = interval_names[i].seconds;
            timing->archive = i > 0 ? interval_names[i].name : NULL;
            return true;
        }
    }
    if (text && !g_ascii_isdigit(*text))
        return error_set(error, ERROR_USAGE,
                         "--interval '%s': expected seconds, or realtime, day, week, month or year",
                         text);
    return options_parse_number("--interval", text, MAX_TIMEOUT_SECONDS, &timing->interval, error);
}

static bool check_range(struct options *options, struct error *error) {
    char *const *value = options->text->value;
    struct timing *timing = &options->timing;
    struct timerange *range = &timing->range;
    if (value[OPTION_LAST] && (value[OPTION_START] || value[OPTION_END]))
        return error_set(error, ERROR_USAGE,
                         "--last excludes --start and --end: give the one or the others");
    if (value[OPTION_END] && !value[OPTION_START] && !value[OPTION_SAMPLES])
        return error_set(error, ERROR_USAGE, "--end alone: give --start or --samples as well");
    if (value[OPTION_LAST] && !timerange_last("--last", value[OPTION_LAST], range, error))
        return false;
    if (value[OPTION_START] &&
        !timerange_moment("--start", value[OPTION_START], &range->start, error))
        return false;
    if (value[OPTION_END] && !timerange_moment("--end", value[OPTION_END], &range->end, error))
        return false;
    if (range->start.given && !value[OPTION_SAMPLES])
        timing->samples = 0;
    return true;
}

bool options_check_timing(struct options *options, struct error *error) {
    char *const *value = options->text->value;
    struct timing *timing = &options->timing;
    timing->follow = value[OPTION_FOLLOW];
    options->samples_given = value[OPTION_SAMPLES];
    options->interval_given = value[OPTION_INTERVAL];
    options->source.any_interval = !value[OPTION_INTERVAL];
    if (timing->follow && (value[OPTION_SAMPLES] || value[OPTION_END]))
        return error_set(error, ERROR_USAGE, "--follow has no end: leave out %s",
                         value[OPTION_SAMPLES] ? "--samples" : "--end");
    return options_parse_number("--samples", value[OPTION_SAMPLES], MAX_SAMPLES, &timing->samples,
                                error) &&
           options_parse_interval(value[OPTION_INTERVAL], timing, error) &&
           check_range(options, error);
}

static bool parse_duration(const char *option, const char *text, int64_t *seconds,
                           struct error *error) {
    struct timerange range = {0};
    if (!text)
        return true;
    if (!timerange_last(option, text, &range, error))
        return false;
    *seconds = -range.start.seconds;
    return true;
}

bool options_check_retention(struct options *options, struct error *error) {
    char *const *value = options->text->value;
    struct retention *retention = &options->retention;
    *retention = (struct retention){KEEP_SAMPLES_DAYS * DAY_SECONDS, KEEP_HOURS_DAYS * DAY_SECONDS};
    options->check = value[OPTION_CHECK];
    options->gaps = value[OPTION_GAPS];
    options->events = value[OPTION_EVENTS];
    if (options->gaps && options->events)
        return error_set(error, ERROR_USAGE, "--gaps and --events: give one of them");
    return parse_duration("--keep", value[OPTION_KEEP], &retention->samples_seconds, error) &&
           parse_duration("--keep-hours", value[OPTION_KEEP_HOURS], &retention->hours_seconds,
                          error);
}

/* Relative times are from the newest sample, which is not known here. */
bool options_check_moment(struct options *options, struct error *error) {
    const char *text = options->text->value[OPTION_AT];
    struct moment moment = {0};
    unsigned groups = options->given->spec->groups;
    bool compares = groups & OPTIONS_COMPARISON;
    options->source.at = groups & OPTIONS_MOMENT && !compares ? INT64_MAX : 0;
    if (!text)
        return true;
    if (!timerange_moment("--at", text, &moment, error))
        return false;
    options->source.at = moment.seconds;
    options->source.at_relative = moment.relative;
    if (compares)
        options->timing.range.end = moment;
    return true;
}
