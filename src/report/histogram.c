/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Equal numbers follow each other: each number has two counts, which are used by turns, so that
 * none waits for the one before.
 */
#include "report/histogram.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum { MOST_NUMBERS = 1 << 14, LEAST_NUMBERS = 1 << 5, LANES = 2 };

static uint64_t range_of(int64_t lowest, int64_t highest) {
    return (uint64_t)highest - (uint64_t)lowest;
}

bool histogram_fits(int64_t lowest, int64_t highest, size_t count) {
    return range_of(lowest, highest) < MOST_NUMBERS && count <= UINT32_MAX;
}

static uint32_t *counts_of(const struct histogram *histogram, int64_t number) {
    return histogram->counts + LANES * ((uint64_t)number - histogram->first);
}

/* Room for the range in the middle of what is reserved. */
static void reserve(struct histogram *histogram, int64_t lowest, int64_t highest) {
    size_t needed = (size_t)range_of(lowest, highest) + 1, room = LEAST_NUMBERS;
    while (room < needed)
        room *= 2;
    histogram->room = MAX(room, histogram->room);
    histogram->counts = memory_array(histogram->room, LANES * sizeof *histogram->counts);
    histogram->first = (uint64_t)lowest - (histogram->room - needed) / 2;
    histogram->lowest = lowest;
    histogram->highest = highest;
}

void histogram_begin(struct histogram *histogram, int64_t lowest, int64_t highest) {
    free(histogram->counts);
    reserve(histogram, lowest, highest);
}

void histogram_extend(struct histogram *histogram, int64_t lowest, int64_t highest) {
    struct histogram old = *histogram;
    histogram->lowest = MIN(lowest, old.lowest);
    histogram->highest = MAX(highest, old.highest);
    if ((uint64_t)histogram->lowest - old.first < old.room &&
        (uint64_t)histogram->highest - old.first < old.room)
        return;
    reserve(histogram, histogram->lowest, histogram->highest);
    size_t count = (size_t)range_of(old.lowest, old.highest) + 1;
    memcpy(counts_of(histogram, old.lowest), counts_of(&old, old.lowest),
           count * LANES * sizeof *old.counts);
    free(old.counts);
}

void histogram_add(const struct histogram *histogram, const int64_t *numbers, size_t count) {
    uint32_t *counts = histogram->counts;
    uint64_t first = histogram->first;
    size_t i = 0;
    for (; i + 1 < count; i += LANES) {
        counts[LANES * ((uint64_t)numbers[i] - first)]++;
        counts[LANES * ((uint64_t)numbers[i + 1] - first) + 1]++;
    }
    if (i < count)
        counts[LANES * ((uint64_t)numbers[i] - first)]++;
}

void histogram_add_same(const struct histogram *histogram, int64_t number, size_t count) {
    *counts_of(histogram, number) += (uint32_t)count;
}

size_t histogram_count(const struct histogram *histogram, int64_t number) {
    const uint32_t *counts = counts_of(histogram, number);
    return (size_t)counts[0] + counts[1];
}

void histogram_list(const struct histogram *histogram, int64_t *numbers) {
    uint64_t range = range_of(histogram->lowest, histogram->highest);
    for (uint64_t i = 0; i <= range; i++) {
        int64_t number = (int64_t)((uint64_t)histogram->lowest + i);
        for (size_t left = histogram_count(histogram, number); left; left--)
            *numbers++ = number;
    }
}

void histogram_done(struct histogram *histogram) {
    free(histogram->counts);
    *histogram = (struct histogram){.counts = NULL};
}
