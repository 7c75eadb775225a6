/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/fills.h"

#include <stdlib.h>

#include "history/collected.h"

/* Real-time samples of the last hour may still come. */
enum { SETTLED_SECONDS = 3600 };

/* A row of the table. */
struct gap {
    int64_t id;
    int64_t interval;
    int64_t after, until;
};

/* Those that may be filled now: g is the gap. */
#define FILLABLE                                                                                   \
    "g.archive AND g.until <= (SELECT m.newest * m.interval FROM mark m WHERE m.entity = "         \
    "g.entity AND m.interval = g.interval) - ?1"

static bool fail_as(const struct error *failed, struct error *error) {
    return failed->kind == ERROR_NONE || error_set(error, failed->kind, "%s", failed->message);
}

bool fills_find(struct database *database, const struct kept_target *target, struct window *window,
                struct error *error) {
    struct error failed = {0};
    bool found = false;
    sqlite3_stmt *row =
        database_query(database, &failed,
                       "SELECT min(g.after), max(g.until) FROM gap g JOIN entity e ON e.id = "
                       "g.entity WHERE e.target = ?2 AND " FILLABLE,
                       "ii", (int64_t)SETTLED_SECONDS, target->id);
    if (database_next(database, row, &failed)) {
        found = sqlite3_column_type(row, 0) != SQLITE_NULL;
        *window = (struct window){.after = sqlite3_column_int64(row, 0),
                                  .until = sqlite3_column_int64(row, 1),
                                  .interval = FILLS_INTERVAL};
        sqlite3_reset(row);
    }
    return fail_as(&failed, error) && found;
}

GArray *fills_load(struct database *database, const struct kept_entity *entity,
                   struct error *error) {
    GArray *gaps = g_array_new(FALSE, FALSE, sizeof(struct gap));
    sqlite3_stmt *row = database_query(
        database, error,
        "SELECT g.id, g.interval, g.after, g.until FROM gap g WHERE g.entity = ?2 AND " FILLABLE,
        "ii", (int64_t)SETTLED_SECONDS, entity->id);
    while (database_next(database, row, error)) {
        struct gap gap = {sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1),
                          sqlite3_column_int64(row, 2), sqlite3_column_int64(row, 3)};
        g_array_append_val(gaps, gap);
    }
    return gaps;
}

static bool lies_in(const struct gap *gap, int64_t after, int64_t until) {
    return after >= gap->after && until <= gap->until;
}

bool fills_has(const GArray *gaps, int64_t time, int32_t interval) {
    for (guint i = 0; i < gaps->len; i++) {
        const struct gap *gap = &g_array_index(gaps, struct gap, i);
        if (gap->interval < interval && lies_in(gap, time - interval, time))
            return true;
    }
    return false;
}

/* What all pending samples that fill gaps cover, in stretches: of each, the interval is its length.
 */
static GArray *stretches_of(const struct kept_entity *entity) {
    GArray *times = g_array_new(FALSE, FALSE, sizeof(struct sample));
    for (guint i = 0; i < entity->pending->len; i++) {
        const struct kept_series *series = g_ptr_array_index(entity->pending, i);
        for (size_t k = 0; series->fills && k < series->count; k++) {
            struct sample one = {series->samples[k].time, series->interval};
            g_array_append_val(times, one);
        }
    }
    struct sample *all = (struct sample *)(void *)times->data;
    g_array_set_size(times, (guint)samples_sort(all, times->len));
    guint count = 0;
    for (guint i = 0; i < times->len; i++) {
        if (count && all[i].time - all[i].value <= all[count - 1].time) {
            all[count - 1].value += all[i].time - all[count - 1].time;
            all[count - 1].time = all[i].time;
        } else {
            all[count++] = all[i];
        }
    }
    g_array_set_size(times, count);
    return times;
}

/* The gap becomes one before the stretch and one behind it. */
static bool cut(struct database *database, struct gap *gap, int64_t after, int64_t until,
                struct error *error) {
    static const char copy[] = "INSERT INTO gap (entity, interval, after, until, reason, archive) "
                               "SELECT entity, interval, after, ?2, reason, archive FROM gap WHERE "
                               "id = ?1 AND after < ?2";
    bool good = database_run(database, error, copy, "ii", gap->id, after) &&
                database_run(database, error, "UPDATE gap SET after = ?2 WHERE id = ?1", "ii",
                             gap->id, until) &&
                database_run(database, error, "DELETE FROM gap WHERE id = ? AND after >= until",
                             "i", gap->id);
    gap->after = until;
    return good;
}

bool fills_write(struct database *database, const struct kept_entity *entity, struct error *error) {
    if (!entity->gaps)
        return true;
    struct error failed = {0};
    GArray *gaps = fills_load(database, entity, &failed), *stretches = stretches_of(entity);
    bool good = fail_as(&failed, error);
    for (guint i = 0; good && i < stretches->len; i++) {
        const struct sample *stretch = &g_array_index(stretches, struct sample, i);
        for (guint k = 0; good && k < gaps->len; k++) {
            struct gap *gap = &g_array_index(gaps, struct gap, k);
            int64_t after = MAX(gap->after, stretch->time - stretch->value);
            int64_t until = MIN(gap->until, stretch->time);
            good = after >= until || cut(database, gap, after, until, error);
        }
    }
    g_array_free(stretches, TRUE);
    g_array_free(gaps, TRUE);
    return good;
}

bool fills_settle(struct database *database, const struct kept_target *target, int64_t until,
                  struct error *error) {
    return database_run(database, error,
                        "UPDATE gap SET archive = NULL WHERE archive AND until <= ? AND entity IN "
                        "(SELECT id FROM entity WHERE target = ?)",
                        "ii", until, target->id);
}
