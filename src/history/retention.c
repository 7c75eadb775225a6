/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/retention.h"

#include "core/clock.h"

enum { HOUR_SECONDS = 3600, PART_ROWS = 1024, PART_HOURS = 20000, SPARE_PAGES = 256 };

/* What a statement deletes; *more becomes true when it has stopped at its limit. */
static bool drop_rows(struct database *database, const char *sql, int64_t hour, int64_t limit,
                      bool *more, struct error *error) {
    int64_t count = 0;
    bool good = database_run(database, error, sql, "ii", hour, limit) &&
                database_number(database, "SELECT changes()", &count, 0, error);
    *more = *more || count == limit;
    return good;
}

static bool drop_samples(struct database *database, int64_t hour, bool *more, struct error *error) {
    return database_run(database, error,
                        "INSERT INTO dropped VALUES (1, ?) ON CONFLICT DO UPDATE SET hour = "
                        "max(hour, excluded.hour)",
                        "i", hour) &&
           drop_rows(database,
                     "DELETE FROM block WHERE id IN (SELECT b.id FROM entity e CROSS JOIN block b "
                     "ON b.entity = e.id AND b.hour < ? LIMIT ?)",
                     hour, PART_ROWS, more, error) &&
           drop_rows(database,
                     "DELETE FROM round WHERE id IN (SELECT id FROM round WHERE hour < ? LIMIT ?)",
                     hour, PART_ROWS, more, error);
}

static bool drop_hours(struct database *database, int64_t hour, bool *more, struct error *error) {
    int64_t time = hour * HOUR_SECONDS;
    return drop_rows(database,
                     "DELETE FROM rollup WHERE (hour, series) IN (SELECT hour, series FROM "
                     "rollup WHERE hour < ? ORDER BY hour LIMIT ?)",
                     hour, PART_HOURS, more, error) &&
           database_run(database, error, "DELETE FROM gap WHERE until <= ?", "i", time) &&
           database_run(database, error, "DELETE FROM event WHERE time <= ?", "i", time);
}

static bool drop_entity(struct database *database, int64_t entity, struct error *error) {
    return database_run(database, error, "DELETE FROM series WHERE entity = ?", "i", entity) &&
           database_run(database, error, "DELETE FROM context WHERE entity = ?", "i", entity) &&
           database_run(database, error, "DELETE FROM mark WHERE entity = ?", "i", entity) &&
           database_run(database, error, "DELETE FROM entity WHERE id = ?", "i", entity);
}

/* Of an entity that has been gone for so long, nothing else is left. */
static bool drop_entities(struct database *database, int64_t hour, GArray *gone,
                          struct error *error) {
    struct error failed = {0};
    sqlite3_stmt *row = database_query(
        database, &failed,
        "SELECT entity FROM mark GROUP BY entity HAVING max(newest * interval) <= ? AND "
        "NOT EXISTS (SELECT 1 FROM block b WHERE b.entity = mark.entity)",
        "i", hour * HOUR_SECONDS);
    while (database_next(database, row, &failed)) {
        int64_t entity = sqlite3_column_int64(row, 0);
        g_array_append_val(gone, entity);
    }
    if (failed.kind != ERROR_NONE)
        return error_set(error, failed.kind, "%s", failed.message);
    for (guint i = 0; i < gone->len; i++)
        if (!drop_entity(database, g_array_index(gone, int64_t, i), error))
            return false;
    return true;
}

/* Freed pages are used again; when there are many, the file becomes shorter. */
static bool give_back(struct database *database, struct error *error) {
    int64_t spare = 0, pages = 0;
    if (!database_number(database, "PRAGMA freelist_count", &spare, 0, error) ||
        !database_number(database, "PRAGMA page_count", &pages, 0, error))
        return false;
    return spare < SPARE_PAGES || spare < pages / 8 ||
           database_script(database, "PRAGMA incremental_vacuum(4096)", error);
}

static const int64_t nothing_old = INT64_MIN / HOUR_SECONDS;

/*
 * The hour before which samples are dropped: time in which nothing was recorded does not count, so
 * that a history survives when nobody records for long. nothing_old when there are not so many.
 */
static bool find_oldest(struct database *database, const struct retention *retention,
                        int64_t newest, int64_t *hour, struct error *error) {
    struct error failed = {0};
    int64_t last = newest / HOUR_SECONDS, kept = retention->samples_seconds / HOUR_SECONDS;
    sqlite3_stmt *row = database_query(
        database, &failed,
        "WITH RECURSIVE recorded(hour, number) AS (SELECT max(hour), 1 FROM rollup WHERE hour <= "
        "?1 "
        "UNION ALL SELECT (SELECT max(hour) FROM rollup WHERE hour < recorded.hour), number + 1 "
        "FROM recorded WHERE number < ?2 AND hour IS NOT NULL) "
        "SELECT hour FROM recorded WHERE number = ?2 AND hour IS NOT NULL",
        "ii", last, MAX(kept, 1));
    *hour = nothing_old;
    if (database_next(database, row, &failed)) {
        *hour = MIN(sqlite3_column_int64(row, 0), last - kept);
        sqlite3_reset(row);
    }
    return failed.kind == ERROR_NONE || error_set(error, failed.kind, "%s", failed.message);
}

/* What is kept of hours outlives their samples: recorded hours are counted by it. */
static int64_t find_oldest_hour(const struct retention *retention, int64_t newest,
                                int64_t samples) {
    return MIN((newest - retention->hours_seconds) / HOUR_SECONDS, samples);
}

/* A part; entities go last, for what is theirs is found by them. */
static bool drop(struct database *database, const struct retention *retention, int64_t newest,
                 GArray *gone, bool *more, struct error *error) {
    int64_t samples = 0;
    *more = false;
    if (!find_oldest(database, retention, newest, &samples, error))
        return false;
    int64_t hours = find_oldest_hour(retention, newest, samples);
    return database_script(database, "BEGIN IMMEDIATE", error) &&
           (samples == nothing_old || drop_samples(database, samples, more, error)) &&
           drop_hours(database, hours, more, error) &&
           (*more || drop_entities(database, hours, gone, error)) &&
           database_script(database, "COMMIT", error);
}

/* A source whose clock is ahead makes nothing of the others old. */
bool retention_apply(struct database *database, const struct retention *retention, int64_t until_ns,
                     GArray *gone, bool *more, struct error *error) {
    int64_t newest = 0;
    *more = false;
    if (!database_number(database,
                         "SELECT min(max(newest * interval), CAST(strftime('%s', 'now') AS "
                         "INTEGER)) FROM mark",
                         &newest, 0, error))
        return false;
    if (!newest)
        return true;
    bool good = true;
    do
        good = drop(database, retention, newest, gone, more, error);
    while (good && *more && clock_now_ns() < until_ns);
    if (!good) {
        g_array_set_size(gone, 0);
        database_undo(database);
    }
    return good && give_back(database, error);
}
