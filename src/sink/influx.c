/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * InfluxDB's line protocol. The series of an entity are kept until the next entity's, or the end of
 * the round: the counters of one measurement and instance stand on one line per time, as telegraf
 * writes them. Readers join lines of one time themselves, so that what comes later is no loss.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "core/memory.h"
#include "core/selection.h"
#include "core/value.h"
#include "sink/formats.h"
#include "sink/influx_schema.h"

/* MOST_SAMPLES: of an entity, until its lines are written. */
enum { MAX_COUNTERS = 4096, MAX_POINTS = 8192, MOST_SAMPLES = 1 << 16, TEXT_SIZE = 256 };

struct counter_text {
    char *name;
    char *unit;
    const char *group; /* one address per group */
    GString *field;
    bool hundredths;
};

/* A counter of a point. */
struct column {
    const struct counter_text *counter;
    size_t next; /* of the block's samples */
    size_t end;
};

/* What lines of one entity have in common: measurement and instance. */
struct point {
    GString *measurement;
    GString *instance;
    GArray *columns; /* empty: not in use */
    size_t width;    /* of the fields of a line, at most */
    UT_hash_handle hh;
    char key[];
};

struct point_key {
    const char *group;
    enum entity_type type;
};

/* The samples of one entity. */
struct block {
    struct entity *entity; /* a copy; NULL for none */
    const struct entity *address;
    GString *tags;
    GString *memory;
    GArray *samples;
    GPtrArray *used; /* points, in the order in which they came */
    struct point *points;
};

struct influx {
    GPtrArray *blocks;    /* by target */
    GHashTable *counters; /* struct counter_text by address of the counter */
    GHashTable *volumes;  /* names of datastores, by source and volume */
    GStringChunk *groups;
    GString *key;
    char *line;
    size_t size;
};

static void free_counter(gpointer data) {
    struct counter_text *text = data;
    free(text->name);
    free(text->unit);
    g_string_free(text->field, TRUE);
    free(text);
}

static void free_points(struct block *block) {
    struct point *point = block->points;
    HASH_CLEAR(hh, block->points);
    while (point) {
        struct point *next = point->hh.next;
        g_string_free(point->measurement, TRUE);
        g_string_free(point->instance, TRUE);
        g_array_free(point->columns, TRUE);
        free(point);
        point = next;
    }
}

static void free_block(gpointer data) {
    struct block *block = data;
    if (!block)
        return;
    free_points(block);
    free(block->entity);
    g_string_free(block->tags, TRUE);
    g_string_free(block->memory, TRUE);
    g_array_free(block->samples, TRUE);
    g_ptr_array_free(block->used, TRUE);
    free(block);
}

static struct influx *influx_of(struct sink *sink) {
    if (sink->state)
        return sink->state;
    struct influx *influx = memory_alloc(sizeof *influx);
    influx->blocks = g_ptr_array_new_with_free_func(free_block);
    influx->counters = g_hash_table_new_full(NULL, NULL, NULL, free_counter);
    influx->volumes = g_hash_table_new_full(g_str_hash, g_str_equal, free, free);
    influx->groups = g_string_chunk_new(TEXT_SIZE);
    influx->key = g_string_new(NULL);
    sink->state = influx;
    return influx;
}

static void influx_done(struct sink *sink) {
    struct influx *influx = sink->state;
    if (!influx)
        return;
    g_ptr_array_free(influx->blocks, TRUE);
    g_hash_table_destroy(influx->counters);
    g_hash_table_destroy(influx->volumes);
    g_string_chunk_free(influx->groups);
    g_string_free(influx->key, TRUE);
    free(influx->line);
    free(influx);
}

static struct block *block_of(struct influx *influx, unsigned target) {
    if (target >= influx->blocks->len)
        g_ptr_array_set_size(influx->blocks, (gint)target + 1);
    struct block *block = g_ptr_array_index(influx->blocks, target);
    if (block)
        return block;
    block = memory_alloc(sizeof *block);
    block->tags = g_string_sized_new(TEXT_SIZE);
    block->memory = g_string_new(NULL);
    block->samples = g_array_new(FALSE, FALSE, sizeof(struct sample));
    block->used = g_ptr_array_new();
    g_ptr_array_index(influx->blocks, target) = block;
    return block;
}

static char *put(char *to, const GString *text) {
    memcpy(to, text->str, text->len);
    return to + text->len;
}

static const struct sample *sample_at(const struct block *block, size_t index) {
    return &g_array_index(block->samples, struct sample, index);
}

/* The earliest time that has not been written; false when there is none. */
static bool next_time(const struct block *block, const struct point *point, int64_t *time) {
    bool found = false;
    for (guint i = 0; i < point->columns->len; i++) {
        const struct column *column = &g_array_index(point->columns, struct column, i);
        if (column->next == column->end)
            continue;
        int64_t own = sample_at(block, column->next)->time;
        *time = found ? MIN(*time, own) : own;
        found = true;
    }
    return found;
}

/* The fields of this time; each has a comma before it. */
static char *put_fields(char *to, const struct block *block, const struct point *point,
                        int64_t time) {
    for (guint i = 0; i < point->columns->len; i++) {
        struct column *column = &g_array_index(point->columns, struct column, i);
        if (column->next == column->end || sample_at(block, column->next)->time != time)
            continue;
        *to++ = ',';
        to = put(to, column->counter->field);
        to +=
            value_digits(to, sample_at(block, column->next++)->value, column->counter->hundredths);
    }
    return to;
}

static char *put_line(char *to, const struct block *block, const struct point *point,
                      int64_t time) {
    static const char nanoseconds[] = "000000000\n";
    to = put(to, point->measurement);
    to = put(to, block->tags);
    to = put(to, point->instance);
    char *fields = to;
    to = put_fields(to, block, point, time);
    *fields = ' ';
    to = put(to, block->memory);
    *to++ = ' ';
    to += value_digits(to, time, false);
    return mempcpy(to, nanoseconds, sizeof nanoseconds - 1);
}

static void write_point(struct influx *influx, const struct block *block, struct point *point,
                        FILE *stream) {
    int64_t time = 0;
    size_t size = point->measurement->len + block->tags->len + point->instance->len + point->width +
                  block->memory->len + 2 * (size_t)VALUE_TEXT_SIZE;
    if (size > influx->size) {
        free(influx->line);
        influx->size = 2 * size;
        influx->line = memory_array(influx->size, 1);
    }
    while (next_time(block, point, &time)) {
        const char *end = put_line(influx->line, block, point, time);
        fwrite_unlocked(influx->line, 1, (size_t)(end - influx->line), stream);
    }
    g_array_set_size(point->columns, 0);
    point->width = 0;
}

static void write_block(struct influx *influx, struct block *block, FILE *stream) {
    for (guint i = 0; i < block->used->len; i++)
        write_point(influx, block, g_ptr_array_index(block->used, i), stream);
    g_ptr_array_set_size(block->used, 0);
    g_array_set_size(block->samples, 0);
    if (HASH_COUNT(block->points) > MAX_POINTS)
        free_points(block);
}

/* An entity stays as it is during a round. */
static bool is_current(const struct block *block, const struct entity *entity) {
    return block->entity && block->address == entity && entity_same(block->entity, entity);
}

static void begin_entity(struct influx *influx, struct block *block, const struct entity *entity,
                         struct sink *sink) {
    write_block(influx, block, sink->stream);
    block->address = entity;
    if (block->entity && entity_equal(block->entity, entity))
        return;
    free(block->entity);
    block->entity = entity_copy(entity);
    g_string_truncate(block->tags, 0);
    g_string_truncate(block->memory, 0);
    influx_append_tags(block->tags, entity, &sink->options);
    influx_append_memory(block->memory, entity);
}

/* What is kept of counters goes; lines that need it are written. */
static void forget_counters(struct influx *influx, FILE *stream) {
    for (guint i = 0; i < influx->blocks->len; i++)
        if (g_ptr_array_index(influx->blocks, i))
            write_block(influx, g_ptr_array_index(influx->blocks, i), stream);
    g_hash_table_remove_all(influx->counters);
}

static struct counter_text *counter_text(struct influx *influx, const struct counter *counter,
                                         FILE *stream) {
    struct counter_text *text = g_hash_table_lookup(influx->counters, counter);
    if (text && strcmp(text->name, counter->name) == 0 && strcmp(text->unit, counter->unit) == 0)
        return text;
    if (text || g_hash_table_size(influx->counters) >= MAX_COUNTERS)
        forget_counters(influx, stream);
    text = memory_alloc(sizeof *text);
    text->name = memory_strdup(counter->name);
    text->unit = memory_strdup(counter->unit);
    char *group = memory_strndup(counter->name, strcspn(counter->name, "."));
    text->group = g_string_chunk_insert_const(influx->groups, group);
    free(group);
    text->field = g_string_new(NULL);
    text->hundredths = value_is_hundredths(counter);
    influx_append_field(text->field, counter);
    g_hash_table_insert(influx->counters, (gpointer)counter, text);
    return text;
}

static void set_volume_key(GString *key, const char *source, const char *volume) {
    g_string_assign(key, source ? source : "");
    g_string_append_c(key, '\n');
    g_string_append(key, volume);
}

static const char *volume_of(struct influx *influx, const struct series *series) {
    if (!*series->instance || !influx_has_volumes(series->counter))
        return NULL;
    set_volume_key(influx->key, series->entity->source, series->instance);
    return g_hash_table_lookup(influx->volumes, influx->key->str);
}

static struct point *add_point(struct influx *influx, struct block *block,
                               const struct series *series) {
    struct point *point = memory_alloc(sizeof *point + influx->key->len);
    memcpy(point->key, influx->key->str, influx->key->len);
    HASH_ADD_KEYPTR(hh, block->points, point->key, influx->key->len, point);
    enum entity_type type = series->entity->type;
    point->measurement = g_string_new(NULL);
    point->instance = g_string_new(NULL);
    point->columns = g_array_new(FALSE, FALSE, sizeof(struct column));
    influx_append_measurement(point->measurement, type, series->counter);
    influx_append_instance(point->instance, type, series->counter, series->instance,
                           volume_of(influx, series));
    return point;
}

static struct point *point_of(struct influx *influx, struct block *block,
                              const struct counter_text *counter, const struct series *series) {
    struct point_key fixed;
    struct point *point = NULL;
    memset(&fixed, 0, sizeof fixed);
    fixed.group = counter->group;
    fixed.type = series->entity->type;
    g_string_truncate(influx->key, 0);
    g_string_append_len(influx->key, (const char *)&fixed, sizeof fixed);
    g_string_append(influx->key, series->instance);
    HASH_FIND(hh, block->points, influx->key->str, influx->key->len, point);
    return point ? point : add_point(influx, block, series);
}

static void influx_write(struct sink *sink, const struct series *series) {
    struct influx *influx = influx_of(sink);
    struct block *block = block_of(influx, sink->target);
    if (!series->count)
        return;
    if (!is_current(block, series->entity) || block->samples->len >= MOST_SAMPLES)
        begin_entity(influx, block, series->entity, sink);
    const struct counter_text *counter = counter_text(influx, series->counter, sink->stream);
    struct point *point = point_of(influx, block, counter, series);
    if (!point->columns->len)
        g_ptr_array_add(block->used, point);
    struct column column = {counter, block->samples->len, block->samples->len + series->count};
    g_array_append_vals(block->samples, series->samples, (guint)series->count);
    g_array_append_val(point->columns, column);
    point->width += 1 + counter->field->len + VALUE_TEXT_SIZE;
}

/* What is kept by address does not outlive a round: a source may be closed. */
static void finish(struct influx *influx, struct block *block, FILE *stream) {
    if (!block)
        return;
    write_block(influx, block, stream);
    block->address = NULL;
}

static bool influx_round_end(struct sink *sink, struct error *error) {
    struct influx *influx = influx_of(sink);
    finish(influx, block_of(influx, sink->target), sink->stream);
    return !sink->output || output_flush(sink->output, error);
}

static void influx_end(struct sink *sink) {
    struct influx *influx = influx_of(sink);
    for (guint i = 0; i < influx->blocks->len; i++)
        finish(influx, g_ptr_array_index(influx->blocks, i), sink->stream);
}

/* True when the name is new. */
static bool know_volume(struct influx *influx, const struct entity *datastore) {
    set_volume_key(influx->key, datastore->source, datastore->uuid);
    const char *known = g_hash_table_lookup(influx->volumes, influx->key->str);
    if (known && strcmp(known, datastore->name) == 0)
        return false;
    g_hash_table_replace(influx->volumes, memory_strdup(influx->key->str),
                         memory_strdup(datastore->name));
    return true;
}

/* Points have names in their texts. */
static void forget_points(struct influx *influx, FILE *stream) {
    for (guint i = 0; i < influx->blocks->len; i++) {
        struct block *block = g_ptr_array_index(influx->blocks, i);
        if (!block)
            continue;
        write_block(influx, block, stream);
        free_points(block);
    }
}

static void influx_know(struct sink *sink, const struct inventory *inventory) {
    struct influx *influx = influx_of(sink);
    bool news = false;
    for (size_t i = 0; i < inventory->count; i++) {
        const struct entity *entity = inventory->entities[i];
        if (entity->type == ENTITY_DATASTORE && entity->uuid)
            news |= know_volume(influx, entity);
    }
    if (news)
        forget_points(influx, sink->stream);
}

static void influx_begin(struct sink *sink) {
    (void)sink;
}

const struct sink_ops sink_influx = {
    .name = "influx",
    .endings = "lp line",
    .row = "vsphere_",
    .context = CONTEXT_PLACE | CONTEXT_GUEST_ID | CONTEXT_VOLUMES,
    .begin = influx_begin,
    .write = influx_write,
    .round_end = influx_round_end,
    .end = influx_end,
    .done = influx_done,
    .know = influx_know,
};
