/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/places.h"

#include <glib.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum { RANGES = 4096, FEW = 64 };

static int compare_places(const void *a, const void *b) {
    const struct place *left = *(struct place *const *)a, *right = *(struct place *const *)b;
    return (left->index > right->index) - (left->index < right->index);
}

static int compare_values(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Values from low to high, in ranges. */
struct ranges {
    double low;
    double high;
    double factor; /* ranges per unit */
};

/* In lanes, which a processor works on side by side. */
static struct ranges ranges_of(const double *values, size_t count) {
    enum { LANES = 4 };
    double low[LANES], high[LANES];
    size_t i = 0;
    for (size_t lane = 0; lane < LANES; lane++)
        low[lane] = high[lane] = values[0];
    for (; i + LANES <= count; i += LANES)
        for (size_t lane = 0; lane < LANES; lane++) {
            low[lane] = values[i + lane] < low[lane] ? values[i + lane] : low[lane];
            high[lane] = values[i + lane] > high[lane] ? values[i + lane] : high[lane];
        }
    for (; i < count; i++) {
        low[0] = MIN(low[0], values[i]);
        high[0] = MAX(high[0], values[i]);
    }
    struct ranges ranges = {low[0], high[0], 0};
    for (size_t lane = 1; lane < LANES; lane++) {
        ranges.low = MIN(ranges.low, low[lane]);
        ranges.high = MAX(ranges.high, high[lane]);
    }
    ranges.factor = RANGES / (ranges.high - ranges.low);
    return ranges;
}

/* A larger value is never in an earlier range. */
static uint16_t range_of(const struct ranges *ranges, double value) {
    int32_t range = (int32_t)((value - ranges->low) * ranges->factor);
    return (uint16_t)MIN(range, RANGES - 1);
}

/* A range that holds a place: so many values behind so many others. */
struct part {
    double *values;
    size_t count;
    size_t before;
    struct place **places;
    size_t place_count;
};

/* The parts of the places, which ascend; returns their number, and in part_of that of a range. */
static size_t list_parts(const uint32_t *sizes, struct place **places, size_t place_count,
                         struct part *parts, uint16_t *part_of) {
    size_t count = 0, range = 0, before = 0;
    for (size_t i = 0; i < place_count; i += parts[count++].place_count) {
        while (before + sizes[range] <= places[i]->index)
            before += sizes[range++];
        parts[count] = (struct part){.before = before, .places = places + i, .place_count = 1};
        while (i + parts[count].place_count < place_count &&
               places[i + parts[count].place_count]->index < before + sizes[range])
            parts[count].place_count++;
        parts[count].values = g_new(double, sizes[range]);
        part_of[range] = (uint16_t)(count + 1);
    }
    return count;
}

static void find(const double *values, size_t count, struct place **places, size_t place_count);

static void find_in_part(const struct part *part) {
    for (size_t i = 0; i < part->place_count; i++)
        part->places[i]->index -= part->before;
    find(part->values, part->count, part->places, part->place_count);
    for (size_t i = 0; i < part->place_count; i++)
        part->places[i]->index += part->before;
    g_free(part->values);
}

static void find_by_ranges(const double *values, size_t count, const struct ranges *ranges,
                           struct place **places, size_t place_count) {
    uint32_t sizes[RANGES] = {0};
    uint16_t part_of[RANGES] = {0}; /* one more than its number */
    struct part *parts = memory_array(place_count + 1, sizeof *parts);
    uint16_t *range = g_new(uint16_t, count);
    for (size_t i = 0; i < count; i++)
        sizes[range[i] = range_of(ranges, values[i])]++;
    size_t part_count = list_parts(sizes, places, place_count, parts, part_of);
    for (size_t i = 0; i < count; i++) {
        uint16_t part = part_of[range[i]];
        if (part)
            parts[part - 1].values[parts[part - 1].count++] = values[i];
    }
    g_free(range);
    for (size_t i = 0; i < part_count; i++)
        find_in_part(&parts[i]);
    free(parts);
}

static void find_by_sorting(const double *values, size_t count, struct place **places,
                            size_t place_count) {
    double *sorted = g_memdup2(values, count * sizeof *values);
    qsort(sorted, count, sizeof *sorted, compare_values);
    for (size_t i = 0; i < place_count; i++)
        places[i]->value = sorted[places[i]->index];
    g_free(sorted);
}

/* The places ascend. */
static void find(const double *values, size_t count, struct place **places, size_t place_count) {
    struct ranges ranges = ranges_of(values, count);
    if (ranges.low < ranges.high && count > FEW && isnormal(ranges.factor)) {
        find_by_ranges(values, count, &ranges, places, place_count);
    } else if (ranges.low < ranges.high) {
        find_by_sorting(values, count, places, place_count);
    } else {
        for (size_t i = 0; i < place_count; i++)
            places[i]->value = ranges.low;
    }
}

struct place **places_in_order(struct place *places, size_t place_count) {
    struct place **sorted = memory_array(place_count, sizeof(struct place *));
    for (size_t i = 0; i < place_count; i++)
        sorted[i] = &places[i];
    qsort(sorted, place_count, sizeof(struct place *), compare_places);
    return sorted;
}

void places_find(const double *values, size_t count, struct place *places, size_t place_count) {
    struct place **sorted = places_in_order(places, place_count);
    find(values, count, sorted, place_count);
    free(sorted);
}
