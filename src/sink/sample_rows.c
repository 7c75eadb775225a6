/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The cells of an entity, a counter and a time are validated, quoted and formatted once, not per
 * row, and a series is written by one call: 3700 instructions per row became 1100. What was
 * formatted is found by address and used if the strings are still the same: a source that is
 * closed may leave its addresses to another one. Between series of one visit nothing can have
 * changed, and nothing is compared: 300 instructions less.
 */
#include "sink/sample_rows.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/value.h"

enum { MAX_COUNTERS = 4096, RECENT = 1024, TIMES = 256, INSTANCES = 16, TEXT_SIZE = 512 };

struct entity_text {
    struct entity *entity; /* a copy; NULL for none */
    GString *head;
    GString *tail;
};

struct counter_text {
    char *name;
    char *unit;
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
    char *buffer;
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

static struct sample_rows *rows_of(struct sink *sink, const struct row_style *style) {
    if (sink->state)
        return sink->state;
    struct sample_rows *rows = memory_alloc(sizeof *rows);
    rows->entity.head = g_string_sized_new(TEXT_SIZE);
    rows->entity.tail = g_string_sized_new(TEXT_SIZE);
    rows->counters = g_hash_table_new_full(NULL, NULL, NULL, free_counter);
    rows->bytes = g_string_new(NULL);
    style->unit(rows->bytes, "bytes", &sink->options);
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
    return text;
}

static struct counter_text *find_counter(struct sample_rows *rows, const struct counter *counter) {
    struct recent *recent = &rows->recent[(uintptr_t)counter / sizeof *counter % RECENT];
    if (recent->counter != counter)
        *recent = (struct recent){counter, g_hash_table_lookup(rows->counters, counter)};
    return recent->text;
}

static struct counter_text *counter_text(struct sample_rows *rows, const struct counter *counter,
                                         const struct row_style *style,
                                         const struct sink_options *options) {
    struct counter_text *text = find_counter(rows, counter);
    if (text && same_text(text->name, counter->name) && same_text(text->unit, counter->unit))
        return text;
    if (g_hash_table_size(rows->counters) >= MAX_COUNTERS)
        g_hash_table_remove_all(rows->counters);
    memset(rows->recent, 0, sizeof rows->recent);
    text = make_counter(counter, style, options);
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
    return text->text;
}

/* What is known of the series' entity and counter is that of the rows. */
static void look_at(struct sample_rows *rows, const struct series *series,
                    const struct row_style *style, const struct sink_options *options) {
    bool same_visit = series->visit && rows->visit == series->visit;
    if (!same_visit)
        find_entity(rows, series->entity, style, options);
    if (!same_visit || rows->last_counter != series->counter)
        rows->last_text = counter_text(rows, series->counter, style, options);
    rows->visit = series->visit;
    rows->last_counter = series->counter;
}

static char *put_string(char *to, const GString *text) {
    memcpy(to, text->str, text->len);
    return to + text->len;
}

static char *put_value(char *to, int64_t value, bool hundredths) {
    return to + value_digits(to, value, hundredths);
}

/* A place for rows of this series. */
static char *reserve(struct sample_rows *rows, size_t count, size_t row_size) {
    size_t size = count * row_size;
    if (size > rows->size) {
        free(rows->buffer);
        rows->size = 2 * size;
        rows->buffer = memory_array(rows->size, 1);
    }
    return rows->buffer;
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
    size_t begin_size = strlen(style->begin);
    const GString *instance = instance_text(rows, series, style, options);
    size_t shared = begin_size + entity->head->len + counter->before->len + instance->len +
                    unit->len + entity->tail->len;
    char *begin =
        reserve(rows, series->count, shared + TIME_TEXT_SIZE + 2 * (size_t)VALUE_TEXT_SIZE);
    char *to = begin;
    for (size_t i = 0; i < series->count; i++) {
        const struct time_text *time = time_of(rows, series->samples[i].time);
        memcpy(to, style->begin, begin_size);
        memcpy(to + begin_size, time->text, TIME_TEXT_SIZE);
        to = put_string(to + begin_size + time->length, entity->head);
        to = put_string(to, counter->before);
        to = put_string(to, instance);
        to = put_value(to, series->samples[i].value, counter->hundredths);
        to = put_string(to, unit);
        memcpy(to, interval->text, VALUE_TEXT_SIZE);
        to = put_string(to + interval->length, entity->tail);
    }
    fwrite_unlocked(begin, 1, (size_t)(to - begin), sink->stream);
}
