/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/history/forward.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"

/* A stretch is made for about so many samples. */
enum { STRETCH_SAMPLES = 2 * 1024 * 1024, FIRST_SECONDS = 600, LEAST_SECONDS = 60, WIDER = 4 };

static const int64_t longest_seconds = INT64_C(1) << 32;

bool forward_begin(struct history *history, struct error *error) {
    const char *position = history->options.resume->position;
    position_init(&history->position, INT64_MIN);
    history->stretch = FIRST_SECONDS;
    if (!position || position_read(&history->position, position))
        return true;
    return error_set(error, ERROR_USAGE,
                     "'%s': what --resume has kept cannot be read: remove its file to begin anew",
                     history->label);
}

bool forward_renew_times(const struct reader *reader, struct error *error) {
    struct error failed = {0};
    GHashTable *entities = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (size_t i = 0; i < reader->count; i++)
        g_hash_table_insert(entities, &reader->entities[i]->id, reader->entities[i]);
    sqlite3_stmt *row = database_query(
        reader->database, &failed,
        "SELECT entity, max((newest + 1) * interval - 1) FROM mark GROUP BY entity", "");
    while (database_next(reader->database, row, &failed)) {
        int64_t id = sqlite3_column_int64(row, 0);
        struct reader_entity *entity = g_hash_table_lookup(entities, &id);
        if (entity)
            entity->newest = sqlite3_column_int64(row, 1);
    }
    g_hash_table_destroy(entities);
    return failed.kind == ERROR_NONE || error_set(error, failed.kind, "%s", failed.message);
}

/* Counts what a stretch gives. */
struct counted {
    const struct source_events *events;
    size_t samples;
};

static bool on_series(void *context, const struct series *series, struct error *error) {
    struct counted *counted = context;
    counted->samples += series->count;
    return counted->events->series(counted->events->context, series, error);
}

static bool is_chosen(const struct visit *visit, const struct reader_entity *entity) {
    return selection_has_entity(visit->selection, reader_present(entity));
}

/* The earliest time that something is behind; false when nothing is. */
static bool find_begin(const struct visit *visit, int64_t *begin) {
    const struct history *history = visit->history;
    bool found = false;
    for (size_t i = 0; i < history->reader->count; i++) {
        const struct reader_entity *entity = history->reader->entities[i];
        int64_t time = position_time(&history->position, entity->id);
        if (!is_chosen(visit, entity) || entity->newest <= time)
            continue;
        *begin = found ? MIN(*begin, time) : time;
        found = true;
    }
    return found;
}

static bool give_stretch(struct visit *visit, int64_t until, struct error *error) {
    struct history *history = visit->history;
    for (size_t i = 0; i < history->reader->count; i++) {
        struct reader_entity *entity = history->reader->entities[i];
        int64_t after = position_time(&history->position, entity->id);
        int64_t end = MIN(until, entity->newest);
        if (!is_chosen(visit, entity) || end <= after)
            continue;
        if (!reader_load(history->reader, entity, error) ||
            !visit_span(visit, entity, after, end, error))
            return false;
        position_move(&history->position, entity->id, end);
    }
    return true;
}

static void resize(struct history *history, size_t samples) {
    int64_t fit = samples ? (int64_t)((double)history->stretch * STRETCH_SAMPLES / (double)samples)
                          : longest_seconds;
    history->stretch = CLAMP(fit, LEAST_SECONDS, MIN(history->stretch * WIDER, longest_seconds));
}

static bool catch_up(struct visit *visit, struct error *error) {
    struct history *history = visit->history;
    struct counted counted = {visit->events, 0};
    struct source_events events = *visit->events;
    struct visit counting = *visit;
    int64_t begin = 0, last = 0;
    events.series = on_series;
    events.context = &counted;
    counting.events = &events;
    if (!reader_last_round(history->reader, &last, error))
        return false;
    bool behind = find_begin(visit, &begin);
    int64_t until =
        behind && begin < INT64_MAX - history->stretch ? begin + history->stretch : INT64_MAX;
    if (behind && !give_stretch(&counting, until, error))
        return false;
    resize(history, counted.samples);
    history->hurries = find_begin(visit, &begin);
    if (!history->hurries)
        history->position.round = last;
    return true;
}

/* All rounds behind the position are still there. */
static bool is_whole(struct history *history, bool *whole, struct error *error) {
    char sql[96];
    int64_t last = 0, count = 0, round = history->position.round;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM round WHERE id > %" PRId64, round);
    if (!reader_last_round(history->reader, &last, error) ||
        !database_number(history->reader->database, sql, &count, 0, error))
        return false;
    *whole = round > 0 && count == last - round;
    return true;
}

static bool read_tail(struct visit *visit, struct error *error) {
    struct history *history = visit->history;
    bool whole = true;
    if (!visit_tail(visit, &history->position.round, &whole, error))
        return false;
    for (size_t i = 0; i < history->reader->count; i++) {
        const struct reader_entity *entity = history->reader->entities[i];
        if (is_chosen(visit, entity) && entity->newest != INT64_MIN)
            position_move(&history->position, entity->id, entity->newest);
    }
    return true;
}

static void tell_position(const struct history *history) {
    const struct source_resume *resume = history->options.resume;
    char *text = position_text(&history->position);
    resume->moved(resume->context, text);
    free(text);
}

/* The first time, from the beginning of the window on. */
static void begin_at_window(struct visit *visit) {
    struct position *position = &visit->history->position;
    if (position->begin == INT64_MIN)
        position->begin = visit->window->after;
}

bool forward_round(struct visit *visit, struct error *error) {
    struct history *history = visit->history;
    const struct source_resume *resume = history->options.resume;
    int64_t before = history->position.round;
    bool whole = false;
    history->hurries = false;
    if (!resume->ready(resume->context)) {
        visit->events->idle(visit->events->context);
        return true;
    }
    begin_at_window(visit);
    if (!forward_renew_times(history->reader, error) || !is_whole(history, &whole, error) ||
        !(whole ? read_tail(visit, error) : catch_up(visit, error)))
        return false;
    if (whole && history->position.round == before)
        visit->events->idle(visit->events->context);
    else
        tell_position(history);
    return true;
}
