/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/query/refusals.h"

#include <glib.h>
#include <stdlib.h>

#include "core/memory.h"
#include "source/vsphere/query/query.h"

enum { REFUSED_ENTITIES = 2 }; /* one may be alone; two are a rule */

void refusals_init(struct refusals *refusals) {
    *refusals = (struct refusals){0};
    pthread_rwlock_init(&refusals->lock, NULL);
}

static struct refusal *find(const struct refusals *refusals, uint32_t group, int32_t counter) {
    const struct refusal_key key = {group, counter};
    struct refusal *refusal = NULL;
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): both parts are set. */
    HASH_FIND(hh, refusals->all, &key, sizeof key, refusal);
    return refusal;
}

static struct refusal *add(struct refusals *refusals, uint32_t group, int32_t counter) {
    struct refusal *refusal = memory_alloc(sizeof *refusal);
    refusal->key = (struct refusal_key){group, counter};
    HASH_ADD(hh, refusals->all, key, sizeof refusal->key, refusal);
    atomic_fetch_add(&refusals->count, 1);
    return refusal;
}

static void drop(struct refusals *refusals, struct refusal *refusal) {
    HASH_DEL(refusals->all, refusal);
    atomic_fetch_sub(&refusals->count, 1);
    free(refusal->reason);
    free(refusal);
}

void refusals_begin(struct refusals *refusals, int64_t now_ns) {
    struct refusal *refusal, *next;
    HASH_ITER(hh, refusals->all, refusal, next) {
        if (backoff_holds(&refusal->backoff, now_ns))
            continue;
        if (refusal->entities == 0)
            drop(refusals, refusal);
        else
            refusal->entities = 0;
    }
}

void refusals_done(struct refusals *refusals) {
    struct refusal *refusal, *next;
    HASH_ITER(hh, refusals->all, refusal, next)
    drop(refusals, refusal);
    pthread_rwlock_destroy(&refusals->lock);
}

bool refusals_holds(struct refusals *refusals, uint32_t group, uint32_t entity, int32_t counter) {
    if (!atomic_load(&refusals->count))
        return false;
    pthread_rwlock_rdlock(&refusals->lock);
    const struct refusal *refusal = find(refusals, group, counter);
    bool holds = refusal && (refusal->entities >= REFUSED_ENTITIES ||
                             (refusal->entities == 1 && refusal->entity == entity));
    pthread_rwlock_unlock(&refusals->lock);
    return holds;
}

bool refusals_add(struct refusals *refusals, uint32_t group, uint32_t entity, int32_t counter,
                  const char *reason, int64_t now_ns) {
    pthread_rwlock_wrlock(&refusals->lock);
    struct refusal *refusal = find(refusals, group, counter);
    if (!refusal)
        refusal = add(refusals, group, counter);
    if (!refusal->entities) {
        refusal->entity = entity;
        free(refusal->reason);
        refusal->reason = memory_strdup(reason);
        backoff_extend(&refusal->backoff, now_ns, REFUSED_FIRST_SECONDS, REFUSED_LONGEST_SECONDS);
    }
    bool rule = ++refusal->entities >= REFUSED_ENTITIES;
    pthread_rwlock_unlock(&refusals->lock);
    return rule;
}

void refusals_report(const struct refusals *refusals, const struct query_item *items, size_t count,
                     const struct source_events *events) {
    if (!refusals->all)
        return;
    GHashTable *entities = g_hash_table_new(NULL, NULL);
    for (size_t i = 0; i < count; i++)
        g_hash_table_insert(entities, GUINT_TO_POINTER(items[i].tracked->number),
                            (gpointer)items[i].entity);
    for (const struct refusal *refusal = refusals->all; refusal; refusal = refusal->hh.next) {
        const struct entity *entity =
            g_hash_table_lookup(entities, GUINT_TO_POINTER(refusal->entity));
        if (entity && refusal->entities)
            events->missing(events->context, entity, refusal->reason);
    }
    g_hash_table_destroy(entities);
}
