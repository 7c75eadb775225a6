/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The entities of one target, in a stable order. */
#include "core/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static void entity_free(struct entity *entity) {
    const char **fields[ENTITY_STRINGS];
    entity_strings(entity, fields);
    for (size_t i = 0; i < ENTITY_STRINGS; i++)
        free((char *)*fields[i]);
    free(entity);
}

static int compare_entities(const void *a, const void *b) {
    return entity_compare(*(struct entity *const *)a, *(struct entity *const *)b);
}

struct inventory *inventory_new(void) {
    return memory_alloc(sizeof(struct inventory));
}

struct entity *inventory_add(struct inventory *inventory, const struct entity *entity) {
    struct entity *copy = memory_alloc(sizeof *copy);
    const char **fields[ENTITY_STRINGS];

    *copy = *entity;
    entity_strings(copy, fields);
    for (size_t i = 0; i < ENTITY_STRINGS; i++)
        *fields[i] = memory_strdup(*fields[i]);
    inventory->entities = memory_grow(inventory->entities, inventory->count, &inventory->capacity,
                                      sizeof(struct entity *));
    inventory->entities[inventory->count++] = copy;
    return copy;
}

void inventory_set(const char **field, const char *text) {
    char *old = (char *)*field;
    *field = memory_strdup(text);
    free(old);
}

void inventory_sort(struct inventory *inventory) {
    if (inventory->count > 1)
        qsort(inventory->entities, inventory->count, sizeof(struct entity *), compare_entities);
}

void inventory_free(struct inventory *inventory) {
    if (!inventory)
        return;
    for (size_t i = 0; i < inventory->count; i++)
        entity_free(inventory->entities[i]);
    free(inventory->entities);
    free(inventory);
}
