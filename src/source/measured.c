/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/measured.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

void measured_done(struct measured *measured) {
    free(measured->items);
}

void measured_clear(struct measured *measured) {
    measured->count = 0;
}

void measured_add(struct measured *measured, size_t counter, const char *instance, int64_t value) {
    measured->items =
        memory_grow(measured->items, measured->count, &measured->capacity, sizeof *measured->items);
    measured->items[measured->count++] = (struct measured_value){counter, instance, value};
}

/* The aggregate first, then vda, vdb and 2, 10 as people count. */
static int compare(const struct measured_value *left, const struct measured_value *right) {
    if (left->counter != right->counter)
        return left->counter < right->counter ? -1 : 1;
    if (!*right->instance)
        return *left->instance ? 1 : 0;
    return strverscmp(left->instance, right->instance);
}

/* Counters come in order, and mostly devices, too: few values are to be moved. */
static void sort(struct measured *measured) {
    struct measured_value *items = measured->items;
    for (size_t i = 1; i < measured->count; i++) {
        struct measured_value item = items[i];
        size_t place = i;
        for (; place > 0 && compare(&item, &items[place - 1]) < 0; place--)
            items[place] = items[place - 1];
        items[place] = item;
    }
}

/* A number that nothing else has, of whatever source. */
static uint64_t next_number(void) {
    static atomic_uint_least64_t numbers;
    return atomic_fetch_add_explicit(&numbers, 1, memory_order_relaxed) + 1;
}

bool measured_emit(struct measured *measured, const struct measured_head *head,
                   const struct source_events *events, struct error *error) {
    bool good = true;
    uint64_t visit = next_number();
    if (!measured->origin)
        measured->origin = next_number();
    struct sample sample = {.time = head->time};
    struct series series = {
        .entity = head->entity,
        .interval = head->interval,
        .count = 1,
        .samples = &sample,
        .partial = head->partial,
        .visit = visit,
        .origin = measured->origin,
    };
    sort(measured);
    for (size_t i = 0; good && i < measured->count; i++) {
        const struct measured_value *item = &measured->items[i];
        sample.value = item->value;
        series.counter = catalog_at(head->catalog, item->counter);
        series.instance = item->instance;
        series.continues = !known_add(head->known, (int32_t)item->counter, item->instance);
        good = events->series(events->context, &series, error);
    }
    return good;
}
