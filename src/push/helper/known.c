/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "push/helper/known.h"

#include <stdlib.h>

#include "core/meanings.h"
#include "core/memory.h"

struct known {
    GPtrArray *entities;
    GPtrArray *counters;
    struct meanings *meanings;
    GArray *samples; /* of the series that was read last: those of the record are not aligned */
};

struct known *known_new(void) {
    struct known *known = memory_alloc(sizeof *known);
    known->entities = g_ptr_array_new_with_free_func(free);
    known->counters = g_ptr_array_new();
    known->meanings = meanings_new();
    known->samples = g_array_new(FALSE, FALSE, sizeof(struct sample));
    return known;
}

void known_free(struct known *known) {
    if (!known)
        return;
    g_ptr_array_free(known->entities, TRUE);
    g_ptr_array_free(known->counters, TRUE);
    meanings_free(known->meanings);
    g_array_free(known->samples, TRUE);
    free(known);
}

void known_add_entity(struct known *known, struct record *record) {
    struct entity entity = message_entity(record);
    if (!record->damaged)
        g_ptr_array_add(known->entities, entity_copy(&entity));
}

void known_add_counter(struct known *known, struct record *record) {
    struct counter counter = push_read_counter(record);
    if (!record->damaged)
        g_ptr_array_add(known->counters, (gpointer)meanings_add(known->meanings, &counter));
}

static void *at(const GPtrArray *array, int32_t index, struct record *record) {
    if (index >= 0 && (guint)index < array->len)
        return g_ptr_array_index(array, index);
    record->damaged = true;
    return NULL;
}

struct series known_series(struct known *known, struct record *record, unsigned *target) {
    struct push_series head = {0};
    size_t size = 0;
    record_copy(record, &head, sizeof head);
    const char *instance = record_text(record);
    const void *samples = record_block(record, &size);
    g_array_set_size(known->samples, 0);
    g_array_append_vals(known->samples, samples, (guint)(size / sizeof(struct sample)));
    if (!instance)
        record->damaged = true;
    *target = (unsigned)head.target;
    return (struct series){
        .entity = at(known->entities, head.entity, record),
        .counter = at(known->counters, head.counter, record),
        .instance = instance,
        .interval = head.interval,
        .continues = head.continues,
        .count = known->samples->len,
        .samples = (const struct sample *)(const void *)known->samples->data,
    };
}
