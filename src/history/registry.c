/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/registry.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "history/reported.h"

enum {
    CHUNK_ENTITIES = 64, /* that share the rows of a round, unless they have */
    CHUNK_SERIES = 2048, /* so many series together */
    IDLE_ROUNDS = 2000,
};

static bool read_counters(struct registry *registry, struct error *error) {
    struct error failed = {0};
    sqlite3_stmt *row = database_query(
        registry->database, &failed,
        "SELECT id, name, unit, rollup, stats, level, device_level, label, summary, formula, "
        "fidelity, reading FROM counter",
        "");
    while (database_next(registry->database, row, &failed)) {
        const struct counter counter = database_counter(row);
        struct kept_counter *kept = memory_alloc(sizeof *kept);
        kept->counter = meanings_add(registry->meanings, &counter);
        kept->id = sqlite3_column_int64(row, 0);
        kept->saved = true;
        HASH_ADD_PTR(registry->counters, counter, kept);
    }
    return failed.kind == ERROR_NONE || error_set(error, failed.kind, "%s", failed.message);
}

static bool next_number(struct registry *registry, const char *sql, int64_t *next,
                        struct error *error) {
    bool good = database_number(registry->database, sql, next, 0, error);
    ++*next;
    return good;
}

bool registry_open(struct registry *registry, struct database *database, struct error *error) {
    *registry = (struct registry){.database = database, .meanings = meanings_new()};
    registry->key = g_string_new(NULL);
    registry->contexts = context_select(database, "WHERE entity = ?", error);
    return registry->contexts && read_counters(registry, error) &&
           next_number(registry, "SELECT max(id) FROM counter", &registry->next_counter, error) &&
           next_number(registry, "SELECT max(id) FROM target", &registry->next_target, error) &&
           next_number(registry, "SELECT max(id) FROM entity", &registry->next_entity, error) &&
           next_number(registry, "SELECT max(id) FROM series", &registry->next_series, error) &&
           next_number(registry, "SELECT max(coalesce(place, id)) FROM series",
                       &registry->next_place, error) &&
           next_number(registry, "SELECT max(chunk) FROM entity", &registry->next_chunk, error);
}

static void free_series(struct kept_series *series) {
    free(series->instance);
    free(series->samples);
    free(series->key);
    free(series);
}

static void free_entity(struct kept_entity *entity) {
    struct kept_series *series = entity->series;
    HASH_CLEAR(hh, entity->series);
    for (struct kept_series *next = NULL; series; series = next) {
        next = series->hh.next;
        free_series(series);
    }
    free(entity->text);
    free(entity->context);
    free(entity->reason);
    free(entity->marks);
    g_ptr_array_free(entity->pending, TRUE);
    g_clear_pointer(&entity->gaps, g_array_unref);
    g_clear_pointer(&entity->losses, g_array_unref);
    g_string_free(entity->key, TRUE);
    free(entity);
}

static void free_targets(struct registry *registry) {
    struct kept_target *target = registry->targets;
    HASH_CLEAR(hh, registry->targets);
    for (struct kept_target *next = NULL; target; target = next) {
        next = target->hh.next;
        free(target->name);
        free(target);
    }
}

void registry_done(struct registry *registry) {
    struct kept_entity *entity = registry->entities;
    HASH_CLEAR(hh, registry->entities);
    for (struct kept_entity *next = NULL; entity; entity = next) {
        next = entity->hh.next;
        free_entity(entity);
    }
    struct kept_counter *counter = registry->counters;
    HASH_CLEAR(hh, registry->counters);
    for (struct kept_counter *next = NULL; counter; counter = next) {
        next = counter->hh.next;
        free(counter);
    }
    free_targets(registry);
    meanings_free(registry->meanings);
    free(registry->contexts);
    if (registry->key)
        g_string_free(registry->key, TRUE);
}

static bool load_target(struct registry *registry, struct kept_target *target,
                        struct error *error) {
    struct error failed = {0};
    sqlite3_stmt *row = database_query(registry->database, &failed,
                                       "SELECT id FROM target WHERE name = ?", "t", target->name);
    target->saved = database_next(registry->database, row, &failed);
    if (target->saved) {
        target->id = sqlite3_column_int64(row, 0);
        sqlite3_reset(row);
    }
    return failed.kind == ERROR_NONE || error_set(error, failed.kind, "%s", failed.message);
}

static struct kept_target *target_for(struct registry *registry, const char *name,
                                      struct error *error) {
    struct kept_target *target = NULL;
    HASH_FIND_STR(registry->targets, name, target);
    if (target)
        return target;
    target = memory_alloc(sizeof *target);
    target->name = memory_strdup(name);
    if (!load_target(registry, target, error)) {
        free(target->name);
        free(target);
        return NULL;
    }
    if (!target->saved)
        target->id = registry->next_target++;
    HASH_ADD_KEYPTR(hh, registry->targets, target->name, strlen(target->name), target);
    return target;
}

static void series_key(GString *key, int64_t counter, int32_t interval, const char *instance) {
    g_string_truncate(key, 0);
    g_string_append_len(key, (const char *)&counter, sizeof counter);
    g_string_append_len(key, (const char *)&interval, sizeof interval);
    g_string_append(key, instance);
}

static struct kept_series *add_series(struct kept_entity *entity, GString *key,
                                      struct kept_counter *counter, int32_t interval,
                                      const char *instance) {
    struct kept_series *series = memory_alloc(sizeof *series);
    series->counter = counter;
    series->interval = interval;
    series->instance = memory_strdup(instance);
    series->key = g_memdup2(key->str, key->len);
    HASH_ADD_KEYPTR(hh, entity->series, series->key, key->len, series);
    return series;
}

static struct kept_counter *counter_by_id(struct registry *registry, int64_t id) {
    for (struct kept_counter *kept = registry->counters; kept; kept = kept->hh.next)
        if (kept->id == id)
            return kept;
    return NULL;
}

static void load_series(struct registry *registry, struct kept_entity *entity,
                        struct error *error) {
    sqlite3_stmt *row = database_query(
        registry->database, error,
        "SELECT id, counter, interval, instance, coalesce(place, id) FROM series WHERE entity = ?",
        "i", entity->id);
    while (database_next(registry->database, row, error)) {
        int32_t interval = sqlite3_column_int(row, 2);
        const char *instance = database_text(row, 3);
        struct kept_counter *counter = counter_by_id(registry, sqlite3_column_int64(row, 1));
        if (!counter)
            continue;
        series_key(registry->key, counter->id, interval, instance);
        struct kept_series *series = add_series(entity, registry->key, counter, interval, instance);
        series->id = sqlite3_column_int64(row, 0);
        series->place = sqlite3_column_int64(row, 4);
        series->saved = true;
    }
}

static struct kept_mark *add_mark(struct kept_entity *entity, int32_t interval) {
    size_t capacity = entity->mark_count;
    entity->marks =
        memory_grow(entity->marks, entity->mark_count, &capacity, sizeof *entity->marks);
    struct kept_mark *kept = &entity->marks[entity->mark_count++];
    *kept = (struct kept_mark){.mark = {.interval = interval}};
    return kept;
}

static void load_marks(struct registry *registry, struct kept_entity *entity, struct error *error) {
    sqlite3_stmt *row = database_query(
        registry->database, error,
        "SELECT interval, newest, seen FROM mark WHERE entity = ? AND (sum IS NULL OR "
        "sum = row_sum(entity, interval, newest, seen))",
        "i", entity->id);
    while (database_next(registry->database, row, error)) {
        struct kept_mark *kept = add_mark(entity, sqlite3_column_int(row, 0));
        struct mark *mark = &kept->mark;
        mark_init(mark, mark->interval, sqlite3_column_int64(row, 1) * mark->interval);
        mark->any = true;
        if (sqlite3_column_bytes(row, 2) == sizeof mark->seen)
            memcpy(mark->seen, sqlite3_column_blob(row, 2), sizeof mark->seen);
    }
}

static void load_context(struct registry *registry, struct kept_entity *entity,
                         const struct entity *now, struct error *error) {
    sqlite3_stmt *row =
        database_query(registry->database, error, registry->contexts, "i", entity->id);
    while (database_next(registry->database, row, error)) {
        struct entity read = {.type = entity->type, .source = now->source, .id = now->id};
        context_read(&read, row);
        free(entity->context);
        entity->context = entity_copy(&read);
        entity->context_saved = true;
    }
}

static bool load_entity(struct registry *registry, struct kept_entity *entity,
                        const struct entity *now, struct error *error) {
    struct error failed = {0};
    sqlite3_stmt *row =
        database_query(registry->database, &failed,
                       "SELECT id, chunk FROM entity WHERE target = ? AND type = ? AND key = ?",
                       "itt", entity->target->id, entity_type_name(entity->type), entity->text);
    entity->saved = database_next(registry->database, row, &failed);
    if (entity->saved) {
        entity->id = sqlite3_column_int64(row, 0);
        entity->chunk = sqlite3_column_int64(row, 1);
        sqlite3_reset(row);
        load_series(registry, entity, &failed);
        load_marks(registry, entity, &failed);
        load_context(registry, entity, now, &failed);
    }
    return failed.kind == ERROR_NONE || error_set(error, failed.kind, "%s", failed.message);
}

/* A chunk is of one target: its rounds are written together. */
static void number_entity(struct registry *registry, struct kept_entity *entity) {
    struct kept_target *target = entity->target;
    if (!target->chunk || target->chunk_entities >= CHUNK_ENTITIES ||
        target->chunk_series >= CHUNK_SERIES) {
        target->chunk = registry->next_chunk++;
        target->chunk_entities = target->chunk_series = 0;
    }
    target->chunk_entities++;
    entity->chunk = target->chunk;
    entity->id = registry->next_entity++;
}

struct kept_entity *registry_entity(struct registry *registry, const struct entity *entity,
                                    struct error *error) {
    struct kept_entity *kept = NULL;
    entity_key(entity, registry->key);
    HASH_FIND(hh, registry->entities, registry->key->str, registry->key->len, kept);
    if (kept) {
        kept->used = registry->rounds;
        return kept;
    }
    struct kept_target *target = target_for(registry, entity->source, error);
    if (!target)
        return NULL;
    kept = memory_alloc(sizeof *kept);
    kept->target = target;
    kept->type = entity->type;
    kept->text = memory_strdup(entity->id);
    kept->pending = g_ptr_array_new();
    kept->key = g_string_new_len(registry->key->str, (gssize)registry->key->len);
    kept->used = registry->rounds;
    if (!load_entity(registry, kept, entity, error)) {
        free_entity(kept);
        return NULL;
    }
    if (!kept->saved)
        number_entity(registry, kept);
    HASH_ADD_KEYPTR(hh, registry->entities, kept->key->str, kept->key->len, kept);
    return kept;
}

void registry_describe(struct kept_entity *kept, const struct entity *entity) {
    if (kept->context && entity_equal(kept->context, entity))
        return;
    free(kept->context);
    kept->context = entity_copy(entity);
    kept->context_saved = false;
}

static struct kept_counter *counter_for(struct registry *registry, const struct counter *counter) {
    const struct counter *meaning = meanings_add(registry->meanings, counter);
    struct kept_counter *kept = NULL;
    HASH_FIND_PTR(registry->counters, &meaning, kept);
    if (kept)
        return kept;
    kept = memory_alloc(sizeof *kept);
    kept->counter = meaning;
    kept->id = registry->next_counter++;
    HASH_ADD_PTR(registry->counters, counter, kept);
    return kept;
}

void registry_define(struct registry *registry, const struct counter *counter) {
    (void)counter_for(registry, counter);
}

struct kept_series *registry_series(struct registry *registry, struct kept_entity *entity,
                                    const struct series *series) {
    struct kept_counter *counter = counter_for(registry, series->counter);
    struct kept_series *kept = NULL;
    series_key(registry->key, counter->id, series->interval, series->instance);
    HASH_FIND(hh, entity->series, registry->key->str, registry->key->len, kept);
    if (kept)
        return kept;
    kept = add_series(entity, registry->key, counter, series->interval, series->instance);
    kept->place = registry->next_place++;
    entity->target->chunk_series += entity->chunk == entity->target->chunk;
    return kept;
}

struct kept_mark *registry_mark(struct kept_entity *entity, int32_t interval) {
    for (size_t i = 0; i < entity->mark_count; i++)
        if (entity->marks[i].mark.interval == interval)
            return &entity->marks[i];
    return add_mark(entity, interval);
}

static bool save_counter(struct registry *registry, const struct kept_counter *kept,
                         struct error *error) {
    const struct counter *counter = kept->counter;
    return database_run(
        registry->database, error,
        "INSERT OR REPLACE INTO counter (id, name, unit, rollup, stats, level, device_level, "
        "label, "
        "summary, formula, fidelity, reading, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
        "?10, ?11, ?12, row_sum(?1, ?2, ?3))",
        "ittttiitttti", kept->id, counter->name, counter->unit, counter->rollup, counter->stats,
        (int64_t)counter->level, (int64_t)counter->device_level, counter->label, counter->summary,
        counter->formula, counter->fidelity, (int64_t)counter->reading);
}

bool registry_save_counters(struct registry *registry, struct error *error) {
    if (registry->saved_counters == HASH_COUNT(registry->counters))
        return true;
    for (const struct kept_counter *kept = registry->counters; kept; kept = kept->hh.next)
        if (!kept->saved && !save_counter(registry, kept, error))
            return false;
    return true;
}

void registry_counters_saved(struct registry *registry) {
    if (registry->saved_counters == HASH_COUNT(registry->counters))
        return;
    for (struct kept_counter *kept = registry->counters; kept; kept = kept->hh.next)
        kept->saved = true;
    registry->saved_counters = HASH_COUNT(registry->counters);
}

static bool save_series(struct registry *registry, const struct kept_entity *entity,
                        const struct kept_series *series, struct error *error) {
    return series->saved ||
           database_run(
               registry->database, error,
               "INSERT INTO series (id, entity, counter, instance, interval, sum, place) VALUES "
               "(?1, ?2, ?3, ?4, ?5, row_sum(?1, ?2, ?3, ?4, ?5), ?6)",
               "iiitii", series->id, entity->id, series->counter->id, series->instance,
               (int64_t)series->interval, series->place);
}

/* Series with numbers that follow each other share blocks: first those that reports read. */
static void number_series(struct registry *registry, const struct kept_entity *entity) {
    for (int reported = 1; reported >= 0; reported--)
        for (guint i = 0; i < entity->pending->len; i++) {
            struct kept_series *series = g_ptr_array_index(entity->pending, i);
            if (!series->id &&
                reported_has(series->counter->counter->name, series->instance) == reported)
                series->id = registry->next_series++;
        }
}

static bool save_all_series(struct registry *registry, const struct kept_entity *entity,
                            struct error *error) {
    bool any = false;
    number_series(registry, entity);
    for (guint i = 0; i < entity->pending->len; i++) {
        const struct kept_series *series = g_ptr_array_index(entity->pending, i);
        any = any || !series->saved;
        if (!save_series(registry, entity, series, error))
            return false;
    }
    return !any || database_run(registry->database, error,
                                "UPDATE entity SET series = (SELECT count(*) FROM series WHERE "
                                "entity = ?1) WHERE id = ?1",
                                "i", entity->id);
}

/* What is known from now on holds for the samples after the newest one that is recorded. */
static int64_t context_since(const struct kept_entity *entity) {
    int64_t since = 0, first = INT64_MAX;
    for (size_t i = 0; i < entity->mark_count; i++)
        if (entity->marks[i].mark.any)
            since = MAX(since, mark_after(&entity->marks[i].mark));
    for (guint i = 0; i < entity->pending->len; i++) {
        const struct kept_series *series = g_ptr_array_index(entity->pending, i);
        first = MIN(first, series->samples[0].time - series->interval);
    }
    if (since)
        return since;
    return first == INT64_MAX ? g_get_real_time() / G_USEC_PER_SEC : first;
}

void registry_begin(struct registry *registry) {
    registry->transaction++;
}

bool registry_save(struct registry *registry, struct kept_entity *entity, struct error *error) {
    struct database *database = registry->database;
    const struct kept_target *target = entity->target;
    if (entity->written == registry->transaction)
        return true;
    entity->written = registry->transaction;
    if (!target->saved &&
        !database_run(database, error, "INSERT OR IGNORE INTO target VALUES (?, ?)", "it",
                      target->id, target->name))
        return false;
    if (!entity->saved &&
        !database_run(
            database, error,
            "INSERT INTO entity (id, target, type, key, chunk, sum, series) VALUES (?1, ?2, "
            "?3, ?4, ?5, row_sum(?1, ?2, ?3, ?4, ?5, ?6), 0)",
            "iittit", entity->id, target->id, entity_type_name(entity->type), entity->text,
            entity->chunk, target->name))
        return false;
    if (entity->context && !entity->context_saved &&
        !context_store(database, entity->id, context_since(entity), entity->context, error))
        return false;
    return save_all_series(registry, entity, error);
}

void registry_saved(struct kept_entity *entity) {
    entity->target->saved = entity->saved = true;
    entity->context_saved = entity->context != NULL;
    for (guint i = 0; i < entity->pending->len; i++) {
        struct kept_series *series = g_ptr_array_index(entity->pending, i);
        series->saved = true;
    }
}

static bool holds(const GArray *numbers, int64_t number) {
    for (guint i = 0; i < numbers->len; i++)
        if (g_array_index(numbers, int64_t, i) == number)
            return true;
    return false;
}

static void forget(struct registry *registry, struct kept_entity *entity) {
    HASH_DELETE(hh, registry->entities, entity);
    free_entity(entity);
}

/* What waits to be written needs its rows again. */
static void unsave(struct kept_entity *entity) {
    entity->saved = entity->context_saved = false;
    for (struct kept_series *series = entity->series; series; series = series->hh.next)
        series->saved = false;
}

void registry_forget(struct registry *registry, const GArray *gone) {
    struct kept_entity *entity = gone->len ? registry->entities : NULL;
    for (struct kept_entity *next = NULL; entity; entity = next) {
        next = entity->hh.next;
        if (!holds(gone, entity->id))
            continue;
        if (entity->touched)
            unsave(entity);
        else
            forget(registry, entity);
    }
}

void registry_sweep(struct registry *registry) {
    struct kept_entity *entity = registry->entities;
    for (struct kept_entity *next = NULL; entity; entity = next) {
        next = entity->hh.next;
        if (entity->touched || registry->rounds - entity->used < IDLE_ROUNDS)
            continue;
        forget(registry, entity);
    }
}
