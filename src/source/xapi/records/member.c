/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/xapi/records/member.h"

#include <glib.h>
#include <math.h>
#include <string.h>

const char *member_text(const json_t *record, const char *name) {
    const char *text = json_string_value(json_object_get(record, name));
    return text && *text && strcmp(text, "OpaqueRef:NULL") != 0 ? text : NULL;
}

static double number_of(const char *text) {
    char *end = NULL;
    double value = text ? g_ascii_strtod(text, &end) : (double)NAN;
    return text && end != text && isfinite(value) ? value : (double)NAN;
}

/* boot_time is "1630403754." */
double member_number(const json_t *record, const char *name) {
    const json_t *value = json_object_get(record, name);
    if (json_is_number(value))
        return json_number_value(value);
    return number_of(json_string_value(value));
}

int64_t member_whole(const json_t *record, const char *name, int64_t most) {
    double value = member_number(record, name);
    return value >= 0 && value <= (double)most ? (int64_t)value : 0;
}

bool member_flag(const json_t *record, const char *name) {
    const json_t *value = json_object_get(record, name);
    const char *text = json_string_value(value);
    return json_is_true(value) || (text && (strcmp(text, "true") == 0 || strcmp(text, "1") == 0));
}

double member_time(const json_t *record, const char *name) {
    const char *text = member_text(record, name);
    GTimeZone *utc = g_time_zone_new_utc();
    GDateTime *time = text ? g_date_time_new_from_iso8601(text, utc) : NULL;
    gint64 seconds = time ? g_date_time_to_unix(time) : 0;
    if (time)
        g_date_time_unref(time);
    g_time_zone_unref(utc);
    return seconds > 0 ? (double)seconds : (double)NAN;
}
