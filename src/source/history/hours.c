/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/history/hours.h"

#include "core/value.h"
#include "history/rollup.h"

bool hours_find(struct visit *visit, bool recorded, struct error *error) {
    const struct source_options *options = &visit->history->options;
    const struct window *window = visit->window;
    bool endless = window->fresh_only && !window->until;
    visit->hours_until = INT64_MIN;
    if (endless ? options->any_interval || options->resume
                : options->any_interval && window->newest)
        return true;
    if (!options->any_interval) {
        bool alone = window->interval == HOURLY_INTERVAL && !recorded;
        visit->hours_until = alone ? INT64_MAX : INT64_MIN;
        return true;
    }
    return !options->hours ||
           hourly_begin(visit->history->reader->database, &visit->hours_until, error);
}

/* Of the window, what is before the samples that are kept. */
static bool find_lost(const struct visit *visit, int64_t *first, int64_t *end,
                      struct error *error) {
    const struct window *window = visit->window;
    struct database *database = visit->history->reader->database;
    int64_t hour = INT64_MIN;
    if (!hourly_begin(database, end, error))
        return false;
    if (*end == INT64_MIN || window->after >= *end)
        return true;
    if (!database_number(database, "SELECT min(hour) FROM rollup", &hour, INT64_MAX, error))
        return false;
    *end = window->until ? MIN(*end, window->until) : *end;
    *first = hour < *end / HOURLY_INTERVAL ? MAX(hour * HOURLY_INTERVAL, window->after) : *end;
    return true;
}

bool hours_tell(const struct visit *visit, struct error *error) {
    struct history *history = visit->history;
    const struct source_options *options = &history->options;
    char first_text[TIME_TEXT_SIZE], end_text[TIME_TEXT_SIZE];
    int64_t first = INT64_MAX, end = INT64_MIN;
    if (history->told_hours || visit->hours_until != INT64_MIN || options->hours ||
        options->resume || !window_bounded(visit->window) || visit->window->newest ||
        visit->window->interval == HOURLY_INTERVAL)
        return true;
    history->told_hours = true;
    if (!find_lost(visit, &first, &end, error))
        return false;
    if (first >= end)
        return true;
    time_text(first_text, first);
    time_text(end_text, end);
    report(options->reporter, REPORT_WARNING,
           "%s: of %s to %s, hours are kept and samples no longer are: --interval 3600 gives them",
           history->label, first_text, end_text);
    return true;
}

int64_t hours_newest(const struct visit *visit, const struct reader_entity *entity) {
    int64_t newest = entity->newest;
    if (newest == INT64_MIN || newest > visit->hours_until)
        return newest;
    newest = MIN(newest, INT64_MAX - HOURLY_INTERVAL); /* of a damaged file, it may be any number */
    return (rollup_hour(newest) + 1) * HOURLY_INTERVAL;
}

void hours_split(const struct visit *visit, struct parts_entity *span, struct parts_entity *rest) {
    *rest = *span;
    span->hours = span->after < visit->hours_until;
    if (!span->hours || span->until <= visit->hours_until) {
        rest->entity = NULL;
        return;
    }
    rest->after = span->until = visit->hours_until;
    rest->hours = false;
}

bool hours_want(const void *visit, const struct reader_series *series) {
    return parts_wants(visit, series);
}

bool hours_count(const struct visit *visit, const struct parts_entity *span, int64_t *samples,
                 struct error *error) {
    int64_t series = 0;
    if (!hourly_count(visit->history->reader, span->after, span->until, samples, error))
        return false;
    for (size_t i = 0; i < span->entity->count; i++)
        series += parts_wants(visit, &span->entity->series[i]);
    *samples *= series;
    return true;
}
