/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Samples kept until they can be given away. */
#include "source/libvirt/store.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

void store_init(struct store *store, const struct entity *entity, size_t counters) {
    *store = (struct store){
        .entity = entity,
        .offered = memory_array(counters, sizeof(bool)),
        .told = memory_array(counters, sizeof(bool)),
    };
}

/* The samples are gone; what is left knows that there were some. */
static void forget(struct store *store) {
    for (size_t i = 0; i < store->count; i++) {
        struct store_series *series = &store->series[i];
        free(series->samples);
        series->given = true;
        series->samples = NULL;
        series->count = series->capacity = 0;
    }
    store->samples = 0;
}

void store_done(struct store *store) {
    forget(store);
    for (size_t i = 0; i < store->count; i++)
        free(store->series[i].instance);
    free(store->series);
    free(store->offered);
    free(store->told);
}

void store_begin(struct store *store) {
    store->next = 0;
}

void store_offer(struct store *store, size_t counter) {
    store->offered[counter] = true;
}

static bool is_series(const struct store_series *series, size_t counter, const char *instance) {
    return series->counter == counter && strcmp(series->instance, instance) == 0;
}

static size_t find_series(struct store *store, size_t counter, const char *instance) {
    if (store->next < store->count && is_series(&store->series[store->next], counter, instance))
        return store->next;
    for (size_t i = 0; i < store->count; i++) {
        if (is_series(&store->series[i], counter, instance))
            return i;
    }
    store->series =
        memory_grow(store->series, store->count, &store->capacity, sizeof(struct store_series));
    store->series[store->count] = (struct store_series){
        .counter = counter,
        .instance = memory_strdup(instance),
    };
    return store->count++;
}

void store_add(struct store *store, size_t counter, const char *instance,
               const struct sample *sample) {
    size_t place = find_series(store, counter, instance);
    struct store_series *series = &store->series[place];

    series->samples =
        memory_grow(series->samples, series->count, &series->capacity, sizeof *sample);
    series->samples[series->count++] = *sample;
    store->next = place + 1;
    store->samples++;
    store_offer(store, counter);
}

/* The aggregate first, then vda, vdb and 2, 10 as people count. */
static int compare_series(const void *a, const void *b) {
    const struct store_series *left = *(const struct store_series *const *)a;
    const struct store_series *right = *(const struct store_series *const *)b;

    if (left->counter != right->counter)
        return left->counter < right->counter ? -1 : 1;
    return strverscmp(left->instance, right->instance);
}

static void tell_offered(struct store *store, const struct catalog *catalog,
                         const struct source_events *events) {
    for (size_t i = 0; i < catalog_size(catalog); i++) {
        if (store->offered[i] && !store->told[i])
            events->offered(events->context, store->entity, catalog_at(catalog, i));
        store->told[i] = store->offered[i];
    }
}

/* The series that have samples, in order; the array is the caller's, their number in *count. */
static const struct store_series **in_order(const struct store *store, size_t *count) {
    const struct store_series **order =
        memory_array(store->count, sizeof(const struct store_series *));
    *count = 0;
    for (size_t i = 0; i < store->count; i++) {
        if (store->series[i].count)
            order[(*count)++] = &store->series[i];
    }
    if (*count > 1)
        qsort(order, *count, sizeof(const struct store_series *), compare_series);
    return order;
}

bool store_give(struct store *store, const struct catalog *catalog, int32_t interval,
                const struct source_events *events, struct error *error) {
    size_t count;
    const struct store_series **order = in_order(store, &count);
    bool good = true;

    tell_offered(store, catalog, events);
    for (size_t i = 0; good && i < count; i++) {
        const struct series series = {
            .entity = store->entity,
            .counter = catalog_at(catalog, order[i]->counter),
            .instance = order[i]->instance,
            .interval = interval,
            .continues = order[i]->given,
            .count = order[i]->count,
            .samples = order[i]->samples,
        };
        good = events->series(events->context, &series, error);
    }
    free(order);
    forget(store);
    return good;
}
