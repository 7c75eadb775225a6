/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/history/visit.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/memory.h"
#include "source/history/forward.h"
#include "source/history/hours.h"
#include "source/history/hours_follow.h"
#include "source/history/parts.h"

enum {
    SPARE_INTERVALS = 2,
    OLD_INTERVALS = 4,
    WIDER = 8,
    GONE_SECONDS = 3600,
};

static void report_offered(const struct visit *visit, struct reader_entity *entity) {
    GHashTable *told = g_hash_table_new(NULL, NULL);
    for (size_t i = 0; i < entity->count; i++) {
        const struct reader_series *series = &entity->series[entity->order[i]];
        if (parts_wants(visit, series) && g_hash_table_add(told, (gpointer)series->counter))
            visit->events->offered(visit->events->context, reader_present(entity), series->counter);
    }
    g_hash_table_destroy(told);
}

static int32_t interval_of(const struct collected *collected, const struct reader_series *series) {
    return collected->interval ? collected->interval : series->interval;
}

/* Samples of what was collected, from one on. */
static void put_samples(struct series *part, const struct collected_series *from, size_t begin) {
    if (!from->times)
        part->samples = from->samples + begin;
    else
        part->columns = (struct series_columns){
            .times = from->times->times + begin,
            .values = from->values + (from->same ? 0 : begin),
            .same = from->same,
        };
}

/* The samples of a series from *at on, while its entity is so; *at moves behind them. */
static struct series take_part(const struct entity *context, int64_t until,
                               const struct reader_series *series, int32_t interval,
                               const struct collected_series *from, size_t *at) {
    size_t begin = *at;
    if (from->count && collected_time(from, from->count - 1) <= until)
        *at = from->count;
    while (*at < from->count && collected_time(from, *at) <= until)
        ++*at;
    struct series part = {
        .entity = context,
        .counter = series->counter,
        .instance = series->instance,
        .interval = interval,
        .continues = series->given,
        .count = *at - begin,
    };
    if (part.count)
        put_samples(&part, from, begin);
    return part;
}

static bool is_same_but_state(const struct entity *left, const struct entity *right) {
    struct entity other = *right;
    other.state = left->state;
    return entity_equal(left, &other);
}

/* Until when the entity stays as it is in this context. */
static int64_t context_end(const struct reader_entity *entity, size_t *index) {
    const struct reader_context *contexts = entity->contexts;
    size_t begin = *index;
    while (++*index < entity->context_count)
        if (!is_same_but_state(contexts[begin].entity, contexts[*index].entity))
            return contexts[*index].since;
    return INT64_MAX;
}

/* What was collected of the entity: context by context, series by series. */
static bool give(const struct visit *visit, struct reader_entity *entity,
                 const struct collected *collected, struct error *error) {
    size_t *at = memory_array(collected->count + 1, sizeof *at);
    bool good = true;
    for (size_t context = 0; good && context < entity->context_count;) {
        const struct entity *described = entity->contexts[context].entity;
        int64_t until = context_end(entity, &context);
        for (size_t i = 0; good && i < entity->count; i++) {
            struct reader_series *series = &entity->series[entity->order[i]];
            const struct collected_series *from = collected_find(collected, series->id);
            if (!from)
                continue;
            const struct series part =
                take_part(described, until, series, interval_of(collected, series), from,
                          &at[from - collected->series]);
            series->given = series->given || part.count;
            good = !part.count || visit->events->series(visit->events->context, &part, error);
        }
    }
    free(at);
    return good;
}

/* Entities that are still to be given. */
struct pending {
    const struct visit *visit;
    size_t next;
    struct parts_entity one;          /* or this one alone */
    struct parts_entity rest;         /* what of the last one is not given as hours */
    const struct reader_entity *told; /* what it offers */
};

static bool take_one(void *context, struct parts_entity *entity, struct error *error) {
    struct pending *pending = context;
    (void)error;
    *entity = pending->one;
    pending->one.entity = NULL;
    return entity->entity;
}

static void on_begin(void *context, struct reader_entity *entity) {
    struct pending *pending = context;
    for (size_t i = 0; i < entity->count; i++)
        entity->series[i].given = false;
    if (pending->told != entity)
        report_offered(pending->visit, entity);
    pending->told = entity;
}

static void ignore_begin(void *context, struct reader_entity *entity) {
    (void)context, (void)entity;
}

static bool give_part(void *context, struct reader_entity *entity,
                      const struct collected *collected, struct error *error) {
    const struct pending *pending = context;
    return give(pending->visit, entity, collected, error);
}

bool visit_span(const struct visit *visit, struct reader_entity *entity, int64_t after,
                int64_t until, struct error *error) {
    struct pending pending = {.visit = visit, .one = {entity, after, until, false}};
    const struct parts_source source = {&pending, take_one, ignore_begin, give_part};
    return parts_run(visit, &source, error);
}

bool visit_hours(const struct visit *visit, struct reader_entity *entity, int64_t after,
                 int64_t until, struct error *error) {
    struct pending pending = {.visit = visit, .one = {entity, after, until, true}};
    const struct parts_source source = {&pending, take_one, on_begin, give_part};
    return parts_run(visit, &source, error);
}

/* The newest time of the series with this interval; 0: of all. */
static int64_t newest_of(const struct reader_entity *entity, const struct collected *collected,
                         int32_t interval) {
    int64_t newest = INT64_MIN;
    for (size_t i = 0, k = 0; k < collected->count; k++) {
        while (entity->series[i].id != collected->series[k].id)
            i++;
        const struct collected_series *series = &collected->series[k];
        if ((!interval || interval_of(collected, &entity->series[i]) == interval) && series->count)
            newest = MAX(newest, series->samples[series->count - 1].time);
    }
    return newest;
}

static void drop_until(struct collected_series *series, int64_t time) {
    size_t begin = 0;
    while (begin < series->count && series->samples[begin].time <= time)
        begin++;
    for (size_t i = begin; i < series->count; i++)
        series->samples[i - begin] = series->samples[i];
    series->count -= begin;
}

/*
 * Leaves of each series the newest few, counted in intervals; false when there is none at all. What
 * filled a gap long ago is not the newest.
 */
static bool keep_newest(const struct visit *visit, const struct reader_entity *entity,
                        struct collected *collected) {
    int32_t interval = 0;
    int64_t newest = INT64_MIN, present = newest_of(entity, collected, 0);
    bool any = false;
    for (size_t i = 0, k = 0; k < collected->count; k++) {
        while (entity->series[i].id != collected->series[k].id)
            i++;
        if (interval_of(collected, &entity->series[i]) != interval) {
            interval = interval_of(collected, &entity->series[i]);
            newest = newest_of(entity, collected, interval);
        }
        if (newest == INT64_MIN)
            continue;
        if (newest <= present - (int64_t)OLD_INTERVALS * interval) {
            collected->series[k].count = 0;
            continue;
        }
        any = true;
        drop_until(&collected->series[k], newest - (int64_t)visit->window->newest * interval);
    }
    return any;
}

static int32_t longest_interval(const struct visit *visit, const struct reader_entity *entity) {
    int32_t longest = hours_alone(visit) ? HOURLY_INTERVAL : 1;
    for (size_t i = 0; i < entity->count; i++)
        if (parts_wants(visit, &entity->series[i]))
            longest = MAX(longest, entity->series[i].interval);
    return longest;
}

/* Looks back as far as the newest few samples need, at first. */
static bool give_newest(const struct visit *visit, struct reader_entity *entity, int64_t after,
                        int64_t until, struct error *error) {
    int64_t width =
        ((int64_t)visit->window->newest + SPARE_INTERVALS) * longest_interval(visit, entity);
    bool hours = hours_alone(visit);
    int64_t end = MIN(until, hours_newest(visit, entity));
    for (bool found = false, good = true; good; width *= WIDER) {
        struct collected collected;
        parts_choose(visit, entity, hours, &collected);
        collected.after = MAX(after, end - width);
        collected.until = end;
        good =
            (hours ? hourly_read : reader_read)(visit->history->reader, entity, &collected, error);
        found = good && keep_newest(visit, entity, &collected);
        bool last = found || !good || collected.after == after;
        if (found)
            good = give(visit, entity, &collected, error);
        collected_done(&collected);
        if (last)
            return good;
    }
    return false;
}

/* Without a window, what is there now: as a live target has it. */
static bool is_there(const struct visit *visit, const struct reader_entity *entity) {
    return window_bounded(visit->window) || visit->window->fresh_only ||
           entity->newest > visit->history->reader->newest - GONE_SECONDS;
}

/* The stretch of time that is asked of the entity, which gets loaded; false when it has none. */
static bool find_span(const struct visit *visit, struct parts_entity *span, struct error *error) {
    const struct window *window = visit->window;
    const struct reader_entity *entity = span->entity;
    int64_t newest = entity->newest;
    if (newest == INT64_MIN)
        return false;
    span->after = window_bounded(window) ? window->after : newest - GONE_SECONDS;
    newest = hours_newest(visit, entity);
    newest = window->until ? MAX(newest, visit->history->reader->ahead) : newest;
    span->until = MIN(window->until ? window->until : newest, newest);
    return newest > span->after && is_there(visit, entity) &&
           reader_load(visit->history->reader, span->entity, error);
}

static bool take_next(void *context, struct parts_entity *span, struct error *error) {
    struct pending *pending = context;
    const struct visit *visit = pending->visit;
    const struct reader *reader = visit->history->reader;
    if (pending->rest.entity) {
        *span = pending->rest;
        pending->rest.entity = NULL;
        return true;
    }
    while (pending->next < reader->count && error->kind == ERROR_NONE) {
        visit->events->progress(visit->events->context, (int)pending->next, (int)reader->count);
        span->entity = reader->entities[pending->next++];
        if (selection_has_entity(visit->selection, reader_present(span->entity)) &&
            find_span(visit, span, error)) {
            hours_split(visit, span, &pending->rest);
            return true;
        }
    }
    span->entity = NULL;
    return false;
}

static bool give_all_newest(struct pending *pending, struct error *error) {
    struct parts_entity span = {.entity = NULL};
    while (take_next(pending, &span, error)) {
        on_begin(pending, span.entity);
        if (!give_newest(pending->visit, span.entity, span.after, span.until, error))
            return false;
    }
    return error->kind == ERROR_NONE;
}

static bool give_all(const struct visit *visit, struct error *error) {
    struct pending pending = {.visit = visit};
    const struct parts_source source = {&pending, take_next, on_begin, give_part};
    return visit->window->newest ? give_all_newest(&pending, error)
                                 : parts_run(visit, &source, error);
}

/* What came in after the last round, in the order in which it came. */
static bool on_tail(void *context, int64_t chunk, struct collected *all, struct error *error) {
    const struct visit *visit = context;
    const struct reader *reader = visit->history->reader;
    bool good = true;
    for (size_t i = 0; good && i < reader->count; i++) {
        struct reader_entity *entity = reader->entities[i];
        if (entity->chunk != chunk ||
            !selection_has_entity(visit->selection, reader_present(entity)))
            continue;
        if (!reader_load(visit->history->reader, entity, error))
            return false;
        struct collected mine;
        parts_choose(visit, entity, false, &mine);
        mine.after = visit->history->options.resume ? INT64_MIN : visit->window->after;
        for (size_t k = 0; k < mine.count; k++) {
            const struct collected_series *from = collected_find(all, mine.series[k].id);
            if (from)
                collected_append(&mine, &mine.series[k], from->samples, from->count);
        }
        good = give(visit, entity, &mine, error);
        collected_done(&mine);
    }
    return good;
}

bool visit_tail(const struct visit *visit, int64_t *last, bool *whole, struct error *error) {
    const struct reader_tail order = {(void *)visit, on_tail};
    return reader_read_tail(visit->history->reader, &order, last, whole, error);
}

static bool tail(struct visit *visit, struct error *error) {
    struct history *history = visit->history;
    int64_t before = history->last_round;
    if (history->tailing) {
        bool whole = true;
        if (!visit_tail(visit, &history->last_round, &whole, error))
            return false;
        if (!whole)
            visit->events->missing(visit->events->context, NULL,
                                   "rounds were folded before they could be read");
        if (history->last_round == before)
            visit->events->idle(visit->events->context);
        return true;
    }
    if (!reader_last_round(history->reader, &history->last_round, error) || !give_all(visit, error))
        return false;
    history->tailing = true;
    return true;
}

static void on_damage(void *context, const struct reader_entity *entity, const char *text) {
    const struct visit *visit = context;
    visit->events->missing(visit->events->context, entity ? reader_present(entity) : NULL, text);
}

static void report_faults(const struct visit *visit) {
    int64_t faults = visit->history->reader->faults;
    if (!faults)
        return;
    char *text = memory_printf("'%s' is damaged: samples are lost with %" PRId64
                               " descriptions of what they are of",
                               visit->history->label, faults);
    visit->events->missing(visit->events->context, NULL, text);
    free(text);
}

/* The intervals of all series, with commas between them; the caller frees it. */
static GString *list_intervals(const struct visit *visit, bool *found, struct error *error) {
    struct database *database = visit->history->reader->database;
    GString *list = g_string_new(NULL);
    sqlite3_stmt *row = database_query(
        database, error, "SELECT DISTINCT interval FROM series ORDER BY interval", "");
    while (database_next(database, row, error)) {
        int interval = sqlite3_column_int(row, 0);
        *found = *found || interval == visit->window->interval;
        g_string_append_printf(list, "%s%d", list->len ? ", " : "", interval);
    }
    return list;
}

/* One that is empty may get samples of any interval; every history has hours. */
static bool check_interval(struct visit *visit, struct error *error) {
    struct history *history = visit->history;
    if (history->options.any_interval || history->checked)
        return hours_find(visit, history->checked, error);
    struct error failed = {0};
    GString *list = list_intervals(visit, &history->checked, &failed);
    bool good = hours_find(visit, history->checked, &failed) &&
                (history->checked || hours_alone(visit) || !list->len);
    if (failed.kind != ERROR_NONE)
        good = error_set(error, failed.kind, "%s", failed.message);
    else if (!good)
        error_set(error, ERROR_UNAVAILABLE,
                  "%s: the history keeps no samples of %d s: give another --interval "
                  "(%s)%s",
                  history->label, visit->window->interval, list->str,
                  history->options.resume ? "" : ", or 3600 for hours");
    g_string_free(list, TRUE);
    return good;
}

static bool run(struct visit *visit, struct error *error) {
    if (!check_interval(visit, error) || !hours_tell(visit, error))
        return false;
    bool endless = visit->window->fresh_only && !visit->window->until;
    bool forwards = endless && visit->history->options.resume;
    bool hours = endless && hours_alone(visit);
    bool good = forwards  ? forward_round(visit, error)
                : hours   ? hours_follow(visit, error)
                : endless ? tail(visit, error)
                          : give_all(visit, error);
    report_faults(visit);
    return good;
}

bool visit_run(struct visit *visit, struct error *error) {
    struct reader *reader = visit->history->reader;
    if (!reader_begin(reader, error))
        return false;
    reader->damaged = on_damage;
    reader->context = visit;
    bool good = run(visit, error);
    reader->damaged = NULL;
    reader_end(reader);
    return good;
}
