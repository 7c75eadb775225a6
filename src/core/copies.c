/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/copies.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "core/memory.h"

/* The one that is found by key is the newest. */
struct known {
    struct copy copy;
    struct known *older;
    UT_hash_handle hh;
    char key[];
};

struct copies {
    struct known *newest;
    struct known *last; /* series of one entity mostly follow each other */
    int32_t count;
    GString *key;
};

struct copies *copies_new(void) {
    struct copies *copies = memory_alloc(sizeof *copies);
    copies->key = g_string_new(NULL);
    return copies;
}

static void free_known(struct known *known) {
    while (known) {
        struct known *older = known->older;
        free((void *)known->copy.entity);
        free(known);
        known = older;
    }
}

void copies_free(struct copies *copies) {
    if (!copies)
        return;
    struct known *known = NULL, *next = NULL;
    HASH_ITER(hh, copies->newest, known, next) {
        HASH_DEL(copies->newest, known);
        free_known(known);
    }
    g_string_free(copies->key, TRUE);
    free(copies);
}

static struct known *find(struct copies *copies, const struct entity *entity) {
    struct known *found = NULL;
    entity_key(entity, copies->key);
    HASH_FIND(hh, copies->newest, copies->key->str, copies->key->len, found);
    return found;
}

static struct known *add(struct copies *copies, const struct entity *entity, struct known *older) {
    const GString *key = copies->key;
    struct known *known = memory_alloc(sizeof *known + key->len);
    memcpy(known->key, key->str, key->len);
    known->copy = (struct copy){entity_copy(entity), copies->count++};
    known->older = older;
    if (older)
        HASH_DEL(copies->newest, older);
    HASH_ADD_KEYPTR(hh, copies->newest, known->key, key->len, known);
    return known;
}

struct copy copies_add(struct copies *copies, const struct entity *entity) {
    if (!copies->last || !entity_equal(copies->last->copy.entity, entity)) {
        struct known *known = find(copies, entity);
        if (!known || !entity_equal(known->copy.entity, entity))
            known = add(copies, entity, known);
        copies->last = known;
    }
    return copies->last->copy;
}

size_t copies_count(const struct copies *copies) {
    return (size_t)copies->count;
}
