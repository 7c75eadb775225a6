/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The entities of one target, in a stable order. */
#ifndef VPERF_CORE_INVENTORY_H
#define VPERF_CORE_INVENTORY_H

#include <glib.h>

#include "core/entity.h"

struct inventory {
    struct entity **entities;
    size_t count;
    size_t capacity;
    GStringChunk *texts; /* all strings of the entities; what many of them have in common, once */
    char *lost;          /* for people: what of them cannot be read, and why; NULL: nothing */
};

/* inventory_new: an empty inventory, owned by the caller. */
struct inventory *inventory_new(void);

/* inventory_add: stores a copy of entity with its strings; the copy lives with the inventory. */
struct entity *inventory_add(struct inventory *inventory, const struct entity *entity);

/*
 * inventory_set: replaces one string of a stored entity by a copy of text, which all entities with
 * the same text share; NULL stays NULL. What is replaced is freed with the inventory.
 */
void inventory_set(struct inventory *inventory, const char **field, const char *text);

/* inventory_stamp: the target's name and labels, for all entities. */
void inventory_stamp(struct inventory *inventory, const char *target, const char *labels);

/* inventory_sort: by type, then name, then id (natural order of vm-9 and vm-10 by length). */
void inventory_sort(struct inventory *inventory);

/* inventory_free: frees the inventory with its entities. Takes NULL. */
void inventory_free(struct inventory *inventory);

#endif
