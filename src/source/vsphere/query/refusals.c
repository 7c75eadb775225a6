/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Only the worker whose turn it is adds; the others read what is complete. */
#include "source/vsphere/query/refusals.h"

#include <stdlib.h>

#include "core/memory.h"

enum { REFUSED_ENTITIES = 2 }; /* one may be alone; two are a rule */

static size_t find(const struct refusals *refusals, uint32_t group, int32_t counter) {
    size_t count = atomic_load(&refusals->count), place = 0;
    while (place < count &&
           (refusals->all[place].group != group || refusals->all[place].counter != counter))
        place++;
    return place;
}

/* The last one takes the place. */
static void forget(struct refusals *refusals, size_t place) {
    size_t last = atomic_load(&refusals->count) - 1;
    free(refusals->all[place].reason);
    refusals->all[place].reason = refusals->all[last].reason;
    refusals->all[place].group = refusals->all[last].group;
    refusals->all[place].counter = refusals->all[last].counter;
    refusals->all[place].entity = refusals->all[last].entity;
    refusals->all[place].backoff = refusals->all[last].backoff;
    atomic_store(&refusals->all[place].entities, atomic_load(&refusals->all[last].entities));
    atomic_store(&refusals->count, last);
}

void refusals_begin(struct refusals *refusals, int64_t now_ns) {
    for (size_t i = atomic_load(&refusals->count); i-- > 0;) {
        struct refusal *refusal = &refusals->all[i];
        if (backoff_holds(&refusal->backoff, now_ns))
            continue;
        if (atomic_exchange(&refusal->entities, 0) == 0)
            forget(refusals, i);
    }
}

void refusals_done(struct refusals *refusals) {
    for (size_t i = 0; i < atomic_load(&refusals->count); i++)
        free(refusals->all[i].reason);
    atomic_store(&refusals->count, 0);
}

bool refusals_holds(const struct refusals *refusals, uint32_t group, uint32_t entity,
                    int32_t counter) {
    size_t place = find(refusals, group, counter);
    if (place == atomic_load(&refusals->count))
        return false;
    const struct refusal *refusal = &refusals->all[place];
    int entities = atomic_load(&refusal->entities);
    return entities >= REFUSED_ENTITIES || (entities == 1 && refusal->entity == entity);
}

bool refusals_add(struct refusals *refusals, uint32_t group, uint32_t entity, int32_t counter,
                  const char *reason, int64_t now_ns) {
    size_t count = atomic_load(&refusals->count), place = find(refusals, group, counter);
    if (place == REFUSALS_MAX)
        return false;
    struct refusal *refusal = &refusals->all[place];
    if (place == count) {
        refusal->group = group;
        refusal->counter = counter;
        refusal->backoff = (struct backoff){0};
        refusal->reason = NULL;
        atomic_store(&refusal->entities, 0);
    }
    int before = atomic_load(&refusal->entities);
    if (!before) {
        refusal->entity = entity;
        free(refusal->reason);
        refusal->reason = memory_strdup(reason);
        backoff_extend(&refusal->backoff, now_ns, REFUSED_FIRST_SECONDS, REFUSED_LONGEST_SECONDS);
    }
    atomic_store(&refusal->entities, before + 1);
    if (place == count)
        atomic_store(&refusals->count, count + 1);
    return before + 1 >= REFUSED_ENTITIES;
}
