/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/hidden.h"

#include <glib.h>
#include <stdlib.h>

#include "core/memory.h"
#include "history/rollup.h"

/* Of rounds there are some hours, of blocks too many to count. */
static const char hidden_sql[] =
    "SELECT (SELECT count(*) FROM round r NOT INDEXED WHERE NOT EXISTS (SELECT 1 FROM round i "
    "INDEXED BY round_chunk WHERE i.chunk = r.chunk AND i.hour = r.hour AND i.newest = r.newest "
    "AND i.id = r.id)) + abs((SELECT count(*) FROM entity NOT INDEXED) - (SELECT count(*) FROM "
    "entity INDEXED BY entity_chunk)) + abs((SELECT count(*) FROM context NOT INDEXED) - (SELECT "
    "count(*) FROM context INDEXED BY sqlite_autoindex_context_1))";

bool hidden_rows(struct database *database, int64_t *count, struct error *error) {
    return database_number(database, hidden_sql, count, 0, error);
}

/*
 * The first hour whose samples are all kept. One of an older format does not say so: that of the
 * entity's oldest block may be dropped in part.
 */
static bool first_kept(struct database *database, int64_t entity, int64_t *hour,
                       struct error *error) {
    struct error failed = {0};
    bool tells = database_has_column(database, "dropped", "hour", &failed);
    if (failed.kind != ERROR_NONE)
        return error_set(error, failed.kind, "%s", failed.message);
    if (tells)
        return database_number(database, "SELECT hour FROM dropped", hour, INT64_MIN, error);
    sqlite3_stmt *row = database_query(database, &failed,
                                       "SELECT min(hour) FROM block WHERE entity = ?", "i", entity);
    *hour = INT64_MAX;
    if (database_next(database, row, &failed)) {
        if (sqlite3_column_type(row, 0) != SQLITE_NULL)
            *hour = sqlite3_column_int64(row, 0) + 1;
        sqlite3_reset(row);
    }
    return failed.kind == ERROR_NONE || error_set(error, failed.kind, "%s", failed.message);
}

/* A damaged row may name any hour. */
enum { MAX_HOURS = 20 * 366 * 24 };

/* Of all that is kept of hours for longer. */
static bool first_hour(struct database *database, int64_t *hour, struct error *error) {
    return database_number(database, "SELECT min(hour) FROM rollup", hour, INT64_MAX, error);
}

bool hidden_hours_init(struct hidden_hours *hours, struct database *database, int64_t entity,
                       int64_t newest, const struct collected *wanted, struct error *error) {
    int64_t oldest = 0;
    *hours = (struct hidden_hours){.wanted = wanted};
    if (!first_kept(database, entity, &oldest, error))
        return false;
    int64_t begin = wanted->after == INT64_MIN ? INT64_MIN : rollup_hour(wanted->after + 1);
    int64_t last = rollup_hour(MIN(wanted->until, newest));
    if (!first_hour(database, &hours->first, error))
        return false;
    hours->first = MAX(MAX(begin, oldest), MAX(hours->first, last - MAX_HOURS));
    hours->size = hours->first > last ? 0 : (size_t)(last - hours->first) + 1;
    hours->found = memory_array(hours->size + 1, sizeof *hours->found);
    return true;
}

/* How many of the wanted series have a lower id. */
static size_t count_below(const struct collected *wanted, int64_t id) {
    size_t low = 0, high = wanted->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (wanted->series[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void hidden_hours_found(struct hidden_hours *hours, int64_t hour, int64_t first, int64_t last) {
    if (hour < hours->first || (uint64_t)hour - (uint64_t)hours->first >= hours->size ||
        last < first)
        return;
    size_t until = last < INT64_MAX ? count_below(hours->wanted, last + 1) : hours->wanted->count;
    hours->found[hour - hours->first] += until - count_below(hours->wanted, first);
}

/* More series of the hour are kept than were found. */
static bool is_hidden(const struct hidden_hours *hours, struct database *database, int64_t hour,
                      struct error *error) {
    const struct collected *wanted = hours->wanted;
    size_t kept = 0;
    sqlite3_stmt *row = database_query(
        database, error, "SELECT series FROM rollup WHERE hour = ? AND series BETWEEN ? AND ?",
        "iii", hour, wanted->series[0].id, wanted->series[wanted->count - 1].id);
    while (database_next(database, row, error))
        kept += collected_find(wanted, sqlite3_column_int64(row, 0)) != NULL;
    return kept > hours->found[hour - hours->first];
}

bool hidden_hours_next(const struct hidden_hours *hours, struct database *database, int64_t *hour,
                       struct error *error) {
    struct error failed = {0};
    size_t next = *hour < hours->first ? 0 : (size_t)(*hour - hours->first) + 1;
    for (; next < hours->size && failed.kind == ERROR_NONE; next++) {
        *hour = hours->first + (int64_t)next;
        if (hours->found[next] < hours->wanted->count && is_hidden(hours, database, *hour, &failed))
            return true;
    }
    if (failed.kind != ERROR_NONE)
        error_set(error, failed.kind, "%s", failed.message);
    return false;
}

void hidden_hours_done(struct hidden_hours *hours) {
    free(hours->found);
}
