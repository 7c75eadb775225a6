/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/reader.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "history/hidden.h"
#include "history/reader_entities.h"
#include "history/rollup.h"

enum {
    HOUR_SECONDS = 3600,
    MOST_WAITING = 8 * 1024 * 1024, /* bytes of blocks */
};

/*
 * KiB: the upper pages of the tree of blocks, which lead to each block of an entity, stay while a
 * month of it is read.
 */
static const char room_for_pages[] = "PRAGMA cache_size=-8192";

static bool fail_as(const struct error *failed, struct error *error) {
    return failed->kind == ERROR_NONE || error_set(error, failed->kind, "%s", failed->message);
}

static void forget_recents(struct reader *reader) {
    for (size_t i = 0; i < READER_RECENTS; i++) {
        collected_done(&reader->recents[i].collected);
        reader->recents[i] = (struct reader_recent){0};
    }
}

const struct entity *reader_present(const struct reader_entity *entity) {
    return entity->contexts[entity->context_count - 1].entity;
}

struct reader *reader_open(const char *path, struct error *error) {
    struct database *database = database_open(path, error);
    if (!database)
        return NULL;
    struct reader *reader = memory_alloc(sizeof *reader);
    reader->database = database;
    reader->counters = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    reader->meanings = meanings_new();
    reader->room = block_room_new();
    reader->catalog = catalog_new();
    reader->last_series = -1;
    if (database_script(database, room_for_pages, error) && reader_begin(reader, error)) {
        reader_end(reader);
        return reader;
    }
    reader_close(reader);
    return NULL;
}

void reader_set_labels(struct reader *reader, const char *labels) {
    reader->labels = labels;
    for (size_t i = 0; labels && i < reader->count; i++)
        for (size_t k = 0; k < reader->entities[i]->context_count; k++)
            reader->entities[i]->contexts[k].entity->labels = labels;
}

void reader_close(struct reader *reader) {
    if (!reader)
        return;
    forget_recents(reader);
    reader_forget(reader);
    g_hash_table_destroy(reader->counters);
    meanings_free(reader->meanings);
    block_room_free(reader->room);
    catalog_free(reader->catalog);
    database_close(reader->database);
    free(reader);
}

bool reader_is_gone(const struct reader *reader) {
    return !database_is_there(reader->database);
}

bool reader_open_again(struct reader *reader, struct error *error) {
    struct database *database = database_open(database_path(reader->database), error);
    if (!database)
        return false;
    reader_forget(reader);
    g_hash_table_remove_all(reader->counters);
    database_close(reader->database);
    reader->database = database;
    reader->last_series = -1;
    reader->contexts = reader->faults = 0;
    reader->chunk = reader->entity = 0;
    return true;
}

static bool refresh(struct reader *reader, struct error *error) {
    int64_t series = 0, contexts = 0;
    if (!database_number(reader->database, "SELECT max(id) FROM series", &series, 0, error) ||
        !database_number(reader->database, "SELECT count(*) FROM context", &contexts, 0, error))
        return false;
    if (!reader_find_newest(reader, error))
        return false;
    if (series == reader->last_series && contexts == reader->contexts)
        return true;
    reader->last_series = series;
    reader->contexts = contexts;
    return reader_describe(reader, error);
}

bool reader_begin(struct reader *reader, struct error *error) {
    if (database_script(reader->database, "BEGIN", error) && refresh(reader, error))
        return true;
    reader_end(reader);
    return false;
}

void reader_end(struct reader *reader) {
    forget_recents(reader);
    database_undo(reader->database);
}

static void add_series(struct reader *reader, struct reader_entity *entity, size_t *capacity,
                       sqlite3_stmt *row) {
    int64_t number = sqlite3_column_int64(row, 1);
    const struct counter *counter = g_hash_table_lookup(reader->counters, &number);
    if (!counter || !sqlite3_column_int(row, 4)) {
        reader->faults++;
        return;
    }
    entity->series = memory_grow(entity->series, entity->count, capacity, sizeof *entity->series);
    entity->series[entity->count++] = (struct reader_series){
        .id = sqlite3_column_int64(row, 0),
        .counter = counter,
        .instance = memory_strdup(database_text(row, 2)),
        .interval = sqlite3_column_int(row, 3),
        .place = sqlite3_column_int64(row, 5),
    };
}

static int compare_places(const void *a, const void *b, void *series) {
    const struct reader_series *left = (const struct reader_series *)series + *(const size_t *)a;
    const struct reader_series *right = (const struct reader_series *)series + *(const size_t *)b;
    return (left->place > right->place) - (left->place < right->place);
}

static void put_in_order(struct reader_entity *entity) {
    entity->order = memory_array(entity->count + 1, sizeof *entity->order);
    for (size_t i = 0; i < entity->count; i++)
        entity->order[i] = i;
    g_qsort_with_data(entity->order, (gint)entity->count, sizeof *entity->order, compare_places,
                      entity->series);
}

/* An older format has no places: they are the numbers. */
#define SERIES(place)                                                                              \
    "SELECT s.id, s.counter, s.instance, s.interval, s.entity = ?1 AND s.sum IS row_sum(s.id, "    \
    "s.entity, s.counter, s.instance, s.interval), " place " FROM (SELECT id AS found FROM "       \
    "series WHERE entity = ?1) LEFT JOIN series s ON s.id = found ORDER BY s.id"

bool reader_load(struct reader *reader, struct reader_entity *entity, struct error *error) {
    struct error failed = {0};
    size_t capacity = 0;
    int64_t found = 0;
    if (entity->loaded)
        return true;
    bool tells = database_has_column(reader->database, "series", "place", &failed);
    sqlite3_stmt *row =
        database_query(reader->database, &failed,
                       tells ? SERIES("coalesce(s.place, s.id)") : SERIES("s.id"), "i", entity->id);
    for (; database_next(reader->database, row, &failed); found++)
        add_series(reader, entity, &capacity, row);
    reader->faults += entity->series_count >= 0 && found != entity->series_count;
    put_in_order(entity);
    entity->loaded = true;
    return fail_as(&failed, error);
}

size_t reader_context(const struct reader_entity *entity, int64_t time) {
    size_t index = 0;
    while (index + 1 < entity->context_count && entity->contexts[index + 1].since < time)
        index++;
    return index;
}

/* Owned by the caller. */
static char *text_of_damage(const struct reader *reader, int64_t hour, const struct error *damage) {
    char text[64] = "?";
    time_t begin = (time_t)(hour * HOUR_SECONDS);
    struct tm parts;
    if (gmtime_r(&begin, &parts))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return memory_printf("'%s' is damaged: samples of the hour that begins at %s are lost: %s",
                         database_path(reader->database), text, damage->message);
}

static void tell_damage(const struct reader *reader, const struct reader_entity *entity,
                        int64_t hour, const struct error *damage) {
    char *told = text_of_damage(reader, hour, damage);
    if (reader->damaged)
        reader->damaged(reader->context, entity, told);
    free(told);
}

bool reader_decode(const struct reader *reader, const struct reader_entity *entity,
                   struct collected *collected, const struct reader_decoding *decoding) {
    const struct collected_block *block = NULL;
    if (!collected->waiting)
        return true;
    collected->room = decoding->room;
    do {
        struct error damage = {0};
        if (decoding->enough && g_atomic_int_get(decoding->enough))
            return false;
        block = collected_next(collected, &damage);
        if (!block || damage.kind == ERROR_NONE)
            continue;
        char *told = text_of_damage(reader, block->hour, &damage);
        if (decoding->damaged)
            decoding->damaged(decoding->context, entity, told);
        free(told);
    } while (block);
    collected_sort(collected);
    return true;
}

/* What comes next comes after what waits. */
static void decode_all(const struct reader *reader, const struct reader_entity *entity,
                       struct collected *collected) {
    const struct reader_decoding decoding = {reader->room, NULL, reader->damaged, reader->context};
    (void)!reader_decode(reader, entity, collected, &decoding);
}

static void add_row(const struct reader *reader, const struct reader_entity *entity,
                    struct collected *collected, sqlite3_stmt *row) {
    struct error damage = {0};
    const void *data = sqlite3_column_blob(row, 1);
    size_t size = (size_t)sqlite3_column_bytes(row, 1);
    int64_t hour = sqlite3_column_int64(row, 0);
    collected->room = reader->room;
    bool good = collected->waiting ? collected_keep(collected, data, size, hour, &damage)
                                   : collected_add(collected, data, size, &damage);
    if (!good)
        tell_damage(reader, entity, hour, &damage);
    if (collected->waiting && collected->bytes->len > MOST_WAITING)
        decode_all(reader, entity, collected);
}

static struct reader_recent *oldest_recent(struct reader *reader) {
    struct reader_recent *oldest = &reader->recents[0];
    for (size_t i = 1; i < READER_RECENTS; i++)
        if (reader->recents[i].used < oldest->used)
            oldest = &reader->recents[i];
    collected_done(&oldest->collected);
    *oldest = (struct reader_recent){0};
    return oldest;
}

static bool init_recent(struct reader *reader, struct collected *collected, int64_t chunk,
                        struct error *error) {
    struct error failed = {0};
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    sqlite3_stmt *row = database_query(reader->database, &failed,
                                       "SELECT s.id FROM entity e JOIN series s ON s.entity = e.id "
                                       "WHERE e.chunk = ? ORDER BY s.id",
                                       "i", chunk);
    while (database_next(reader->database, row, &failed)) {
        int64_t id = sqlite3_column_int64(row, 0);
        g_array_append_val(ids, id);
    }
    collected_init(collected, (const int64_t *)(const void *)ids->data, ids->len);
    g_array_free(ids, TRUE);
    return fail_as(&failed, error);
}

/* Those of all entities of a chunk, which are mostly asked for one after the other. */
static struct collected *recent_of(struct reader *reader, const struct reader_entity *entity,
                                   struct error *error) {
    struct error failed = {0};
    for (size_t i = 0; i < READER_RECENTS; i++)
        if (reader->recents[i].used && reader->recents[i].chunk == entity->chunk) {
            reader->recents[i].used = ++reader->uses;
            return &reader->recents[i].collected;
        }
    struct reader_recent *recent = oldest_recent(reader);
    recent->chunk = entity->chunk;
    recent->used = ++reader->uses;
    sqlite3_stmt *row = NULL;
    if (init_recent(reader, &recent->collected, entity->chunk, &failed))
        row = database_query(reader->database, &failed,
                             "SELECT hour, data FROM round WHERE chunk = ? ORDER BY hour, id", "i",
                             entity->chunk);
    while (database_next(reader->database, row, &failed))
        add_row(reader, NULL, &recent->collected, row);
    collected_sort(&recent->collected);
    return fail_as(&failed, error) ? &recent->collected : NULL;
}

/* Of one entity of a chunk alone: only those of the asked series are unpacked. */
static bool read_rounds(struct reader *reader, const struct reader_entity *entity,
                        struct collected *collected, struct error *error) {
    struct error failed = {0};
    sqlite3_stmt *row = database_query(
        reader->database, &failed,
        "SELECT hour, data FROM round WHERE chunk = ? AND hour BETWEEN ? AND ? ORDER BY hour, id",
        "iii", entity->chunk, rollup_hour(collected->after + 1), rollup_hour(collected->until));
    while (database_next(reader->database, row, &failed))
        add_row(reader, entity, collected, row);
    return fail_as(&failed, error);
}

/* Those that are kept of all entities of the chunk. */
static bool take_recent(struct reader *reader, const struct reader_entity *entity,
                        struct collected *collected, struct error *error) {
    const struct collected *recent = recent_of(reader, entity, error);
    bool decoded = false;
    for (size_t i = 0; recent && i < collected->count; i++) {
        const struct collected_series *from = collected_find(recent, collected->series[i].id);
        if (!from || !from->count)
            continue;
        if (!decoded)
            decode_all(reader, entity, collected);
        decoded = true;
        collected_append(collected, &collected->series[i], from->samples, from->count);
    }
    return recent;
}

static bool select_blocks(struct reader *reader, const struct reader_entity *entity,
                          struct collected *collected, struct hidden_hours *hours,
                          struct error *error) {
    struct error failed = {0};
    int64_t first = collected->series[0].id, last = collected->series[collected->count - 1].id;
    sqlite3_stmt *row = database_query(
        reader->database, &failed,
        "SELECT hour, data, first, last FROM block WHERE entity = ? AND hour BETWEEN ? AND ? AND "
        "last >= ? AND first <= ? ORDER BY hour",
        "iiiii", entity->id, rollup_hour(collected->after + 1), rollup_hour(collected->until),
        first, last);
    while (database_next(reader->database, row, &failed)) {
        hidden_hours_found(hours, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 2),
                           sqlite3_column_int64(row, 3));
        add_row(reader, entity, collected, row);
    }
    return fail_as(&failed, error);
}

static bool read_blocks(struct reader *reader, const struct reader_entity *entity,
                        struct collected *collected, struct error *error) {
    struct error hidden = {0};
    struct hidden_hours hours;
    int64_t hour = INT64_MIN;
    error_set(&hidden, ERROR_PROTOCOL, "a block is not found");
    bool good =
        hidden_hours_init(&hours, reader->database, entity->id, entity->newest, collected, error) &&
        select_blocks(reader, entity, collected, &hours, error);
    while (good && hidden_hours_next(&hours, reader->database, &hour, error))
        tell_damage(reader, entity, hour, &hidden);
    hidden_hours_done(&hours);
    return good && error->kind == ERROR_NONE;
}

bool reader_read(struct reader *reader, const struct reader_entity *entity,
                 struct collected *collected, struct error *error) {
    if (!collected->count)
        return true;
    bool again = reader->chunk == entity->chunk && reader->entity != entity->id;
    reader->chunk = entity->chunk;
    reader->entity = entity->id;
    if (!read_blocks(reader, entity, collected, error) ||
        !(again ? take_recent : read_rounds)(reader, entity, collected, error))
        return false;
    if (!collected->waiting)
        collected_sort(collected);
    return true;
}

/* What the statement tells of the blocks of the entity between these hours. */
static bool sum_up(struct reader *reader, const char *sql, const struct reader_entity *entity,
                   const int64_t span[2], int64_t *number, struct error *error) {
    struct error failed = {0};
    sqlite3_stmt *row = database_query(reader->database, &failed, sql, "iii", entity->id,
                                       rollup_hour(span[0] + 1), rollup_hour(span[1]));
    *number = 0;
    if (database_next(reader->database, row, &failed)) {
        *number = sqlite3_column_int64(row, 0);
        sqlite3_reset(row);
    }
    return fail_as(&failed, error);
}

bool reader_samples(struct reader *reader, const struct reader_entity *entity, int64_t after,
                    int64_t until, int64_t *samples, struct error *error) {
    return sum_up(reader,
                  "SELECT coalesce(sum(samples), 0) FROM block WHERE entity = ? AND hour BETWEEN ? "
                  "AND ?",
                  entity, (const int64_t[]){after, until}, samples, error);
}

/* The index has them: no page with a block is read. */
bool reader_hours(struct reader *reader, const struct reader_entity *entity, int64_t after,
                  int64_t until, int64_t *hours, struct error *error) {
    return sum_up(
        reader, "SELECT count(DISTINCT hour) FROM block WHERE entity = ? AND hour BETWEEN ? AND ?",
        entity, (const int64_t[]){after, until}, hours, error);
}

bool reader_last_round(struct reader *reader, int64_t *last, struct error *error) {
    return database_number(reader->database, "SELECT seq FROM sqlite_sequence WHERE name = 'round'",
                           last, 0, error);
}

static bool give_round(struct reader *reader, const struct reader_tail *tail, sqlite3_stmt *row,
                       struct error *error) {
    struct collected collected;
    int64_t chunk = sqlite3_column_int64(row, 2);
    bool good = init_recent(reader, &collected, chunk, error);
    if (good) {
        add_row(reader, NULL, &collected, row);
        good = tail->round(tail->context, chunk, &collected, error);
    }
    collected_done(&collected);
    return good;
}

bool reader_read_tail(struct reader *reader, const struct reader_tail *tail, int64_t *last,
                      bool *whole, struct error *error) {
    struct error failed = {0};
    int64_t next = *last + 1;
    if (!reader_last_round(reader, last, error))
        return false;
    sqlite3_stmt *row = database_query(
        reader->database, &failed,
        "SELECT hour, data, chunk, id FROM round WHERE id >= ? ORDER BY id", "i", next);
    while (database_next(reader->database, row, &failed)) {
        *whole = *whole && sqlite3_column_int64(row, 3) == next;
        next = sqlite3_column_int64(row, 3) + 1;
        if (!give_round(reader, tail, row, &failed)) {
            sqlite3_reset(row);
            break;
        }
    }
    *whole = *whole && (failed.kind != ERROR_NONE || next == *last + 1);
    return fail_as(&failed, error);
}
