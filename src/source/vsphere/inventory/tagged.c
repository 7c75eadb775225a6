/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/inventory/tagged.h"

#include <stdlib.h>

#include "core/memory.h"

static void free_set(gpointer set) {
    g_hash_table_destroy(set);
}

void tagged_init(struct tagged *tagged) {
    tagged->tags = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    tagged->objects = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_set);
}

void tagged_done(struct tagged *tagged) {
    g_hash_table_destroy(tagged->objects);
    g_hash_table_destroy(tagged->tags);
}

void tagged_expect(struct tagged *tagged, const char *object) {
    g_hash_table_replace(tagged->objects, (char *)object, g_hash_table_new(NULL, NULL));
}

bool tagged_add(struct tagged *tagged, const char *tag, const char *object) {
    GHashTable *set = g_hash_table_lookup(tagged->objects, object);
    if (!set)
        return true;
    char *known = g_hash_table_lookup(tagged->tags, tag);
    if (!known) {
        known = memory_strdup(tag);
        g_hash_table_add(tagged->tags, known);
    }
    g_hash_table_add(set, known);
    return g_hash_table_size(set) <= TAGGED_MOST;
}
