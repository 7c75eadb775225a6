/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/reader_entities.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "history/context.h"
#include "history/hidden.h"

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
    free(entity->order);
    free(entity);
}

void reader_forget(struct reader *reader) {
    for (size_t i = 0; i < reader->count; i++)
        free_entity(reader->entities[i]);
    free(reader->entities);
    reader->entities = NULL;
    reader->count = 0;
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

static void add_context(const struct reader *reader, struct reader_entity *entity, int64_t since,
                        const struct entity *read) {
    entity->contexts = memory_grow(entity->contexts, entity->context_count,
                                   &entity->context_capacity, sizeof *entity->contexts);
    struct entity *copy = entity_copy(read);
    copy->labels = reader->labels ? reader->labels : copy->labels;
    entity->contexts[entity->context_count++] = (struct reader_context){since, copy};
}

/* Which marks m are good; those of an older format have no sum. */
static const char *good_marks(struct reader *reader, struct error *error) {
    return database_has_column(reader->database, "mark", "sum", error)
               ? "(m.sum IS NULL OR m.sum = row_sum(m.entity, m.interval, m.newest, m.seen))"
               : "true";
}

/* One that has a bad mark, or series and no mark, may have samples up to the newest of all. */
static sqlite3_stmt *select_entities(struct reader *reader, struct error *error) {
    const char *good = good_marks(reader, error);
    bool counted = database_has_column(reader->database, "entity", "series", error);
    char *sql = memory_printf(
        "SELECT e.id, e.chunk, (SELECT max((m.newest + 1) * m.interval - 1) FROM mark m WHERE "
        "m.entity = e.id AND %s), e.type, e.key, t.name, e.sum IS row_sum(e.id, e.target, e.type, "
        "e.key, e.chunk, t.name), EXISTS (SELECT 1 FROM mark m WHERE m.entity = e.id AND NOT %s) "
        "OR (NOT EXISTS (SELECT 1 FROM mark m WHERE m.entity = e.id) AND EXISTS (SELECT 1 FROM "
        "series s WHERE s.entity = e.id)), %s FROM entity e LEFT JOIN target t ON t.id = e.target "
        "ORDER BY e.id",
        good, good, counted ? "coalesce(e.series, -1)" : "-1");
    sqlite3_stmt *row =
        error->kind == ERROR_NONE ? database_query(reader->database, error, sql, "") : NULL;
    free(sql);
    return row;
}

/* Entities in the order of their numbers, with their keys; contexts are merged into them. */
static bool read_entities(struct reader *reader, GPtrArray *keys, struct error *error) {
    struct error failed = {0};
    size_t capacity = 0;
    sqlite3_stmt *row = select_entities(reader, &failed);
    while (database_next(reader->database, row, &failed)) {
        reader->faults += !sqlite3_column_int(row, 6);
        if (!sqlite3_column_int(row, 6))
            continue;
        struct entity key = {.id = database_text(row, 4), .source = database_text(row, 5)};
        const char *type = database_text(row, 3);
        if (!entity_type_from_name(type, strlen(type), &key.type))
            continue;
        struct reader_entity *entity = add_entity(reader, &capacity, row);
        entity->series_count = sqlite3_column_int64(row, 8);
        if (sqlite3_column_int(row, 7)) {
            reader->faults++;
            entity->newest = MAX(entity->newest, reader->newest);
        }
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
        add_context(reader, reader->entities[at], sqlite3_column_int64(row, 1), &entity);
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
            add_context(reader, reader->entities[i], 0, &entity);
    }
}

/* When a clock is set right, marks follow it, and what was recorded before stays ahead of them. */
static bool find_ahead(struct reader *reader, struct error *error) {
    int64_t hour = INT64_MIN;
    bool good =
        database_number(reader->database, "SELECT max(hour) FROM round", &hour, INT64_MIN, error);
    bool possible = hour > INT64_MIN / HOUR_SECONDS && hour < INT64_MAX / HOUR_SECONDS;
    bool ahead = possible && hour * HOUR_SECONDS > reader->newest;
    reader->ahead = ahead ? (hour + 1) * HOUR_SECONDS : INT64_MIN;
    return good;
}

/* What is more than a day ahead of our clock is not the present, unless everything is. */
bool reader_find_newest(struct reader *reader, struct error *error) {
    char *sql = memory_printf(
        "SELECT coalesce(max(CASE WHEN time <= strftime('%%s', 'now') + 86400 THEN time END), "
        "max(time)) FROM (SELECT (m.newest + 1) * m.interval - 1 AS time FROM mark m WHERE %s)",
        good_marks(reader, error));
    bool good = error->kind == ERROR_NONE &&
                database_number(reader->database, sql, &reader->newest, INT64_MIN, error);
    free(sql);
    return good && find_ahead(reader, error);
}

static int compare_entities(const void *a, const void *b) {
    const struct reader_entity *left = *(struct reader_entity *const *)a;
    const struct reader_entity *right = *(struct reader_entity *const *)b;
    int order = strcmp(reader_present(left)->source, reader_present(right)->source);
    order = order ? order : entity_compare(reader_present(left), reader_present(right));
    return order ? order : (left->id > right->id) - (left->id < right->id);
}

bool reader_describe(struct reader *reader, struct error *error) {
    GPtrArray *keys = g_ptr_array_new_with_free_func(free);
    reader_forget(reader);
    bool good = hidden_rows(reader->database, &reader->faults, error) &&
                read_counters(reader, error) && read_entities(reader, keys, error) &&
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
