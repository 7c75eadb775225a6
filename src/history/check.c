/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/check.h"

#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "history/block.h"
#include "history/rollup.h"

enum { HOUR_SECONDS = 3600, TIME_SIZE = 32 };

static void tell(struct check *check, char *text) {
    check->faults++;
    check->damaged(check->context, text);
    free(text);
}

static void tell_failure(struct check *check, const char *what, const struct error *error) {
    if (error->kind != ERROR_NONE)
        tell(check, memory_printf("%s: %s", what, error->message));
}

/* An error ends a statement: what stands behind it is read by the next one. */
static void check_pages(struct database *database, struct check *check) {
    struct error error = {0};
    sqlite3_stmt *row = database_query(database, &error, "PRAGMA integrity_check(20)", "");
    while (database_next(database, row, &error))
        if (strcmp(database_text(row, 0), "ok") != 0)
            tell(check, memory_strdup(database_text(row, 0)));
    tell_failure(check, "pages", &error);
}

/* What a block holds has to be what its row says, and what is kept of its hour. */
struct content {
    struct database *database; /* NULL: of a round, of which no hour is kept yet */
    int64_t hour;
    int64_t samples;
    int64_t unlike; /* series whose hour is kept otherwise */
    bool misplaced;
};

static struct rollup rollup_of(const struct block_column *series) {
    struct sample *samples = memory_array(series->count, sizeof *samples);
    block_samples(series, samples);
    struct rollup rollup = rollup_make(samples, series->count);
    free(samples);
    return rollup;
}

static bool is_kept(struct database *database, int64_t hour, const struct block_column *series) {
    struct error ignored = {0};
    struct rollup rollup = rollup_of(series);
    bool flat = rollup.minimum == rollup.maximum;
    sqlite3_stmt *row = database_query(
        database, &ignored,
        "SELECT samples, sum, minimum, maximum, p95 FROM rollup WHERE hour = ? AND series = ?",
        "ii", hour, series->id);
    if (!database_next(database, row, &ignored))
        return false;
    bool same = sqlite3_column_int64(row, 0) == (int64_t)rollup.samples &&
                sqlite3_column_int64(row, 1) == rollup.sum &&
                (sqlite3_column_type(row, 2) == SQLITE_NULL) == flat &&
                (flat || (sqlite3_column_int64(row, 2) == rollup.minimum &&
                          sqlite3_column_int64(row, 3) == rollup.maximum &&
                          sqlite3_column_int64(row, 4) == rollup.p95));
    sqlite3_reset(row);
    return same;
}

static void on_series(void *context, const struct block_column *series) {
    struct content *content = context;
    content->samples += (int64_t)series->count;
    content->unlike += content->database && !is_kept(content->database, content->hour, series);
    content->misplaced = content->misplaced || rollup_hour(series->times[0]) != content->hour ||
                         rollup_hour(series->times[series->count - 1]) != content->hour;
}

static void hour_text(char text[TIME_SIZE], int64_t hour) {
    time_t begin = (time_t)(hour * HOUR_SECONDS);
    struct tm parts;
    if (!gmtime_r(&begin, &parts) || !strftime(text, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts))
        g_strlcpy(text, "?", TIME_SIZE);
}

static void tell_unlike(struct check *check, const char *whose, const struct content *content) {
    char begin[TIME_SIZE];
    hour_text(begin, content->hour);
    if (content->unlike)
        tell(check, memory_printf("%s: what is kept of the hour that begins at %s is not what its "
                                  "samples say, of %" PRId64 " series",
                                  whose, begin, content->unlike));
}

static void check_row(struct database *blocks, struct check *check, sqlite3_stmt *row) {
    struct error error = {0};
    struct content content = {.database = blocks, .hour = sqlite3_column_int64(row, 0)};
    const struct block_visitor visitor = {
        .context = &content, .first = INT64_MIN, .last = INT64_MAX, .series = on_series};
    bool good = block_decode(sqlite3_column_blob(row, 2), (size_t)sqlite3_column_bytes(row, 2),
                             &visitor, &error);
    if (good && (content.misplaced || content.samples != sqlite3_column_int64(row, 1)))
        good = error_set(&error, ERROR_PROTOCOL, "it holds other samples than its row says");
    if (good) {
        tell_unlike(check, database_text(row, 3), &content);
        check->blocks++;
        check->samples += content.samples;
        return;
    }
    char begin[TIME_SIZE];
    hour_text(begin, content.hour);
    tell(check, memory_printf("%s: samples of the hour that begins at %s are lost: %s",
                              database_text(row, 3), begin, error.message));
}

static void check_rows(struct database *database, struct check *check, const char *sql,
                       const char *table, bool kept) {
    struct error error = {0};
    sqlite3_stmt *row = database_query(database, &error, sql, "");
    while (database_next(database, row, &error))
        check_row(kept ? database : NULL, check, row);
    tell_failure(check, table, &error);
}

/* Rows whose sum does not fit, where the format has it: what they describe is lost. */
static const struct {
    const char *table, *column;
    const char *sql;
} sums[] = {
    {"mark", "sum",
     "SELECT 'mark of entity ' || entity FROM mark WHERE sum IS NOT NULL AND sum IS NOT "
     "row_sum(entity, interval, newest, seen)"},
    {"counter", "sum",
     "SELECT 'counter ' || id FROM counter WHERE sum IS NOT row_sum(id, name, unit)"},
    {"entity", "sum",
     "SELECT 'entity ' || e.id FROM entity e LEFT JOIN target t ON t.id = e.target WHERE e.sum IS "
     "NOT row_sum(e.id, e.target, e.type, e.key, e.chunk, t.name)"},
    {"context", "sum",
     "SELECT 'context of entity ' || entity FROM context WHERE sum IS NOT row_sum(entity, since, "
     "state, name, hypervisor)"},
    {"series", "sum",
     "SELECT 'series ' || id FROM series WHERE sum IS NOT row_sum(id, entity, counter, instance, "
     "interval)"},
    {"rollup", "code",
     "SELECT 'what is kept of series ' || series || ' in the hour that begins at ' || "
     "strftime('%Y-%m-%dT%H:%M:%SZ', hour * 3600, 'unixepoch') FROM rollup WHERE code IS NOT NULL "
     "AND code IS NOT row_sum(hour, series, samples, sum, minimum, maximum, p95) & 65535"},
};

static void check_sums(struct database *database, struct check *check) {
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        struct error error = {0};
        if (!database_has_column(database, sums[i].table, sums[i].column, &error))
            continue;
        sqlite3_stmt *row = database_query(database, &error, sums[i].sql, "");
        while (database_next(database, row, &error))
            tell(check, memory_printf("%s: its checksum does not fit", database_text(row, 0)));
        tell_failure(check, "descriptions", &error);
    }
}

void check_all(struct database *database, struct check *check) {
    check_pages(database, check);
    check_sums(database, check);
    check_rows(database, check,
               "SELECT hour, samples, data, 'entity ' || entity || coalesce((SELECT ' (' || key || "
               "')' FROM entity e WHERE e.id = block.entity), '') FROM block",
               "blocks", true);
    check_rows(database, check, "SELECT hour, samples, data, 'chunk ' || chunk FROM round",
               "rounds", false);
}
