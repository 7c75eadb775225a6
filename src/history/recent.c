/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/recent.h"

#include <stdlib.h>

#include "core/known.h"
#include "history/rollup.h"

static void read_series(struct recent *recent, struct database *database, struct error *error) {
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    sqlite3_stmt *row = database_query(database, error,
                                       "SELECT s.id FROM entity e JOIN series s ON s.entity = e.id "
                                       "WHERE e.chunk = ? ORDER BY s.id",
                                       "i", recent->chunk);
    while (database_next(database, row, error)) {
        int64_t id = sqlite3_column_int64(row, 0);
        g_array_append_val(ids, id);
    }
    collected_init(&recent->collected, (const int64_t *)(const void *)ids->data, ids->len);
    recent->collected.after = recent->after;
    g_array_free(ids, TRUE);
}

/* Samples in damaged bytes are lost: they may be taken again. */
static void read_samples(struct recent *recent, struct database *database, sqlite3_stmt *row,
                         struct error *error) {
    while (database_next(database, row, error)) {
        struct error damaged = {0};
        (void)!collected_add(&recent->collected, sqlite3_column_blob(row, 0),
                             (size_t)sqlite3_column_bytes(row, 0), &damaged);
    }
}

static void read_rows(struct recent *recent, struct database *database, struct error *error) {
    int64_t hour = rollup_hour(recent->after + 1);
    recent->collected.room = block_room_new();
    read_samples(recent, database,
                 database_query(database, error,
                                "SELECT b.data FROM entity e JOIN block b ON b.entity = e.id AND "
                                "b.hour >= ?2 WHERE e.chunk = ?1",
                                "ii", recent->chunk, hour),
                 error);
    read_samples(recent, database,
                 database_query(database, error,
                                "SELECT data FROM round WHERE chunk = ? AND hour >= ? AND "
                                "newest > ? ORDER BY id",
                                "iii", recent->chunk, hour, recent->after),
                 error);
    collected_sort(&recent->collected);
    block_room_free(recent->collected.room);
    recent->collected.room = NULL;
}

bool recent_load(struct recent *recent, struct database *database, const struct kept_entity *entity,
                 int64_t after, struct error *error) {
    struct error failed = {0};
    if (recent->chunk == entity->chunk && recent->after <= after)
        return true;
    recent_done(recent);
    recent->chunk = entity->chunk;
    recent->after = after;
    read_series(recent, database, &failed);
    read_rows(recent, database, &failed);
    if (failed.kind == ERROR_NONE)
        return true;
    recent_done(recent);
    return error_set(error, failed.kind, "%s", failed.message);
}

/* begin <= time < end */
struct stretch {
    int64_t begin, end;
};

static int compare_times(const void *key, const void *element) {
    const struct stretch *stretch = key;
    int64_t time = ((const struct sample *)element)->time;
    return (stretch->begin > time) - (stretch->end <= time);
}

static bool holds(const struct collected_series *found, int64_t time, int64_t length) {
    const struct stretch stretch = {time, time + length};
    return found && found->count &&
           bsearch(&stretch, found->samples, found->count, sizeof *found->samples, compare_times);
}

bool recent_has(const struct recent *recent, const struct kept_series *series, int64_t time) {
    return recent->chunk && holds(collected_find(&recent->collected, series->id), time, 1);
}

/* Its samples with the interval of the mark; NULL when there are none. */
static const struct collected_series *
find(const struct recent *recent, const struct kept_series *series, const struct mark *mark) {
    const struct collected_series *found = collected_find(&recent->collected, series->id);
    return found && found->count && series->interval == mark->interval ? found : NULL;
}

/* A mark has all times before the first one, of which there are no samples. */
static int64_t oldest_sample(const struct recent *recent, const struct kept_entity *entity,
                             const struct mark *mark) {
    int64_t oldest = INT64_MAX;
    for (const struct kept_series *series = entity->series; series; series = series->hh.next) {
        const struct collected_series *found = find(recent, series, mark);
        if (found && found->samples[0].time < oldest)
            oldest = found->samples[0].time;
    }
    return oldest;
}

bool recent_lack(const struct recent *recent, const struct kept_entity *entity,
                 const struct mark *mark, int64_t *time) {
    int64_t newest = mark_after(mark), step = mark->interval;
    int64_t first = oldest_sample(recent, entity, mark), lack = newest + 1;
    int64_t forgotten = newest - (int64_t)KNOWN_TIMES * step;
    for (const struct kept_series *series = entity->series; series; series = series->hh.next) {
        const struct collected_series *found = find(recent, series, mark);
        for (int64_t at = newest; found && at + step > first && at > forgotten; at -= step)
            if (at < lack && mark_has(mark, at) && !holds(found, at, step))
                lack = at;
    }
    *time = lack;
    return lack <= newest;
}

void recent_done(struct recent *recent) {
    collected_done(&recent->collected);
    *recent = (struct recent){0};
}
