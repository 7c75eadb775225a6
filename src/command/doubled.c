/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/doubled.h"

#include <stdlib.h>

#include "core/memory.h"

GHashTable *doubled_new(void) {
    return g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
}

/* What a row says of its entity. */
static char *key_of(const struct entity *entity) {
    return memory_printf("%s\n%s\n%d\n%s", entity->source ? entity->source : "",
                         entity->hypervisor ? entity->hypervisor : "", (int)entity->type,
                         entity->id ? entity->id : "");
}

size_t doubled_note(GHashTable *known, size_t target, const struct inventory *inventory,
                    const struct selection *selection, size_t *other,
                    const struct entity **example) {
    size_t count = 0;
    for (size_t i = 0; i < inventory->count; i++) {
        const struct entity *entity = inventory->entities[i];
        if (!selection_has_entity(selection, entity))
            continue;
        char *key = key_of(entity);
        gpointer owner = NULL;
        if (!g_hash_table_lookup_extended(known, key, NULL, &owner)) {
            g_hash_table_insert(known, key, GSIZE_TO_POINTER(target));
            continue;
        }
        free(key);
        if (GPOINTER_TO_SIZE(owner) == target)
            continue;
        if (!count++) {
            *other = GPOINTER_TO_SIZE(owner);
            *example = entity;
        }
    }
    return count;
}

static gboolean is_of(gpointer key, gpointer owner, gpointer target) {
    (void)key;
    return owner == target;
}

void doubled_forget(GHashTable *known, size_t target) {
    g_hash_table_foreach_remove(known, is_of, GSIZE_TO_POINTER(target));
}
