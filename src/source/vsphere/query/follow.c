/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/query/follow.h"

enum {
    LATE_ROUNDS = 3,    /* between two questions for samples that were not there */
    LATE_SECONDS = 600, /* how old they are at most, but */
    OLD_ROUNDS = 15,    /* seldom they may be this old: */
    OLD_SECONDS = 3600,
    SILENT_ROUNDS = 3,
    FEW_SAMPLES = 4,
};

void follow_mark(struct query_item *item, int64_t after) {
    struct mark *mark = &item->tracked->mark;
    struct span *span = &item->span;
    if (mark->interval != span->interval || !mark->any)
        mark_init(mark, span->interval, after);
    int64_t start = mark_start(mark, span->now);
    int64_t oldest = span_oldest(span->interval, span->now);
    if (start > span->start || item->tracked->resumed)
        span->start = start > oldest ? start : oldest;
    if (!span->open && span->start + span->interval > span->end && mark->any)
        item->count = 0;
    item->samples = span_samples(span);
    if (item->tracked->silent > SILENT_ROUNDS && item->samples > FEW_SAMPLES)
        item->samples = FEW_SAMPLES;
}

bool follow_late(struct query_item *item, uint64_t round) {
    int64_t age = round % OLD_ROUNDS ? LATE_SECONDS : OLD_SECONDS;
    if (round % LATE_ROUNDS || !item->count || item->leaves ||
        !mark_hole(&item->tracked->mark, item->span.now - age, &item->span.start, &item->span.end))
        return false;
    item->span.open = false;
    item->samples = FEW_SAMPLES;
    return true;
}

void follow_note(const struct query_item *item) {
    bool heard = mark_after(&item->tracked->mark) > item->span.start;
    item->tracked->silent = heard ? 0 : item->tracked->silent + 1;
}
