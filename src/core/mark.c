/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A bit for each sample time, shifted when a newer one comes. */
#include "core/mark.h"

#include <string.h>

enum { WORD_BITS = 64 };

enum { AGAIN_INTERVALS = 3 };

static int64_t floor_divide(int64_t value, int64_t divisor) {
    int64_t quotient = value / divisor;
    return quotient - (value % divisor < 0);
}

static bool get(const struct mark *mark, int64_t age) {
    return mark->seen[age / WORD_BITS] >> (age % WORD_BITS) & 1;
}

static void set(struct mark *mark, int64_t age) {
    mark->seen[age / WORD_BITS] |= UINT64_C(1) << (age % WORD_BITS);
}

void mark_init(struct mark *mark, int32_t interval, int64_t after) {
    mark->interval = interval;
    mark->newest = floor_divide(after, interval);
    mark->any = false;
    memset(mark->seen, 0xff, sizeof mark->seen);
}

int64_t mark_after(const struct mark *mark) {
    return mark->newest * mark->interval;
}

bool mark_has(const struct mark *mark, int64_t time) {
    int64_t age = mark->newest - floor_divide(time, mark->interval);
    return age >= MARK_TIMES || (age >= 0 && get(mark, age));
}

static void advance(struct mark *mark, int64_t by) {
    uint64_t before[MARK_WORDS];
    memcpy(before, mark->seen, sizeof before);
    memset(mark->seen, 0, sizeof mark->seen);
    for (int64_t age = 0; age + by < MARK_TIMES; age++)
        if (before[age / WORD_BITS] >> (age % WORD_BITS) & 1)
            set(mark, age + by);
    mark->newest += by;
}

void mark_add(struct mark *mark, int64_t time) {
    mark->any = true;
    int64_t later = floor_divide(time, mark->interval) - mark->newest;
    if (later > 0)
        advance(mark, later);
    int64_t age = later > 0 ? 0 : -later;
    if (age < MARK_TIMES)
        set(mark, age);
}

bool mark_hole(const struct mark *mark, int64_t oldest, int64_t *after, int64_t *until) {
    int64_t first = mark->newest - floor_divide(oldest, mark->interval); /* not later: its age */
    bool found = false;
    for (int64_t age = 1; age < first && age < MARK_TIMES; age++) {
        if (get(mark, age))
            continue;
        int64_t time = (mark->newest - age) * mark->interval;
        if (!found)
            *until = time + mark->interval - 1;
        *after = time - 1;
        found = true;
    }
    return found;
}

int64_t mark_start(struct mark *mark, int64_t present) {
    int64_t ahead = mark->newest - floor_divide(present, mark->interval);
    int64_t again = present - (int64_t)AGAIN_INTERVALS * mark->interval;
    if (ahead >= MARK_TIMES - AGAIN_INTERVALS) {
        mark_init(mark, mark->interval, again);
        mark->any = true; /* which keeps the next round from beginning anew */
    } else if (ahead > 1) {
        return again;
    }
    return mark_after(mark);
}
