/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/query/follow.h"

enum {
    LATE_ROUNDS = 3,    /* between two questions for samples that were not there */
    LATE_SECONDS = 600, /* how old they are at most, but */
    OLD_ROUNDS = 15,    /* seldom they may be this old: */
    OLD_SECONDS = 3600,
    SILENT_ROUNDS = 3,
    FEW_SAMPLES = 4,
    YOUNG_TIMES = 9, /* in every third round; all that are remembered in every fifteenth */
};

/* The times of the entity that are emitted, by known_took: those at which a series may lack. */
static uint32_t emitted_times(const struct tracked *tracked, int times) {
    const struct known *known = &tracked->known;
    uint32_t emitted = 0;
    for (int age = 0; known->interval && age < times; age++) {
        int64_t number = known->newest - age, time = number * known->interval;
        if (time > tracked->floor && mark_after(&tracked->mark) >= time &&
            mark_has(&tracked->mark, time))
            emitted |= UINT32_C(1) << ((uint64_t)number % KNOWN_TIMES);
    }
    return emitted;
}

/* Behind which time to ask for what some series lack; false when none does. */
static bool find_lack(const struct tracked *tracked, uint64_t round, int64_t *start) {
    const struct known *known = &tracked->known;
    int times = round % OLD_ROUNDS ? YOUNG_TIMES : KNOWN_TIMES;
    if (round % LATE_ROUNDS || known->interval != tracked->mark.interval)
        return false;
    uint32_t lacks = known_lacks(known, emitted_times(tracked, times));
    for (int age = times - 1; lacks && age >= 0; age--) {
        *start = (known->newest - age) * known->interval - 1;
        if (known_took(known, lacks, *start + 1))
            return true;
    }
    return false;
}

void follow_resume(const struct query_item *item, const struct source_marks *marks) {
    struct tracked *tracked = item->tracked;
    int32_t interval = item->span.interval;
    if (!marks || tracked->mark.any)
        return;
    tracked->resumed = marks->find(marks->context, item->entity, interval, &tracked->mark);
    if (!tracked->resumed)
        return;
    tracked->floor = mark_after(&tracked->mark);
    if (tracked->floor <= span_oldest(interval, item->span.now) ||
        !marks->lack(marks->context, item->entity, interval, &tracked->lack))
        tracked->lack = 0;
    else
        tracked->floor = tracked->lack - 1;
}

/* Behind which time to ask; a mark that is given up takes with it what was emitted behind it. */
static int64_t find_start(struct tracked *tracked, int64_t present) {
    int64_t before = mark_after(&tracked->mark), start = mark_start(&tracked->mark, present);
    if (mark_after(&tracked->mark) < before) {
        tracked->floor = mark_after(&tracked->mark);
        known_forget_times(&tracked->known);
    }
    return start;
}

void follow_mark(struct query_item *item, int64_t after, uint64_t round) {
    struct mark *mark = &item->tracked->mark;
    struct span *span = &item->span;
    int64_t lack = 0;
    if (mark->interval != span->interval || !mark->any) {
        mark_init(mark, span->interval, after);
        item->tracked->floor = mark_after(mark);
    }
    int64_t start = find_start(item->tracked, span->now);
    int64_t oldest = span_oldest(span->interval, span->now);
    /* A clock that was set back leads to times before the window. */
    if (start > span->start || mark->any || item->tracked->resumed)
        span->start = start > oldest ? start : oldest;
    if (!span->open && span->start + span->interval > span->end && mark->any)
        item->count = 0;
    item->behind = span->start;
    if (span->open && find_lack(item->tracked, round, &lack) && lack < span->start)
        span->start = lack > oldest ? lack : oldest;
    item->samples = span_samples(span);
    if (item->tracked->silent > SILENT_ROUNDS && item->samples > FEW_SAMPLES)
        item->samples = FEW_SAMPLES;
}

/* The stretch holds what the series of an earlier run lack. */
static bool widen(struct span *span, const struct tracked *tracked, bool hole) {
    int64_t oldest = span_oldest(span->interval, span->now), start = tracked->lack - 1;
    start = start > oldest ? start : oldest;
    if (!hole || start < span->start)
        span->start = start;
    span->end = mark_after(&tracked->mark) + span->interval - 1;
    return span->start < span->end;
}

bool follow_late(struct query_item *item, uint64_t round) {
    const struct tracked *tracked = item->tracked;
    struct span *span = &item->span;
    bool resumed = tracked->lack, old = resumed || round % OLD_ROUNDS == 0;
    if ((round % LATE_ROUNDS && !resumed) || !item->count || item->leaves)
        return false;
    bool found = mark_hole(&tracked->mark, span->now - (old ? OLD_SECONDS : LATE_SECONDS),
                           &span->start, &span->end);
    if (resumed)
        found = widen(span, tracked, found);
    if (!found)
        return false;
    span->open = false;
    item->samples = resumed ? span_samples(span) : FEW_SAMPLES;
    return true;
}

void follow_note(const struct query_item *item) {
    bool heard = mark_after(&item->tracked->mark) > item->behind;
    item->tracked->lack = 0;
    item->tracked->silent = heard ? 0 : item->tracked->silent + 1;
}
