/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/query/tracked.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/vsphere/query/refusals.h"

struct tracked *tracking_of(struct tracking *tracking, const char *id) {
    struct tracked *tracked = NULL;
    HASH_FIND_STR(tracking->all, id, tracked);
    if (!tracked) {
        tracked = memory_alloc(sizeof *tracked);
        tracked->id = memory_strdup(id);
        tracked->number = ++tracking->numbers;
        HASH_ADD_KEYPTR(hh, tracking->all, tracked->id, strlen(tracked->id), tracked);
    }
    tracked->present = true;
    return tracked;
}

void tracked_refuse(struct tracked *tracked, const char *reason, int64_t now_ns) {
    free(tracked->reason);
    tracked->reason = memory_strdup(reason);
    backoff_extend(&tracked->refusal, now_ns, REFUSED_FIRST_SECONDS, REFUSED_LONGEST_SECONDS);
}

bool tracked_is_refused(const struct tracked *tracked, int64_t now_ns) {
    return backoff_holds(&tracked->refusal, now_ns);
}

static void free_tracked(struct tracked *tracked) {
    free(tracked->id);
    free(tracked->reason);
    known_done(&tracked->known);
    free(tracked);
}

void tracking_sweep(struct tracking *tracking) {
    struct tracked *tracked = tracking->all;
    HASH_CLEAR(hh, tracking->all);
    for (struct tracked *next = NULL; tracked; tracked = next) {
        next = tracked->hh.next;
        if (!tracked->present) {
            free_tracked(tracked);
            continue;
        }
        tracked->present = false;
        HASH_ADD_KEYPTR(hh, tracking->all, tracked->id, strlen(tracked->id), tracked);
    }
}

void tracking_done(struct tracking *tracking) {
    tracking_sweep(tracking); /* the first forgets what is present, */
    tracking_sweep(tracking); /* the second the entities */
    known_pool_done(&tracking->series);
}
