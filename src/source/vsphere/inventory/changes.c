/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/inventory/changes.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static int compare_ids(const void *a, const void *b) {
    return strcmp((*(const struct entity *const *)a)->id, (*(const struct entity *const *)b)->id);
}

/* The entities by id; the caller frees the array. */
static const struct entity **sort_by_id(const struct inventory *inventory) {
    const struct entity **sorted = memory_array(inventory->count + 1, sizeof *sorted);
    for (size_t i = 0; i < inventory->count; i++)
        sorted[i] = inventory->entities[i];
    qsort(sorted, inventory->count, sizeof *sorted, compare_ids);
    return sorted;
}

static const struct entity *find(const struct entity **sorted, size_t count,
                                 const struct entity *entity) {
    const struct entity **found = bsearch(&entity, sorted, count, sizeof *sorted, compare_ids);
    return found ? *found : NULL;
}

static void visit_ended(const struct inventory *before, const struct inventory *after,
                        const struct changes_visitor *visitor) {
    const struct entity **sorted = sort_by_id(after);
    for (size_t i = 0; i < before->count; i++) {
        const struct entity *old = before->entities[i];
        if (!visitor->measured(visitor->context, old))
            continue;
        const struct entity *now = find(sorted, after->count, old);
        if (!now || !visitor->measured(visitor->context, now))
            visitor->ended(visitor->context, old, now);
    }
    free(sorted);
}

static void visit_arrived(const struct inventory *before, const struct inventory *after,
                          const struct changes_visitor *visitor) {
    const struct entity **sorted = sort_by_id(before);
    for (size_t i = 0; i < after->count; i++) {
        const struct entity *entity = after->entities[i];
        if (!visitor->measured(visitor->context, entity))
            continue;
        const struct entity *old = find(sorted, before->count, entity);
        if (!old || !visitor->measured(visitor->context, old))
            visitor->arrived(visitor->context, entity);
    }
    free(sorted);
}

void changes_visit(const struct inventory *before, const struct inventory *after,
                   const struct changes_visitor *visitor) {
    visit_ended(before, after, visitor);
    visit_arrived(before, after, visitor);
}

const char *changes_reason(const struct entity *now) {
    static const char *const reasons[] = {
        [STATE_UNKNOWN] = "its state is unknown",    [STATE_ON] = "it is no longer selected",
        [STATE_OFF] = "it is powered off",           [STATE_SUSPENDED] = "it is suspended",
        [STATE_DISCONNECTED] = "it is disconnected",
    };
    return now ? reasons[now->state] : "it is no longer there";
}
