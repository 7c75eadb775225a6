/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/fold.h"

#include <stdlib.h>

#include "core/clock.h"
#include "core/memory.h"
#include "history/collected.h"
#include "history/rollup.h"

enum {
    HOUR_SECONDS = 3600,
    SILENT_SECONDS = 3 * 3600,
};

/* A series of the chunk. */
struct member {
    int64_t id;
    int64_t entity;
    int64_t interval;
};

struct folding {
    struct database *database;
    int64_t chunk;
    int64_t hour;
    GArray *members; /* by id */
    struct collected collected;
    int64_t damaged; /* rows */
};

static bool fail_as(const struct error *failed, struct error *error) {
    return failed->kind == ERROR_NONE || error_set(error, failed->kind, "%s", failed->message);
}

static bool read_members(struct folding *folding, struct error *error) {
    struct error failed = {0};
    sqlite3_stmt *row =
        database_query(folding->database, &failed,
                       "SELECT s.id, s.entity, s.interval FROM entity e JOIN series s ON s.entity "
                       "= e.id WHERE e.chunk = ? ORDER BY s.id",
                       "i", folding->chunk);
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    while (database_next(folding->database, row, &failed)) {
        struct member member = {sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1),
                                sqlite3_column_int64(row, 2)};
        g_array_append_val(folding->members, member);
        g_array_append_val(ids, member.id);
    }
    collected_init(&folding->collected, (const int64_t *)(const void *)ids->data, ids->len);
    g_array_free(ids, TRUE);
    return fail_as(&failed, error);
}

/* Damaged bytes are lost whether they are folded or not; an event says so. */
static void add_row(struct folding *folding, sqlite3_stmt *row) {
    struct error damaged = {0};
    if (!collected_add(&folding->collected, sqlite3_column_blob(row, 0),
                       (size_t)sqlite3_column_bytes(row, 0), &damaged))
        folding->damaged++;
}

static bool read_rows(struct folding *folding, struct error *error) {
    struct error failed = {0};
    struct database *database = folding->database;
    sqlite3_stmt *row = database_query(
        database, &failed,
        "SELECT b.data FROM entity e JOIN block b ON b.entity = e.id AND b.hour = ?2 "
        "WHERE e.chunk = ?1",
        "ii", folding->chunk, folding->hour);
    while (database_next(database, row, &failed))
        add_row(folding, row);
    row = database_query(database, &failed,
                         "SELECT data FROM round WHERE chunk = ? AND hour = ? ORDER BY id", "ii",
                         folding->chunk, folding->hour);
    while (database_next(database, row, &failed))
        add_row(folding, row);
    collected_sort(&folding->collected);
    return fail_as(&failed, error);
}

static bool remove_rows(const struct folding *folding, struct error *error) {
    return database_run(folding->database, error,
                        "DELETE FROM block WHERE id IN (SELECT b.id FROM entity e JOIN block b ON "
                        "b.entity = e.id AND b.hour = ?2 WHERE e.chunk = ?1)",
                        "ii", folding->chunk, folding->hour) &&
           database_run(folding->database, error, "DELETE FROM round WHERE chunk = ? AND hour = ?",
                        "ii", folding->chunk, folding->hour);
}

static bool write_rollup(struct database *database, int64_t hour, const struct block_series *series,
                         struct error *error) {
    struct rollup rollup = rollup_make(series->samples, series->count);
    if (rollup.minimum == rollup.maximum)
        return database_run(
            database, error,
            "INSERT OR REPLACE INTO rollup (hour, series, samples, sum, code) VALUES (?1, ?2, ?3, "
            "?4, row_sum(?1, ?2, ?3, ?4, NULL, NULL, NULL) & 65535)",
            "iiii", hour, series->id, (int64_t)rollup.samples, rollup.sum);
    return database_run(
        database, error,
        "INSERT OR REPLACE INTO rollup (hour, series, samples, sum, minimum, maximum, p95, code) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, row_sum(?1, ?2, ?3, ?4, ?5, ?6, ?7) & 65535)",
        "iiiiiii", hour, series->id, (int64_t)rollup.samples, rollup.sum, rollup.minimum,
        rollup.maximum, rollup.p95);
}

bool fold_write(struct database *database, const struct fold_place *place,
                const struct block_series *series, size_t count, struct error *error) {
    size_t samples = 0;
    for (size_t i = 0; i < count; i++)
        samples += series[i].count;
    GByteArray *data = block_encode(series, count, BLOCK_SMALL);
    bool good = database_run(database, error,
                             "INSERT INTO block (entity, hour, interval, first, last, samples, "
                             "data) VALUES (?, ?, ?, ?, ?, ?, ?)",
                             "iiiiiib", place->entity, place->hour, place->interval, series[0].id,
                             series[count - 1].id, (int64_t)samples, data->data, (size_t)data->len);
    g_byte_array_free(data, TRUE);
    for (size_t i = 0; good && i < count; i++)
        good = write_rollup(database, place->hour, &series[i], error);
    return good;
}

static bool write_block(const struct folding *folding, const struct member *member,
                        const struct block_series *series, size_t count, struct error *error) {
    const struct fold_place place = {member->entity, folding->hour, member->interval};
    return fold_write(folding->database, &place, series, count, error);
}

static bool note_damage(const struct folding *folding, struct error *error) {
    return !folding->damaged ||
           database_run(folding->database, error,
                        "INSERT INTO event (time, kind, text) VALUES (?, 'damaged', "
                        "'samples of this hour are lost: their checksum does not fit')",
                        "i", folding->hour * HOUR_SECONDS);
}

static int compare_members(const void *a, const void *b) {
    const struct member *left = a, *right = b;
    if (left->entity != right->entity)
        return left->entity < right->entity ? -1 : 1;
    if (left->interval != right->interval)
        return left->interval < right->interval ? -1 : 1;
    return (left->id > right->id) - (left->id < right->id);
}

static bool belong(const struct member *left, const struct member *right) {
    return left->entity == right->entity && left->interval == right->interval;
}

static bool write_blocks(struct folding *folding, struct error *error) {
    struct member *members = (struct member *)(void *)folding->members->data;
    struct block_series series[FOLD_SERIES];
    size_t count = 0, first = 0;
    bool good = true;
    g_array_sort(folding->members, compare_members);
    for (size_t i = 0; good && i < folding->members->len; i++) {
        if (count && (count == FOLD_SERIES || !belong(&members[first], &members[i]))) {
            good = write_block(folding, &members[first], series, count, error);
            count = 0;
        }
        const struct collected_series *found = collected_find(&folding->collected, members[i].id);
        if (!found->count)
            continue;
        first = count ? first : i;
        series[count++] = (struct block_series){found->id, found->count, found->samples};
    }
    return good && (!count || write_block(folding, &members[first], series, count, error));
}

static bool fold(struct folding *folding, struct error *error) {
    return read_members(folding, error) && read_rows(folding, error) &&
           remove_rows(folding, error) && write_blocks(folding, error) &&
           note_damage(folding, error);
}

/* An hour of a chunk; what blocks of it hold already becomes part of them. */
static bool fold_hour(struct database *database, int64_t chunk, int64_t hour, struct error *error) {
    struct folding folding = {.database = database, .chunk = chunk, .hour = hour};
    folding.members = g_array_new(FALSE, FALSE, sizeof(struct member));
    bool good = fold(&folding, error);
    g_array_free(folding.members, TRUE);
    collected_done(&folding.collected);
    return good;
}

/* The oldest hour of a chunk that is complete. A clock that is ahead ends nobody else's hours. */
static bool find_due(struct database *database, int64_t *chunk, int64_t *hour,
                     struct error *error) {
    struct error failed = {0};
    sqlite3_stmt *row = database_query(database, &failed,
                                       "SELECT chunk, min(hour) AS due FROM round GROUP BY chunk "
                                       "HAVING max(newest) >= (due + 1) * ?1 + ?2 "
                                       "OR min((SELECT max(hour) FROM round), strftime('%s', "
                                       "'now') / ?1) * ?1 >= (due + 1) * ?1 + "
                                       "?3 LIMIT 1",
                                       "iii", (int64_t)HOUR_SECONDS, (int64_t)FOLD_AFTER_SECONDS,
                                       (int64_t)SILENT_SECONDS);
    bool found = database_next(database, row, &failed);
    if (found) {
        *chunk = sqlite3_column_int64(row, 0);
        *hour = sqlite3_column_int64(row, 1);
        sqlite3_reset(row);
    }
    fail_as(&failed, error);
    return found;
}

static bool fold_until(struct database *database, int64_t chunk, int64_t hour, int64_t until_ns,
                       struct error *error) {
    do
        if (!fold_hour(database, chunk, hour, error))
            return false;
    while (clock_now_ns() < until_ns && find_due(database, &chunk, &hour, error));
    return error->kind == ERROR_NONE;
}

bool fold_due(struct database *database, int64_t until_ns, struct error *error) {
    int64_t chunk = 0, hour = 0;
    if (!find_due(database, &chunk, &hour, error))
        return error->kind == ERROR_NONE;
    if (database_script(database, "BEGIN IMMEDIATE", error) &&
        fold_until(database, chunk, hour, until_ns, error) &&
        database_script(database, "COMMIT", error))
        return true;
    database_undo(database);
    return false;
}
