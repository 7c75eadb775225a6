/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One pass over the series of a guest fills its cells; one over the guests, their totals. */
#include "command/comparison_rows.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

/* Several values on their way to one. */
struct fold {
    int64_t count;
    __int128 sum;
    int64_t highest;
    int64_t weighted; /* the sum of values times their weights */
    int64_t weights;
    bool unweighted; /* a weight is not known, or the weighted sum is too large */
};

static void fold_add(struct fold *fold, int64_t value) {
    fold->sum += value;
    fold->highest = fold->count ? MAX(fold->highest, value) : value;
    fold->count++;
}

/* A negative weight is not known. */
static void fold_weigh(struct fold *fold, int64_t value, int64_t weight) {
    int64_t weighted = 0;
    fold->unweighted |= weight < 0 || __builtin_mul_overflow(value, weight, &weighted) ||
                        __builtin_add_overflow(fold->weighted, weighted, &fold->weighted) ||
                        __builtin_add_overflow(fold->weights, weight, &fold->weights);
}

/* False when the values do not make one. */
static bool fold_end(const struct fold *fold, enum combination combination, int64_t *value) {
    bool weighted = fold->weights && !fold->unweighted;
    if (!fold->count)
        return false;
    switch (combination) {
    case COMBINE_SUM:
        *value = (int64_t)fold->sum;
        return *value == fold->sum;
    case COMBINE_MEAN:
        *value = weighted ? fold->weighted / fold->weights : (int64_t)(fold->sum / fold->count);
        return true;
    case COMBINE_LATENCIES:
        *value = weighted ? fold->weighted / fold->weights : fold->highest;
        return true;
    case COMBINE_NOT:
        break;
    }
    return false;
}

static bool is_approximate(const struct counter *counter) {
    return counter->fidelity && strcmp(counter->fidelity, "approximate") == 0;
}

static void add_series(const struct rows *rows, struct latest *latest,
                       const struct latest_entity *entity, const struct latest_series *series,
                       struct row *row, struct fold *folds) {
    int64_t value = series->sample.value;
    size_t place = 0;
    row->time = MAX(row->time, series->sample.time);
    row->interval = series->interval;
    if (!columns_find(&rows->columns, series->counter->name, &place))
        return;
    struct cell *cell = &row->cells[place];
    cell->approximate = is_approximate(series->counter);
    if (!*series->instance) {
        cell->value = value;
        cell->known = true;
        return;
    }
    fold_add(&folds[place], value);
    const char *weight = combination_weight(series->counter->name);
    if (!weight)
        return;
    const struct latest_series *requests = latest_find(latest, entity, weight, series->instance);
    fold_weigh(&folds[place], value, requests ? requests->sample.value : -1);
}

/* The requests of the whole guest, or else those of its devices; -1 when not known. */
static int64_t requests_of(const struct latest_entity *entity, const char *counter) {
    int64_t sum = -1;
    for (const struct latest_series *series = latest_series_first(entity); series;
         series = latest_series_next(series)) {
        if (strcmp(series->counter->name, counter) != 0)
            continue;
        if (!*series->instance)
            return series->sample.value;
        if (__builtin_add_overflow(MAX(sum, 0), series->sample.value, &sum))
            return -1;
    }
    return sum;
}

static void fill_row(const struct rows *rows, struct latest *latest,
                     const struct latest_entity *entity, struct row *row) {
    struct fold *folds = memory_array(rows->columns.count, sizeof *folds);
    for (const struct latest_series *series = latest_series_first(entity); series;
         series = latest_series_next(series))
        add_series(rows, latest, entity, series, row, folds);
    for (size_t i = 0; i < rows->columns.count; i++) {
        struct cell *cell = &row->cells[i];
        const char *weight = combination_weight(rows->columns.counters[i]->name);
        if (!cell->known)
            cell->known =
                fold_end(&folds[i], combination_of(rows->columns.counters[i]), &cell->value);
        cell->requests = weight ? requests_of(entity, weight) : -1;
    }
    free(folds);
}

/* The guest where its newest sample is; NULL when the row is not of one known already. */
static struct row *find_moved(struct rows *rows, GHashTable *known, const struct row *row) {
    const struct entity *entity = row->entity;
    /* Elsewhere an id is not the same on all servers, and clones have one UUID. */
    if (entity->type != ENTITY_VM || !entity->uuid || g_strcmp0(entity->id, entity->uuid) != 0)
        return NULL;
    size_t place = GPOINTER_TO_SIZE(g_hash_table_lookup(known, entity->uuid));
    if (place)
        return &rows->guests[place - 1];
    g_hash_table_insert(known, (gpointer)entity->uuid, GSIZE_TO_POINTER(rows->count + 1));
    return NULL;
}

static void keep_newer(struct row *kept, const struct row *row) {
    bool newer = row->time > kept->time;
    free(newer ? kept->cells : row->cells);
    if (newer)
        *kept = *row;
}

static struct cell *new_cells(const struct rows *rows) {
    return memory_array(rows->columns.count, sizeof(struct cell));
}

static void add_guests(struct rows *rows, struct latest *latest) {
    GHashTable *known = g_hash_table_new(g_str_hash, g_str_equal);
    rows->guests = memory_array(latest_entities(latest), sizeof *rows->guests);
    for (const struct latest_entity *entity = latest_first(latest); entity;
         entity = latest_next(entity)) {
        struct row row = {.entity = entity->entity,
                          .cpus = entity->entity->cpus,
                          .memory_kib = entity->entity->memory_kib,
                          .cells = new_cells(rows)};
        fill_row(rows, latest, entity, &row);
        struct row *other = find_moved(rows, known, &row);
        if (other)
            keep_newer(other, &row);
        else
            rows->guests[rows->count++] = row;
    }
    g_hash_table_destroy(known);
}

static int compare_groups(const void *a, const void *b) {
    const struct row *left = a, *right = b;
    int result = g_strcmp0(left->entity->hypervisor, right->entity->hypervisor);
    return result ? result : (int)left->entity->type - (int)right->entity->type;
}

/* What the value of a guest counts in the mean; negative when not known. */
static int64_t weight_of(const struct row *guest, size_t column, const struct counter *counter) {
    if (combination_of(counter) == COMBINE_LATENCIES)
        return guest->cells[column].requests;
    int64_t whole = g_str_has_prefix(counter->name, "mem.") ? guest->memory_kib : guest->cpus;
    return whole ? whole : -1;
}

/* Over the guests that have a value. */
static void fill_total(const struct rows *rows, const struct row *guests, struct row *total) {
    for (size_t i = 0; i < rows->columns.count; i++) {
        const struct counter *counter = rows->columns.counters[i];
        struct cell *cell = &total->cells[i];
        struct fold fold = {0};
        for (size_t k = 0; k < total->guests; k++) {
            int64_t value = guests[k].cells[i].value;
            if (!guests[k].cells[i].known)
                continue;
            fold_add(&fold, value);
            fold_weigh(&fold, value, weight_of(&guests[k], i, counter));
            cell->approximate |= guests[k].cells[i].approximate;
        }
        cell->known = fold_end(&fold, combination_of(counter), &cell->value);
    }
    for (size_t k = 0; k < total->guests; k++) {
        total->cpus += guests[k].cpus;
        total->memory_kib += guests[k].memory_kib;
    }
}

static void add_totals(struct rows *rows) {
    size_t capacity = 0;
    if (rows->count)
        qsort(rows->guests, rows->count, sizeof *rows->guests, compare_groups);
    for (size_t i = 0; i < rows->count; i += rows->totals[rows->total_count - 1].guests) {
        const struct row *first = &rows->guests[i];
        rows->totals =
            memory_grow(rows->totals, rows->total_count, &capacity, sizeof *rows->totals);
        struct row *total = &rows->totals[rows->total_count++];
        *total = (struct row){.entity = first->entity, .cells = new_cells(rows)};
        while (i + total->guests < rows->count && compare_groups(first, first + total->guests) == 0)
            total->guests++;
        fill_total(rows, first, total);
    }
}

static void collect_counters(struct rows *rows, struct latest *latest) {
    const struct latest_entity *entity = latest_first(latest);
    for (; entity; entity = latest_next(entity))
        for (const struct latest_series *series = latest_series_first(entity); series;
             series = latest_series_next(series))
            catalog_add(rows->counters, series->counter);
}

void rows_init(struct rows *rows, struct latest *latest, const struct globs *counters) {
    *rows = (struct rows){.counters = catalog_new()};
    collect_counters(rows, latest);
    columns_resolve(&rows->columns, counters, rows->counters);
    add_guests(rows, latest);
    add_totals(rows);
}

static int compare_texts(const char *left, const char *right) {
    return strcmp(left ? left : "", right ? right : "");
}

static int compare_entities(const struct entity *left, const struct entity *right) {
    int result = compare_texts(left->name, right->name);
    result = result ? result : compare_texts(left->source, right->source);
    return result ? result : compare_texts(left->id, right->id);
}

static int compare_rows(const void *a, const void *b, void *place) {
    const struct row *left = a, *right = b;
    const struct cell *mine = &left->cells[*(size_t *)place];
    const struct cell *other = &right->cells[*(size_t *)place];
    if (mine->known != other->known)
        return mine->known ? -1 : 1;
    if (mine->known && mine->value != other->value)
        return mine->value > other->value ? -1 : 1;
    return compare_entities(left->entity, right->entity);
}

void rows_sort(struct rows *rows, const char *counter) {
    size_t place = 0;
    if (!columns_find(&rows->columns, counter, &place))
        place = 0;
    if (rows->count)
        g_qsort_with_data(rows->guests, (gint)rows->count, sizeof *rows->guests, compare_rows,
                          &place);
}

static void free_rows(struct row *rows, size_t count) {
    for (size_t i = 0; i < count; i++)
        free(rows[i].cells);
    free(rows);
}

void rows_done(struct rows *rows) {
    free_rows(rows->guests, rows->count);
    free_rows(rows->totals, rows->total_count);
    columns_done(&rows->columns);
    catalog_free(rows->counters);
}
