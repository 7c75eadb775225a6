/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* glib reads RFC 3339; durations are numbers with a unit. */
#include "core/timerange.h"

#include <ctype.h>
#include <glib.h>
#include <string.h>

enum { MAX_SECONDS = 10 * 366 * 86400 };

static const struct {
    char letter;
    int64_t seconds;
} duration_units[] = {{'s', 1},     {'m', 60},     {'h', 3600},
                      {'d', 86400}, {'w', 604800}, {'y', 365 * 86400}};

/* Seconds of one unit; 0 for a letter that is none. */
static int64_t unit_seconds(char letter) {
    for (size_t i = 0; i < sizeof duration_units / sizeof *duration_units; i++)
        if (duration_units[i].letter == letter)
            return duration_units[i].seconds;
    return 0;
}

/* A sum such as 1d12h. */
static bool parse_duration(const char *text, int64_t *seconds) {
    *seconds = 0;
    do {
        char *end = NULL;
        gint64 number = isdigit((unsigned char)*text) ? g_ascii_strtoll(text, &end, 10) : -1;
        int64_t unit = end ? unit_seconds(*end) : 0;
        if (number < 0 || !unit || number > MAX_SECONDS / unit)
            return false;
        *seconds += number * unit;
        text = end + 1;
    } while (*text);
    return *seconds > 0 && *seconds <= MAX_SECONDS;
}

/* A date alone, such as 2026-11-21. */
static bool is_date(const char *text) {
    static const char form[] = "0000-00-00";
    size_t i = 0;
    while (form[i] && (form[i] == '-' ? text[i] == '-' : isdigit((unsigned char)text[i])))
        i++;
    return !form[i] && !text[i];
}

static bool parse_absolute(const char *text, int64_t *seconds) {
    char *midnight = is_date(text) ? g_strconcat(text, "T00:00:00Z", NULL) : NULL;
    GDateTime *time = g_date_time_new_from_iso8601(midnight ? midnight : text, NULL);
    g_free(midnight);
    if (!time)
        return false;
    *seconds = g_date_time_to_unix(time);
    g_date_time_unref(time);
    return true;
}

bool timerange_moment(const char *option, const char *text, struct moment *moment,
                      struct error *error) {
    *moment = (struct moment){.given = true};
    if (strcmp(text, "now") == 0) {
        moment->relative = true;
        return true;
    }
    if (*text == '-' && parse_duration(text + 1, &moment->seconds)) {
        moment->relative = true;
        moment->seconds = -moment->seconds;
        return true;
    }
    return parse_absolute(text, &moment->seconds) ||
           error_set(error, ERROR_USAGE,
                     "%s '%s': expected a time such as 2026-11-21T19:00:00Z (with Z or an offset), "
                     "a date (midnight UTC), now, or -2h",
                     option, text);
}

bool timerange_last(const char *option, const char *text, struct timerange *range,
                    struct error *error) {
    int64_t seconds = 0;
    if (!parse_duration(text, &seconds))
        return error_set(error, ERROR_USAGE, "%s '%s': expected a duration such as 1h, 90m or 7d",
                         option, text);
    range->start = (struct moment){.given = true, .relative = true, .seconds = -seconds};
    range->end = (struct moment){.given = true, .relative = true};
    return true;
}

bool timerange_given(const struct timerange *range) {
    return range->start.given || range->end.given;
}

bool timerange_is_within(const struct timerange *range, int64_t seconds) {
    bool end_is_relative = !range->end.given || range->end.relative;
    return range->start.given && range->start.relative == end_is_relative &&
           timerange_resolve(&range->end, 0) - timerange_resolve(&range->start, 0) < seconds;
}

int64_t timerange_resolve(const struct moment *moment, int64_t now) {
    return moment->relative ? now + moment->seconds : moment->seconds;
}
