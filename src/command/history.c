/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* vperf history: what a history file holds. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/listing.h"
#include "core/value.h"
#include "history/check.h"
#include "history/hourly.h"
#include "history/span.h"
#include "source/history/history.h"

const struct options_spec history_spec = {
    .command = "history",
    .arguments = "[FILE...]",
    .summary = "Tell what history files hold: one row per target, per gap, or per event.",
    .notes =
        "Formats: csv, table (default: table on a terminal, else csv); a table has the columns\n"
        "that matter most. Samples themselves are written by 'vperf collect FILE'. Without FILE\n"
        "it is vperf.db.\n\n"
        "Examples:\n"
        "  vperf history vperf.db\n"
        "  vperf history --gaps vperf.db\n"
        "  vperf history --events vperf.db\n"
        "  vperf history --check vperf.db",
    .groups = OPTIONS_HISTORY | OPTIONS_OUTPUT,
    .default_target = "vperf.db",
};

static const struct records_column target_columns[] = {
    {"source", false}, {"begin", false},      {"end", false},   {"guests", true},
    {"hosts", true},   {"others", true},      {"series", true}, {"samples", true},
    {"gaps", true},    {"gap_seconds", true}, {"file", false},
};

static const struct records_column gap_columns[] = {
    {"source", false}, {"type", false},  {"name", false},   {"id", false},     {"interval", true},
    {"after", false},  {"until", false}, {"seconds", true}, {"reason", false},
};

static const struct records_column event_columns[] = {
    {"time", false}, {"event", false}, {"target", false}, {"type", false},
    {"name", false}, {"id", false},    {"text", false},
};

/* What 80 columns of a terminal have room for, and which columns of the above these are. */
static const struct records_column target_table[] = {
    {"source", false}, {"begin", false},  {"end", false},
    {"guests", true},  {"samples", true}, {"gaps", true},
};
static const int target_places[] = {0, 1, 2, 3, 7, 8};

static const struct records_column gap_table[] = {
    {"name", false},  {"type", false},   {"after", false},
    {"until", false}, {"reason", false}, {"source", false},
};
static const int gap_places[] = {2, 1, 5, 6, 8, 0};

static const struct records_column event_table[] = {
    {"time", false}, {"event", false}, {"target", false}, {"name", false}, {"text", false},
};
static const int event_places[] = {0, 1, 2, 4, 6};

static const char targets_sql[] =
    "SELECT t.name, s.begin, "
    "max((SELECT max(m.newest * m.interval) FROM mark m WHERE m.entity = e.id)), "
    "sum(e.type = 'vm'), sum(e.type = 'host'), sum(e.type NOT IN ('vm', 'host')), "
    "sum((SELECT count(*) FROM series s WHERE s.entity = e.id)), "
    "sum(coalesce((SELECT sum(b.samples) FROM block b WHERE b.entity = e.id), 0)) + "
    "coalesce((SELECT sum(r.samples) FROM round r WHERE r.chunk IN (SELECT c.chunk FROM entity c "
    "WHERE c.target = t.id)), 0), "
    "sum((SELECT count(*) FROM gap g WHERE g.entity = e.id)), "
    "sum(coalesce((SELECT sum(g.until - g.after) FROM gap g WHERE g.entity = e.id), 0)) "
    "FROM (SELECT e.id, e.target, e.type, e.chunk FROM entity e) e JOIN target t ON t.id = "
    "e.target LEFT JOIN (" SPAN_BEGINS ") s ON s.target = t.id GROUP BY t.id ORDER BY t.name";

static const char gaps_sql[] =
    "SELECT t.name, e.type, (SELECT c.name FROM context c WHERE c.entity = e.id ORDER BY c.since "
    "DESC LIMIT 1), e.key, g.interval, g.after, g.until, g.until - g.after, g.reason FROM gap g "
    "JOIN entity e ON e.id = g.entity JOIN target t ON t.id = e.target "
    "ORDER BY t.name, g.after, e.type, e.id";

/* The name of an entity as it was then. */
static const char events_sql[] =
    "SELECT v.time, v.kind, v.target, e.type, coalesce((SELECT c.name FROM context c WHERE "
    "c.entity = e.id AND c.since <= v.time ORDER BY c.since DESC LIMIT 1), (SELECT c.name FROM "
    "context c WHERE c.entity = e.id ORDER BY c.since LIMIT 1)), e.key, v.text FROM event v LEFT "
    "JOIN entity e ON e.id = v.entity ORDER BY v.time, v.id";

/* What a statement gives, with times in two of the columns; a table has some of them. */
struct list {
    const char *sql;
    const struct records_column *columns;
    int count;
    int times[2];
    const struct records_column *table;
    const int *places;
    int table_count;
};

#define COLUMNS_OF(name) name##_columns, sizeof name##_columns / sizeof *name##_columns
#define TABLE_OF(name) name##_table, name##_places, sizeof name##_places / sizeof *name##_places

static const struct list targets = {targets_sql, COLUMNS_OF(target), {1, 2}, TABLE_OF(target)};
static const struct list gaps = {gaps_sql, COLUMNS_OF(gap), {5, 6}, TABLE_OF(gap)};
static const struct list happened = {events_sql, COLUMNS_OF(event), {0, 0}, TABLE_OF(event)};

/* People read no seconds. */
static void put_time(struct records *records, sqlite3_stmt *row, int column, bool table) {
    char text[TIME_TEXT_SIZE] = "";
    size_t length = 0;
    if (sqlite3_column_type(row, column) != SQLITE_NULL)
        length = time_text(text, sqlite3_column_int64(row, column));
    text[length] = '\0';
    if (table && length) {
        text[strlen("2026-11-26")] = ' ';
        text[strlen("2026-11-26 21:30")] = '\0';
    }
    records_text(records, text);
}

static void put_cell(const struct listing_run *run, sqlite3_stmt *row, const struct list *list,
                     int column) {
    if (column == list->times[0] || column == list->times[1])
        put_time(run->records, row, column, run->format == RECORDS_TABLE);
    else if (column >= sqlite3_column_count(row))
        records_text(run->records, run->target->text);
    else if (list->columns[column].number)
        records_number(run->records, sqlite3_column_int64(row, column), false);
    else
        records_text(run->records, database_text(row, column));
}

static void put_row(const struct listing_run *run, sqlite3_stmt *row, const struct list *list) {
    bool table = run->format == RECORDS_TABLE;
    int count = table ? list->table_count : list->count;
    for (int i = 0; i < count; i++)
        put_cell(run, row, list, table ? list->places[i] : i);
}

static bool list_rows(const struct listing_run *run, struct database *database,
                      const struct list *list, struct error *error) {
    struct error failed = {0};
    sqlite3_stmt *row = database_query(database, &failed, list->sql, "");
    while (database_next(database, row, &failed))
        put_row(run, row, list);
    return failed.kind == ERROR_NONE || error_set(error, failed.kind, "%s", failed.message);
}

static void show_size(const struct listing_run *run, struct database *database, int64_t samples) {
    struct error ignored = {0};
    int64_t pages = 0, spare = 0, size = 0;
    if (!samples || !database_number(database, "PRAGMA page_count", &pages, 0, &ignored) ||
        !database_number(database, "PRAGMA freelist_count", &spare, 0, &ignored) ||
        !database_number(database, "PRAGMA page_size", &size, 0, &ignored))
        return;
    log_info(&run->options->log, "%s: %" PRId64 " samples in %" PRId64 " bytes: %.2f per sample",
             run->target->text, samples, (pages - spare) * size,
             (double)((pages - spare) * size) / (double)samples);
}

/* They are given to who asks for their time. */
static void show_ahead(const struct listing_run *run, const struct reader *reader) {
    struct error ignored = {0};
    int64_t newest = 0;
    char text[TIME_TEXT_SIZE];
    if (reader->ahead == INT64_MIN ||
        !database_number(reader->database, "SELECT max(newest) FROM round", &newest, 0, &ignored))
        return;
    time_text(text, newest);
    log_info(&run->options->log,
             "%s: samples of up to %s were recorded while a clock was ahead: they are later than "
             "what is the newest, and are given when --end says so",
             run->target->text, text);
}

/* What is left of the time whose samples are gone. */
static void show_hours(const struct listing_run *run, struct database *database) {
    struct error ignored = {0};
    char first[TIME_TEXT_SIZE] = "", end[TIME_TEXT_SIZE] = "";
    int64_t hour = 0, until = INT64_MIN;
    if (!hourly_begin(database, &until, &ignored) ||
        !database_number(database, "SELECT min(hour) FROM rollup", &hour, INT64_MAX, &ignored) ||
        hour >= until / HOURLY_INTERVAL)
        return;
    time_text(first, hour * HOURLY_INTERVAL);
    time_text(end, until);
    log_info(&run->options->log,
             "%s: of %s to %s, hours are kept: 'vperf collect --interval 3600' writes them",
             run->target->text, first, end);
}

static bool list_targets(const struct listing_run *run, struct database *database,
                         struct error *error) {
    struct error failed = {0};
    enum { SAMPLES = 7 };
    int64_t samples = 0;
    sqlite3_stmt *row = database_query(database, &failed, targets_sql, "");
    while (database_next(database, row, &failed)) {
        put_row(run, row, &targets);
        if (run->options->target_count > 1 && run->format == RECORDS_TABLE)
            records_note(run->records, run->target->text);
        samples += sqlite3_column_int64(row, SAMPLES);
    }
    show_size(run, database, samples);
    show_hours(run, database);
    return failed.kind == ERROR_NONE || error_set(error, failed.kind, "%s", failed.message);
}

static void on_damage(void *context, const char *text) {
    const struct listing_run *run = context;
    log_error(&run->options->log, "%s: %s", run->target->text, text);
    ++*run->missing;
}

static void check_file(const struct listing_run *run, struct database *database) {
    struct check check = {.context = (void *)run, .damaged = on_damage};
    check_all(database, &check);
    log_info(&run->options->log,
             "%s: %" PRId64 " blocks with %" PRId64 " samples are good, %" PRId64 " faults",
             run->target->text, check.blocks, check.samples, check.faults);
}

/* NULL: targets are listed. */
static const struct list *list_of(const struct options *options) {
    if (options->events)
        return &happened;
    return options->gaps ? &gaps : NULL;
}

static bool list(const struct listing_run *run, struct source *source, struct error *error) {
    const struct reader *reader = ((struct history *)(void *)source)->reader;
    if (run->options->check)
        check_file(run, reader->database);
    const struct list *list = list_of(run->options);
    if (list)
        return list_rows(run, reader->database, list, error);
    show_ahead(run, reader);
    return list_targets(run, reader->database, error);
}

static const struct records_column *list_columns(const struct options *options,
                                                 enum records_format format, size_t *count) {
    const struct list *other = list_of(options), *list = other ? other : &targets;
    bool table = format == RECORDS_TABLE;
    *count = (size_t)(table ? list->table_count : list->count);
    return table ? list->table : list->columns;
}

int history_run(int argc, char **argv) {
    static const struct listing listing = {&history_spec, list_columns, list};
    return listing_run(&listing, argc, argv);
}
