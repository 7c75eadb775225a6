/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A counter that a guest has per device only becomes one value as soon as all devices are known. */
#include "command/comparison.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static struct comparison *from_sink(struct sink *sink) {
    return (struct comparison *)sink;
}

void comparison_put(struct comparison_row *row, const struct comparison_cell *cell) {
    row->cells = memory_grow(row->cells, row->count, &row->capacity, sizeof *row->cells);
    row->cells[row->count++] = *cell;
}

const struct comparison_cell *comparison_cell(const struct comparison_row *row,
                                              const struct counter *counter) {
    for (size_t i = 0; i < row->count; i++)
        if (row->cells[i].counter == counter)
            return &row->cells[i];
    return NULL;
}

static struct comparison_part *find_part(const struct comparison *comparison,
                                         const struct counter *counter, const char *instance) {
    for (size_t i = 0; i < comparison->part_count; i++) {
        struct comparison_part *part = &comparison->parts[i];
        if (part->counter == counter && strcmp(part->instance, instance) == 0)
            return part;
    }
    return NULL;
}

/* The highest of the devices, all of which are known to have a value. */
static void take_highest(const struct comparison *comparison, struct comparison_cell *cell) {
    bool first = true;
    for (size_t i = 0; i < comparison->part_count; i++) {
        const struct comparison_part *part = &comparison->parts[i];
        if (part->counter != cell->counter)
            continue;
        if (first || part->value > cell->value)
            cell->value = part->value;
        first = false;
    }
}

/* False when the requests of a device are not known, or no device had one. */
static bool take_weighted(const struct comparison *comparison, struct comparison_cell *cell) {
    const char *name = combination_weight(cell->counter->name);
    const struct counter *requests = name ? catalog_by_name(comparison->counters, name) : NULL;
    int64_t sum = 0, weights = 0, weighted = 0;
    for (size_t i = 0; requests && i < comparison->part_count; i++) {
        const struct comparison_part *part = &comparison->parts[i];
        if (part->counter != cell->counter)
            continue;
        const struct comparison_part *weight = find_part(comparison, requests, part->instance);
        if (!weight || weight->value < 0 ||
            __builtin_mul_overflow(part->value, weight->value, &weighted) ||
            __builtin_add_overflow(sum, weighted, &sum) ||
            __builtin_add_overflow(weights, weight->value, &weights))
            return false;
    }
    if (!weights)
        return false;
    cell->value = sum / weights;
    return true;
}

/* False when the sum is too large. */
static bool take_sum(const struct comparison *comparison, struct comparison_cell *cell,
                     int64_t *count) {
    for (size_t i = 0; i < comparison->part_count; i++) {
        const struct comparison_part *part = &comparison->parts[i];
        if (part->counter != cell->counter)
            continue;
        ++*count;
        if (__builtin_add_overflow(cell->value, part->value, &cell->value))
            return false;
    }
    return true;
}

static bool combine(const struct comparison *comparison, struct comparison_cell *cell) {
    int64_t count = 0;
    switch (combination_of(cell->counter)) {
    case COMBINE_SUM:
        return take_sum(comparison, cell, &count);
    case COMBINE_MEAN:
        if (!take_sum(comparison, cell, &count))
            return false;
        cell->value /= count;
        return true;
    case COMBINE_LATENCIES:
        if (!take_weighted(comparison, cell))
            take_highest(comparison, cell);
        return true;
    case COMBINE_NOT:
        break;
    }
    return false;
}

static void condense_counter(const struct comparison *comparison, struct comparison_row *row,
                             const struct comparison_part *part) {
    const struct comparison_part *aggregate = find_part(comparison, part->counter, "");
    struct comparison_cell cell = {.counter = part->counter, .approximate = part->approximate};
    if (aggregate)
        cell.value = aggregate->value;
    if (aggregate || combine(comparison, &cell))
        comparison_put(row, &cell);
}

static bool is_first(const struct comparison *comparison, size_t index) {
    const struct counter *counter = comparison->parts[index].counter;
    for (size_t i = index; i-- > 0;) /* the series of one counter mostly follow each other */
        if (comparison->parts[i].counter == counter)
            return false;
    return true;
}

/* The values of the devices of the last row become one for each counter. */
static void condense(struct comparison *comparison) {
    for (size_t i = 0; i < comparison->part_count; i++)
        if (is_first(comparison, i))
            condense_counter(comparison, &comparison->rows[comparison->count - 1],
                             &comparison->parts[i]);
    for (size_t i = 0; i < comparison->part_count; i++)
        free(comparison->parts[i].instance);
    comparison->part_count = 0;
}

static bool same_text(const char *left, const char *right) {
    return left && right ? strcmp(left, right) == 0 : left == right;
}

/* Addresses tell nothing: the source of the last row may be closed. */
static bool is_same(const struct entity *left, const struct entity *right) {
    return left->type == right->type && same_text(left->id, right->id) &&
           same_text(left->source, right->source) && same_text(left->name, right->name);
}

/* What tells an entity from all others; the caller frees it. */
static char *make_key(const struct entity *entity) {
    return g_strdup_printf("%d %s %s", (int)entity->type, entity->source ? entity->source : "",
                           entity->id ? entity->id : "");
}

static struct comparison_row *add_row(struct comparison *comparison, const struct entity *entity) {
    condense(comparison);
    comparison->rows = memory_grow(comparison->rows, comparison->count, &comparison->capacity,
                                   sizeof *comparison->rows);
    struct comparison_row *row = &comparison->rows[comparison->count++];
    *row = (struct comparison_row){.entity = inventory_add(comparison->entities, entity)};
    g_hash_table_add(comparison->known, make_key(entity));
    return row;
}

static struct comparison_row *row_for(struct comparison *comparison, const struct entity *entity) {
    size_t count = comparison->count;
    if (count && is_same(comparison->rows[count - 1].entity, entity))
        return &comparison->rows[count - 1];
    return add_row(comparison, entity);
}

/* Servers number their counters each in its own way: here only the name counts. */
static const struct counter *own_counter(struct comparison *comparison,
                                         const struct counter *counter) {
    struct counter unnumbered = *counter;
    unnumbered.id = 0;
    return catalog_add(comparison->counters, &unnumbered);
}

static struct comparison_part *add_part(struct comparison *comparison,
                                        const struct counter *counter, const char *instance) {
    comparison->parts = memory_grow(comparison->parts, comparison->part_count,
                                    &comparison->part_capacity, sizeof *comparison->parts);
    struct comparison_part *part = &comparison->parts[comparison->part_count++];
    *part = (struct comparison_part){.counter = counter, .instance = memory_strdup(instance)};
    return part;
}

static struct comparison_part *part_for(struct comparison *comparison,
                                        const struct series *series) {
    const struct counter *counter = own_counter(comparison, series->counter);
    struct comparison_part *part =
        series->continues ? find_part(comparison, counter, series->instance) : NULL;
    return part ? part : add_part(comparison, counter, series->instance);
}

static void begin(struct sink *sink) {
    (void)sink;
}

static void write_series(struct sink *sink, const struct series *series) {
    struct comparison *comparison = from_sink(sink);
    if (!series->count)
        return;
    struct comparison_row *row = row_for(comparison, series->entity);
    const struct sample *newest = &series->samples[series->count - 1];
    const char *fidelity = series->counter->fidelity;
    struct comparison_part *part = part_for(comparison, series);
    part->value = newest->value;
    part->approximate = fidelity && strcmp(fidelity, "approximate") == 0;
    if (newest->time > row->time)
        row->time = newest->time;
    row->interval = series->interval;
}

/* A guest without any value has a row as well. */
static void write_entity(struct sink *sink, const struct entity *entity) {
    struct comparison *comparison = from_sink(sink);
    char *key = make_key(entity);
    if (!g_hash_table_contains(comparison->known, key))
        add_row(comparison, entity);
    g_free(key);
}

static void end(struct sink *sink) {
    struct comparison *comparison = from_sink(sink);
    condense(comparison);
    comparison_list(comparison);
}

static const struct sink_ops ops = {
    .name = "comparison",
    .begin = begin,
    .write = write_series,
    .entity = write_entity,
    .end = end,
};

void comparison_init(struct comparison *comparison, const struct comparison_order *order,
                     FILE *stream, struct sink_options options) {
    *comparison = (struct comparison){
        .sink = {.ops = &ops, .stream = stream, .options = options},
        .order = *order,
        .entities = inventory_new(),
        .counters = catalog_new(),
        .known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };
}

void comparison_done(struct comparison *comparison) {
    condense(comparison);
    for (size_t i = 0; i < comparison->count; i++)
        free(comparison->rows[i].cells);
    free(comparison->rows);
    free(comparison->parts);
    g_hash_table_destroy(comparison->known);
    catalog_free(comparison->counters);
    inventory_free(comparison->entities);
}
