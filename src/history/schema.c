/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Times are Unix seconds, and that of a sample is the end of its interval. Hour N holds the samples
 * with 3600 N < time <= 3600 (N + 1). Views are for everybody; tables are ours.
 */
#include "history/schema.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "history/context.h"

static const char first_format[] =
    "CREATE TABLE target (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    /* sum: see database.h; that of an entity is over its target's name too */
    /* key: managed object id or UUID. chunk: entities whose newest samples share rows */
    "CREATE TABLE entity (id INTEGER PRIMARY KEY, target INTEGER NOT NULL, type TEXT NOT NULL,"
    " key TEXT NOT NULL, chunk INTEGER NOT NULL, sum INTEGER, UNIQUE (target, type, key));"
    "CREATE INDEX entity_chunk ON entity (chunk);"
    /* its further columns are those of context.c */
    "CREATE TABLE context (entity INTEGER NOT NULL, since INTEGER NOT NULL, state TEXT,"
    " name TEXT, sum INTEGER,"
    " PRIMARY KEY (entity, since));"
    "CREATE TABLE counter (id INTEGER PRIMARY KEY, name TEXT NOT NULL, unit TEXT NOT NULL,"
    " rollup TEXT NOT NULL, stats TEXT NOT NULL, level INTEGER, device_level INTEGER,"
    " label TEXT, summary TEXT, formula TEXT, fidelity TEXT, sum INTEGER);"
    "CREATE TABLE series (id INTEGER PRIMARY KEY, entity INTEGER NOT NULL,"
    " counter INTEGER NOT NULL, instance TEXT NOT NULL, interval INTEGER NOT NULL,"
    " sum INTEGER);"
    "CREATE INDEX series_entity ON series (entity);"
    /* the newest rounds, until an hour of a chunk is complete */
    "CREATE TABLE round (id INTEGER PRIMARY KEY AUTOINCREMENT, chunk INTEGER NOT NULL,"
    " hour INTEGER NOT NULL, oldest INTEGER NOT NULL, newest INTEGER NOT NULL,"
    " samples INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE INDEX round_chunk ON round (chunk, hour, newest);"
    /* an hour of some series of an entity, those with ids from first to last */
    "CREATE TABLE block (id INTEGER PRIMARY KEY, entity INTEGER NOT NULL, hour INTEGER NOT NULL,"
    " interval INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " samples INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE UNIQUE INDEX block_entity ON block (entity, hour, interval, first);"
    /* minimum, maximum and p95 are NULL when all samples are the same */
    "CREATE TABLE rollup (hour INTEGER NOT NULL, series INTEGER NOT NULL, samples INTEGER NOT NULL,"
    " sum INTEGER NOT NULL, minimum INTEGER, maximum INTEGER, p95 INTEGER,"
    " PRIMARY KEY (hour, series)) WITHOUT ROWID;"
    /* which sample times are recorded: the newest, in intervals, and a bit for each before it */
    "CREATE TABLE mark (entity INTEGER NOT NULL, interval INTEGER NOT NULL,"
    " newest INTEGER NOT NULL, seen BLOB NOT NULL, PRIMARY KEY (entity, interval)) WITHOUT ROWID;"
    /* after < time <= until */
    "CREATE TABLE gap (id INTEGER PRIMARY KEY, entity INTEGER NOT NULL, interval INTEGER NOT NULL,"
    " after INTEGER NOT NULL, until INTEGER NOT NULL, reason TEXT NOT NULL);"
    "CREATE INDEX gap_entity ON gap (entity, interval, until);"
    "CREATE TABLE event (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind TEXT NOT NULL,"
    " target TEXT, entity INTEGER, text TEXT);";

/* archive: 1 as long as archived samples may fill the gap */
static const char second_format[] =
    "ALTER TABLE counter ADD COLUMN reading INTEGER;"
    "UPDATE counter SET reading = 1 WHERE fidelity = 'native' AND (name GLOB 'guestDisk.*' OR "
    "name GLOB 'snapshot.*' OR name GLOB 'space.*');"
    "ALTER TABLE gap ADD COLUMN archive INTEGER;"
    "CREATE INDEX gap_archive ON gap (entity) WHERE archive;";

/*
 * What tells of rows that damage hides: series: how many an entity has. dropped: a row with the
 * hour before which there are no samples any more.
 */
static const char third_format[] =
    "ALTER TABLE mark ADD COLUMN sum INTEGER;"
    "ALTER TABLE entity ADD COLUMN series INTEGER;"
    "UPDATE entity SET series = (SELECT count(*) FROM series s WHERE s.entity = entity.id);"
    "CREATE TABLE dropped (id INTEGER PRIMARY KEY CHECK (id = 1), hour INTEGER NOT NULL);";

/*
 * place: numbers of series in the order in which they came; NULL: that of their ids. code: 16 bits
 * of the sum of a row, see database.h; NULL: it was written by an older vperf.
 */
static const char fourth_format[] = "ALTER TABLE series ADD COLUMN place INTEGER;"
                                    "ALTER TABLE rollup ADD COLUMN code INTEGER;";

/* Blocks may hold values of FORM_DENSE. */
static const char fifth_format[] = "";

/* Its columns are those of context.c, and some before them. */
static const char entities_begin[] =
    "DROP VIEW IF EXISTS entities;"
    "CREATE VIEW entities AS SELECT e.id AS number, t.name AS source, e.type AS type, e.key AS id,"
    " strftime('%Y-%m-%dT%H:%M:%SZ', c.since, 'unixepoch') AS since, c.state AS state";
static const char entities_end[] =
    " FROM entity e JOIN target t ON t.id = e.target JOIN context c ON c.entity = e.id";

static const char views[] =
    /* percent is in percent here, not in hundredths */
    "DROP VIEW IF EXISTS hourly;"
    "CREATE VIEW hourly AS SELECT strftime('%Y-%m-%dT%H:%M:%SZ', r.hour * 3600, 'unixepoch') AS"
    " begin, t.name AS source, e.type AS type,"
    " coalesce((SELECT c.name FROM context c WHERE c.entity = e.id AND c.since <= r.hour * 3600"
    "  ORDER BY c.since DESC LIMIT 1), (SELECT c.name FROM context c WHERE c.entity = e.id"
    "  ORDER BY c.since LIMIT 1)) AS name,"
    " e.key AS id, k.name AS counter, s.instance AS instance, k.unit AS unit, k.rollup AS rollup,"
    " s.interval AS interval, r.samples AS samples,"
    " CASE k.unit WHEN 'percent' THEN 0.01 ELSE 1.0 END * r.sum / r.samples AS average,"
    " CASE k.unit WHEN 'percent' THEN 0.01 ELSE 1.0 END * r.sum AS sum,"
    " CASE k.unit WHEN 'percent' THEN 0.01 ELSE 1.0 END *"
    "  coalesce(r.minimum, r.sum / r.samples) AS minimum,"
    " CASE k.unit WHEN 'percent' THEN 0.01 ELSE 1.0 END *"
    "  coalesce(r.maximum, r.sum / r.samples) AS maximum,"
    " CASE k.unit WHEN 'percent' THEN 0.01 ELSE 1.0 END *"
    "  coalesce(r.p95, r.sum / r.samples) AS p95"
    " FROM rollup r JOIN series s ON s.id = r.series JOIN entity e ON e.id = s.entity"
    " JOIN target t ON t.id = e.target JOIN counter k ON k.id = s.counter;"
    "DROP VIEW IF EXISTS gaps;"
    "CREATE VIEW gaps AS SELECT t.name AS source, e.type AS type, e.key AS id, g.interval AS"
    " interval, strftime('%Y-%m-%dT%H:%M:%SZ', g.after, 'unixepoch') AS after,"
    " strftime('%Y-%m-%dT%H:%M:%SZ', g.until, 'unixepoch') AS until, g.reason AS reason"
    " FROM gap g JOIN entity e ON e.id = g.entity JOIN target t ON t.id = e.target;"
    "DROP VIEW IF EXISTS events;"
    "CREATE VIEW events AS SELECT strftime('%Y-%m-%dT%H:%M:%SZ', v.time, 'unixepoch') AS time,"
    " v.kind AS kind, v.target AS target, e.type AS type, e.key AS id, v.text AS text"
    " FROM event v LEFT JOIN entity e ON e.id = v.entity;";

/* What leads from each format to the next one. */
static const char *const steps[] = {first_format, second_format, third_format, fourth_format,
                                    fifth_format};
enum { FORMAT = sizeof steps / sizeof *steps };

static bool refuse(const struct database *database, struct error *error) {
    return error_set(error, ERROR_USAGE, "'%s' is no history of vperf", database_path(database));
}

static bool read_format(struct database *database, int64_t *format, struct error *error) {
    int64_t application = 0;
    if (!database_number(database, "PRAGMA application_id", &application, 0, error) ||
        !database_number(database, "PRAGMA user_version", format, 0, error))
        return false;
    if (application != SCHEMA_APPLICATION)
        return refuse(database, error);
    return *format <= FORMAT ||
           error_set(error, ERROR_USAGE,
                     "'%s' has format %d, of a newer vperf; this one knows up to %d: upgrade it",
                     database_path(database), (int)*format, FORMAT);
}

bool schema_check(struct database *database, struct error *error) {
    int64_t format = 0;
    if (!read_format(database, &format, error))
        return false;
    return format >= 1 || refuse(database, error);
}

/*
 * Page numbers that the database can give back, and who it is for: before the first table, and at
 * once: a file that has but one of them would be nobody's. Blocks, of mostly 2 to 3 KiB, leave less
 * of these pages empty than of smaller ones.
 */
static bool begin_file(struct database *database, struct error *error) {
    char sql[128];
    int64_t pages = 0;
    if (!database_number(database, "PRAGMA page_count", &pages, 0, error))
        return false;
    if (pages)
        return true;
    snprintf(sql, sizeof sql,
             "PRAGMA page_size=8192; BEGIN; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA "
             "application_id=%d; COMMIT",
             SCHEMA_APPLICATION);
    return database_script(database, sql, error);
}

static bool make_views(struct database *database, struct error *error) {
    char *columns = context_columns();
    char *sql = memory_printf("%s%s%s", entities_begin, columns, entities_end);
    bool good = database_script(database, sql, error) && database_script(database, views, error);
    free(sql);
    free(columns);
    return good;
}

static bool migrate(struct database *database, int64_t format, struct error *error) {
    char sql[64];
    bool good = database_script(database, "BEGIN IMMEDIATE", error);
    for (; good && format < FORMAT; format++)
        good = database_script(database, steps[format], error);
    snprintf(sql, sizeof sql, "PRAGMA user_version=%d", FORMAT);
    good = good && context_prepare(database, error) && make_views(database, error) &&
           database_script(database, sql, error) && database_script(database, "COMMIT", error);
    if (!good)
        database_undo(database);
    return good;
}

/*
 * Each round is synced when it is committed: once in 20 s this costs nothing, and what a libvirt
 * target gave could not be asked for again after a power failure.
 */
bool schema_prepare(struct database *database, struct error *error) {
    int64_t format = 0;
    return begin_file(database, error) && read_format(database, &format, error) &&
           database_script(database,
                           "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                           "PRAGMA journal_size_limit=16777216",
                           error) &&
           migrate(database, format, error);
}
