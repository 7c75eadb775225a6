/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/retention.h"

enum { HOUR_SECONDS = 3600, PART_ROWS = 4096, PART_HOURS = 200000, SPARE_PAGES = 256 };

/* Blocks are looked at in the order in which they were written, which is about that of time. */
static bool drop_samples(struct database *database, int64_t hour, struct error *error) {
    return database_run(database, error,
                        "DELETE FROM block WHERE id IN (SELECT id FROM (SELECT id, hour FROM block "
                        "ORDER BY id LIMIT ?) WHERE hour < ?)",
                        "ii", (int64_t)PART_ROWS, hour) &&
           database_run(database, error,
                        "DELETE FROM round WHERE id IN (SELECT id FROM (SELECT id, hour FROM round "
                        "ORDER BY id LIMIT ?) WHERE hour < ?)",
                        "ii", (int64_t)PART_ROWS, hour);
}

static bool drop_hours(struct database *database, int64_t hour, struct error *error) {
    int64_t time = hour * HOUR_SECONDS;
    return database_run(database, error,
                        "DELETE FROM rollup WHERE (hour, series) IN (SELECT hour, series FROM "
                        "rollup WHERE hour < ? ORDER BY hour LIMIT ?)",
                        "ii", hour, (int64_t)PART_HOURS) &&
           database_run(database, error, "DELETE FROM gap WHERE until <= ?", "i", time) &&
           database_run(database, error, "DELETE FROM event WHERE time <= ?", "i", time);
}

/* Of an entity that has been gone for so long, nothing else is left. */
static bool drop_entities(struct database *database, int64_t hour, struct error *error) {
    static const char *const statements[] = {
        "DELETE FROM series WHERE entity IN (SELECT entity FROM mark GROUP BY entity "
        "HAVING max(newest * interval) <= ?)",
        "DELETE FROM context WHERE entity IN (SELECT entity FROM mark GROUP BY entity "
        "HAVING max(newest * interval) <= ?)",
        "DELETE FROM entity WHERE id IN (SELECT entity FROM mark GROUP BY entity "
        "HAVING max(newest * interval) <= ?)",
        "DELETE FROM mark WHERE entity IN (SELECT entity FROM mark GROUP BY entity "
        "HAVING max(newest * interval) <= ?)",
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (!database_run(database, error, statements[i], "i", hour * HOUR_SECONDS))
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

static bool drop(struct database *database, const struct retention *retention, int64_t newest,
                 struct error *error) {
    int64_t samples = (newest - retention->samples_seconds) / HOUR_SECONDS;
    int64_t hours = (newest - retention->hours_seconds) / HOUR_SECONDS;
    return database_script(database, "BEGIN IMMEDIATE", error) &&
           drop_samples(database, samples, error) && drop_hours(database, hours, error) &&
           drop_entities(database, hours < samples ? hours : samples, error) &&
           database_script(database, "COMMIT", error);
}

/* A source whose clock is ahead makes nothing of the others old. */
bool retention_apply(struct database *database, const struct retention *retention,
                     struct error *error) {
    int64_t newest = 0;
    if (!database_number(database,
                         "SELECT min(max(newest * interval), CAST(strftime('%s', 'now') AS "
                         "INTEGER)) FROM mark",
                         &newest, 0, error))
        return false;
    if (!newest)
        return true;
    bool good = drop(database, retention, newest, error);
    if (!good)
        database_undo(database);
    return good && give_back(database, error);
}
