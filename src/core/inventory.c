/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The entities of one target, in a stable order. */
#include "core/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum { STRINGS = 9 };

/* Addresses of the strings of an entity; the one list of them. */
static void list_strings(struct entity *entity, const char **fields[STRINGS]) {
    const char **all[STRINGS] = {
        &entity->source, &entity->hypervisor, &entity->name,      &entity->id,    &entity->uuid,
        &entity->host,   &entity->guest_os,   &entity->cpu_model, &entity->shape,
    };
    memcpy(fields, all, sizeof all);
}

static void entity_free(struct entity *entity) {
    const char **fields[STRINGS];
    list_strings(entity, fields);
    for (size_t i = 0; i < STRINGS; i++)
        free((char *)*fields[i]);
    free(entity);
}

static int compare_text(const char *a, const char *b) {
    return strcmp(a ? a : "", b ? b : "");
}

static int compare_id(const char *a, const char *b) {
    size_t length_a = a ? strlen(a) : 0;
    size_t length_b = b ? strlen(b) : 0;
    if (length_a != length_b)
        return length_a < length_b ? -1 : 1;
    return compare_text(a, b);
}

static int compare_entities(const void *a, const void *b) {
    const struct entity *left = *(struct entity *const *)a;
    const struct entity *right = *(struct entity *const *)b;

    if (left->type != right->type)
        return left->type < right->type ? -1 : 1;
    int order = compare_text(left->name, right->name);
    return order ? order : compare_id(left->id, right->id);
}

struct inventory *inventory_new(void) {
    return memory_alloc(sizeof(struct inventory));
}

struct entity *inventory_add(struct inventory *inventory, const struct entity *entity) {
    struct entity *copy = memory_alloc(sizeof *copy);
    const char **fields[STRINGS];

    *copy = *entity;
    list_strings(copy, fields);
    for (size_t i = 0; i < STRINGS; i++)
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
