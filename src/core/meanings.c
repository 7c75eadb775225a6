/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A catalog has one counter of a name: there are as many as a name has meanings, mostly one. */
#include "core/meanings.h"

#include <glib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/catalog.h"
#include "core/memory.h"

struct meanings {
    GPtrArray *catalogs; /* the n-th has the n-th meaning of a name; the first has every name */
};

static void free_catalog(gpointer catalog) {
    catalog_free(catalog);
}

struct meanings *meanings_new(void) {
    struct meanings *meanings = memory_alloc(sizeof *meanings);
    meanings->catalogs = g_ptr_array_new_with_free_func(free_catalog);
    g_ptr_array_add(meanings->catalogs, catalog_new());
    return meanings;
}

void meanings_free(struct meanings *meanings) {
    if (!meanings)
        return;
    g_ptr_array_free(meanings->catalogs, TRUE);
    free(meanings);
}

static bool same_text(const char *left, const char *right) {
    return strcmp(left ? left : "", right ? right : "") == 0;
}

static bool same_meaning(const struct counter *left, const struct counter *right) {
    return same_text(left->unit, right->unit) && same_text(left->stats, right->stats) &&
           same_text(left->rollup, right->rollup) && same_text(left->fidelity, right->fidelity) &&
           same_text(left->label, right->label) && left->reading == right->reading;
}

const struct counter *meanings_add(struct meanings *meanings, const struct counter *counter) {
    struct counter unnumbered = *counter;
    unnumbered.has_id = false;
    unnumbered.id = 0;
    for (guint i = 0;; i++) {
        if (i == meanings->catalogs->len)
            g_ptr_array_add(meanings->catalogs, catalog_new());
        const struct counter *known =
            catalog_add(g_ptr_array_index(meanings->catalogs, i), &unnumbered);
        if (same_meaning(known, counter))
            return known;
    }
}

const char *meanings_name(const struct meanings *meanings, const char *name) {
    const struct counter *first = catalog_by_name(g_ptr_array_index(meanings->catalogs, 0), name);
    return first ? first->name : NULL;
}
