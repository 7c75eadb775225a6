/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The entities of one target, in a stable order. */
#include "core/inventory.h"

#include <stdlib.h>

#include "core/memory.h"

enum { CHUNK = 4096 };

/* What an entity has alone: of these, no other can have the text. */
static bool is_own(const struct entity *entity, const char *const *field) {
    return field == &entity->name || field == &entity->id || field == &entity->uuid ||
           field == &entity->guest_host || field == &entity->guest_ip || field == &entity->title;
}

static int compare_entities(const void *a, const void *b) {
    return entity_compare(*(struct entity *const *)a, *(struct entity *const *)b);
}

struct inventory *inventory_new(void) {
    struct inventory *inventory = memory_alloc(sizeof *inventory);
    inventory->texts = g_string_chunk_new(CHUNK);
    return inventory;
}

struct entity *inventory_add(struct inventory *inventory, const struct entity *entity) {
    struct entity *copy = memory_alloc(sizeof *copy);
    const char **fields[ENTITY_STRINGS];
    *copy = *entity;
    entity_strings(copy, fields);
    for (size_t i = 0; i < ENTITY_STRINGS; i++)
        if (*fields[i] && is_own(copy, fields[i]))
            *fields[i] = g_string_chunk_insert(inventory->texts, *fields[i]);
        else if (*fields[i])
            inventory_set(inventory, fields[i], *fields[i]);
    inventory->entities = memory_grow(inventory->entities, inventory->count, &inventory->capacity,
                                      sizeof *inventory->entities);
    inventory->entities[inventory->count++] = copy;
    return copy;
}

void inventory_set(struct inventory *inventory, const char **field, const char *text) {
    *field = text ? g_string_chunk_insert_const(inventory->texts, text) : NULL;
}

void inventory_stamp(struct inventory *inventory, const char *target, const char *labels) {
    for (size_t i = 0; (target || labels) && i < inventory->count; i++) {
        inventory_set(inventory, &inventory->entities[i]->target, target);
        inventory_set(inventory, &inventory->entities[i]->labels, labels);
    }
}

void inventory_sort(struct inventory *inventory) {
    if (inventory->count > 1)
        qsort(inventory->entities, inventory->count, sizeof(struct entity *), compare_entities);
}

void inventory_free(struct inventory *inventory) {
    if (!inventory)
        return;
    for (size_t i = 0; i < inventory->count; i++)
        free(inventory->entities[i]);
    g_string_chunk_free(inventory->texts);
    free(inventory->lost);
    free(inventory->entities);
    free(inventory);
}
