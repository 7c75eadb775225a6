/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/reader.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "history/context.h"
#include "history/rollup.h"

enum { HOUR_SECONDS = 3600 };

static bool fail_as(const struct error *failed, struct error *error) {
    return failed->kind == ERROR_NONE || error_set(error, failed->kind, "%s", failed->message);
}

static gint64 *number_key(int64_t number) {
    return g_memdup2(&number, sizeof number);
}

#define COUNTERS(reading)                                                                          \
    "SELECT id, name, unit, rollup, stats, level, device_level, label, summary, formula, "         \
    "fidelity, " reading ", sum IS row_sum(id, name, unit) FROM counter ORDER BY id"

static bool read_counters(struct reader *reader, struct error *error) {
    struct error failed = {0};
    bool tells = database_has_column(reader->database, "counter", "reading", &failed);
    sqlite3_stmt *row = database_query(reader->database, &failed,
                                       tells ? COUNTERS("reading") : COUNTERS("unit IS NULL"), "");
    while (database_next(reader->database, row, &failed)) {
        if (!sqlite3_column_int(row, 12)) {
            reader->faults++;
            continue;
        }
        const struct counter counter = database_counter(row);
        catalog_add(reader->catalog, &counter);
        g_hash_table_insert(reader->counters, number_key(sqlite3_column_int64(row, 0)),
                            (gpointer)meanings_add(reader->meanings, &counter));
    }
    return fail_as(&failed, error);
}

static void free_entity(struct reader_entity *entity) {
    for (size_t i = 0; i < entity->context_count; i++)
        free(entity->contexts[i].entity);
    for (size_t i = 0; i < entity->count; i++)
        free(entity->series[i].instance);
    free(entity->contexts);
    free(entity->series);
    free(entity);
}

static void forget_entities(struct reader *reader) {
    for (size_t i = 0; i < reader->count; i++)
        free_entity(reader->entities[i]);
    free(reader->entities);
    reader->entities = NULL;
    reader->count = 0;
}

static void forget_recents(struct reader *reader) {
    for (size_t i = 0; i < READER_RECENTS; i++) {
        collected_done(&reader->recents[i].collected);
        reader->recents[i] = (struct reader_recent){0};
    }
}

static struct reader_entity *add_entity(struct reader *reader, size_t *capacity,
                                        sqlite3_stmt *row) {
    struct reader_entity *entity = memory_alloc(sizeof *entity);
    entity->id = sqlite3_column_int64(row, 0);
    entity->chunk = sqlite3_column_int64(row, 1);
    bool any = sqlite3_column_type(row, 2) != SQLITE_NULL;
    entity->newest = any ? sqlite3_column_int64(row, 2) : INT64_MIN;
    reader->entities =
        memory_grow(reader->entities, reader->count, capacity, sizeof(struct reader_entity *));
    reader->entities[reader->count++] = entity;
    return entity;
}

static void add_context(struct reader_entity *entity, int64_t since, const struct entity *read) {
    entity->contexts = memory_grow(entity->contexts, entity->context_count,
                                   &entity->context_capacity, sizeof *entity->contexts);
    entity->contexts[entity->context_count++] = (struct reader_context){since, entity_copy(read)};
}

/* Entities in the order of their numbers, with their keys; contexts are merged into them. */
static bool read_entities(struct reader *reader, GPtrArray *keys, struct error *error) {
    struct error failed = {0};
    size_t capacity = 0;
    sqlite3_stmt *row = database_query(
        reader->database, &failed,
        "SELECT e.id, e.chunk, (SELECT max((newest + 1) * interval - 1) FROM mark m WHERE m.entity "
        "= e.id), e.type, e.key, t.name, e.sum IS row_sum(e.id, e.target, e.type, e.key, e.chunk, "
        "t.name) FROM entity e JOIN target t ON t.id = e.target ORDER BY e.id",
        "");
    while (database_next(reader->database, row, &failed)) {
        reader->faults += !sqlite3_column_int(row, 6);
        if (!sqlite3_column_int(row, 6))
            continue;
        struct entity key = {.id = database_text(row, 4), .source = database_text(row, 5)};
        const char *type = database_text(row, 3);
        if (!entity_type_from_name(type, strlen(type), &key.type))
            continue;
        add_entity(reader, &capacity, row);
        g_ptr_array_add(keys, entity_copy(&key));
    }
    return fail_as(&failed, error);
}

static bool read_contexts(struct reader *reader, const GPtrArray *keys, struct error *error) {
    struct error failed = {0};
    char *sql = context_select(reader->database, "", &failed);
    sqlite3_stmt *row = sql ? database_query(reader->database, &failed, sql, "") : NULL;
    size_t at = 0;
    while (database_next(reader->database, row, &failed)) {
        int64_t id = sqlite3_column_int64(row, 0);
        reader->faults += !context_is_good(row);
        if (!context_is_good(row))
            continue;
        while (at < reader->count && reader->entities[at]->id < id)
            at++;
        if (at == reader->count || reader->entities[at]->id != id)
            continue;
        struct entity entity = *(const struct entity *)g_ptr_array_index(keys, at);
        context_read(&entity, row);
        add_context(reader->entities[at], sqlite3_column_int64(row, 1), &entity);
    }
    free(sql);
    return fail_as(&failed, error);
}

/* One of which nothing else is known has its key. */
static void complete_contexts(struct reader *reader, const GPtrArray *keys) {
    for (size_t i = 0; i < reader->count; i++) {
        struct entity entity = *(const struct entity *)g_ptr_array_index(keys, i);
        entity.name = entity.id;
        if (!reader->entities[i]->context_count)
            add_context(reader->entities[i], 0, &entity);
    }
}

const struct entity *reader_present(const struct reader_entity *entity) {
    return entity->contexts[entity->context_count - 1].entity;
}

static int compare_entities(const void *a, const void *b) {
    const struct reader_entity *left = *(struct reader_entity *const *)a;
    const struct reader_entity *right = *(struct reader_entity *const *)b;
    int order = strcmp(reader_present(left)->source, reader_present(right)->source);
    order = order ? order : entity_compare(reader_present(left), reader_present(right));
    return order ? order : (left->id > right->id) - (left->id < right->id);
}

static bool load(struct reader *reader, struct error *error) {
    GPtrArray *keys = g_ptr_array_new_with_free_func(free);
    forget_entities(reader);
    reader->faults = 0;
    bool good = read_counters(reader, error) && read_entities(reader, keys, error) &&
                read_contexts(reader, keys, error);
    if (good) {
        complete_contexts(reader, keys);
        if (reader->count)
            qsort(reader->entities, reader->count, sizeof(struct reader_entity *),
                  compare_entities);
    }
    g_ptr_array_free(keys, TRUE);
    return good;
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
    if (reader_begin(reader, error)) {
        reader_end(reader);
        return reader;
    }
    reader_close(reader);
    return NULL;
}

void reader_close(struct reader *reader) {
    if (!reader)
        return;
    forget_recents(reader);
    forget_entities(reader);
    g_hash_table_destroy(reader->counters);
    meanings_free(reader->meanings);
    block_room_free(reader->room);
    catalog_free(reader->catalog);
    database_close(reader->database);
    free(reader);
}

/* What is more than a day ahead of our clock is not the present, unless everything is. */
static const char newest_sql[] =
    "SELECT coalesce(max(CASE WHEN time <= strftime('%s', 'now') + 86400 THEN time END), max(time))"
    " FROM (SELECT (newest + 1) * interval - 1 AS time FROM mark)";

static bool refresh(struct reader *reader, struct error *error) {
    int64_t series = 0, contexts = 0;
    if (!database_number(reader->database, "SELECT max(id) FROM series", &series, 0, error) ||
        !database_number(reader->database, "SELECT count(*) FROM context", &contexts, 0, error))
        return false;
    if (!database_number(reader->database, newest_sql, &reader->newest, INT64_MIN, error))
        return false;
    if (series == reader->last_series && contexts == reader->contexts)
        return true;
    reader->last_series = series;
    reader->contexts = contexts;
    return load(reader, error);
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

bool reader_load(struct reader *reader, struct reader_entity *entity, struct error *error) {
    struct error failed = {0};
    size_t capacity = 0;
    if (entity->loaded)
        return true;
    sqlite3_stmt *row = database_query(
        reader->database, &failed,
        "SELECT id, counter, instance, interval, sum IS row_sum(id, entity, counter, instance, "
        "interval) FROM series WHERE entity = ? ORDER BY id",
        "i", entity->id);
    while (database_next(reader->database, row, &failed)) {
        int64_t number = sqlite3_column_int64(row, 1);
        const struct counter *counter = g_hash_table_lookup(reader->counters, &number);
        if (!counter || !sqlite3_column_int(row, 4)) {
            reader->faults++;
            continue;
        }
        entity->series =
            memory_grow(entity->series, entity->count, &capacity, sizeof *entity->series);
        entity->series[entity->count++] = (struct reader_series){
            .id = sqlite3_column_int64(row, 0),
            .counter = counter,
            .instance = memory_strdup(database_text(row, 2)),
            .interval = sqlite3_column_int(row, 3),
        };
    }
    entity->loaded = true;
    return fail_as(&failed, error);
}

size_t reader_context(const struct reader_entity *entity, int64_t time) {
    size_t index = 0;
    while (index + 1 < entity->context_count && entity->contexts[index + 1].since < time)
        index++;
    return index;
}

static void tell_damage(const struct reader *reader, const struct reader_entity *entity,
                        int64_t hour, const struct error *damage) {
    char text[64] = "?";
    time_t begin = (time_t)(hour * HOUR_SECONDS);
    struct tm parts;
    if (gmtime_r(&begin, &parts))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    char *told = memory_printf("'%s' is damaged: samples of the hour that begins at %s are lost: "
                               "%s",
                               database_path(reader->database), text, damage->message);
    if (reader->damaged)
        reader->damaged(reader->context, entity, told);
    free(told);
}

static void add_row(const struct reader *reader, const struct reader_entity *entity,
                    struct collected *collected, sqlite3_stmt *row) {
    struct error damage = {0};
    collected->room = reader->room;
    if (!collected_add(collected, sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1),
                       &damage))
        tell_damage(reader, entity, sqlite3_column_int64(row, 0), &damage);
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
    for (size_t i = 0; recent && i < collected->count; i++) {
        const struct collected_series *from = collected_find(recent, collected->series[i].id);
        if (from && from->count)
            collected_append(collected, &collected->series[i], from->samples, from->count);
    }
    return recent;
}

static bool read_blocks(struct reader *reader, const struct reader_entity *entity,
                        struct collected *collected, struct error *error) {
    struct error failed = {0};
    int64_t first = collected->series[0].id, last = collected->series[collected->count - 1].id;
    sqlite3_stmt *row = database_query(
        reader->database, &failed,
        "SELECT hour, data FROM block WHERE entity = ? AND hour BETWEEN ? AND ? AND last >= ? AND "
        "first <= ? ORDER BY hour",
        "iiiii", entity->id, rollup_hour(collected->after + 1), rollup_hour(collected->until),
        first, last);
    while (database_next(reader->database, row, &failed))
        add_row(reader, entity, collected, row);
    return fail_as(&failed, error);
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
    collected_sort(collected);
    return true;
}

bool reader_samples(struct reader *reader, const struct reader_entity *entity, int64_t after,
                    int64_t until, int64_t *samples, struct error *error) {
    struct error failed = {0};
    sqlite3_stmt *row =
        database_query(reader->database, &failed,
                       "SELECT coalesce(sum(samples), 0) FROM block WHERE entity = ? AND hour "
                       "BETWEEN ? AND ?",
                       "iii", entity->id, rollup_hour(after + 1), rollup_hour(until));
    *samples = 0;
    if (database_next(reader->database, row, &failed)) {
        *samples = sqlite3_column_int64(row, 0);
        sqlite3_reset(row);
    }
    return fail_as(&failed, error);
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
