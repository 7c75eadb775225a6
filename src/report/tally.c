/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/tally.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum { BUCKET_BITS = 14, LEAST_VALUES = 64 };

static void reserve(struct tally *tally, size_t count) {
    if (count <= tally->capacity)
        return;
    tally->capacity = MAX(MAX(count, LEAST_VALUES), tally->capacity * 2);
    tally->values =
        memory_check(reallocarray(tally->values, tally->capacity, sizeof *tally->values));
}

static void free_values(struct tally *tally) {
    free(tally->values);
    tally->values = NULL;
    tally->capacity = 0;
}

static void fill(int64_t *values, size_t count, int64_t value) {
    for (size_t i = 0; i < count; i++)
        values[i] = value;
}

static void append(struct tally *tally, const struct series_columns *columns, size_t count) {
    reserve(tally, tally->count + count);
    if (tally->same)
        fill(tally->values, tally->count, tally->lowest);
    if (tally->counted)
        histogram_list(&tally->histogram, tally->values);
    tally->counted = false;
    if (columns->same)
        fill(tally->values + tally->count, count, columns->values[0]);
    else
        memcpy(tally->values + tally->count, columns->values, count * sizeof *columns->values);
}

/* What the tally has by now is in the histogram from now on. */
static void begin_counting(struct tally *tally, int64_t lowest, int64_t highest) {
    histogram_begin(&tally->histogram, lowest, highest);
    if (tally->same)
        histogram_add_same(&tally->histogram, tally->lowest, tally->count);
    else
        histogram_add(&tally->histogram, tally->values, tally->count);
    if (tally->count)
        free_values(tally);
    tally->counted = true;
}

static void add_counted(const struct tally *tally, const struct series_columns *columns,
                        size_t count) {
    if (columns->same)
        histogram_add_same(&tally->histogram, columns->values[0], count);
    else
        histogram_add(&tally->histogram, columns->values, count);
}

/* Counts take less room than the values where these are many, and close to each other. */
static void keep(struct tally *tally, const struct series_columns *columns, size_t more,
                 int64_t lowest, int64_t highest) {
    size_t total = tally->count + more;
    bool worth = tally->counted || (uint64_t)highest - (uint64_t)lowest < total;
    if (!worth || !histogram_fits(lowest, highest, total)) {
        append(tally, columns, more);
        return;
    }
    if (tally->counted)
        histogram_extend(&tally->histogram, lowest, highest);
    else
        begin_counting(tally, lowest, highest);
    add_counted(tally, columns, more);
}

/* Sums that do not fit into 64 bits. */
static double add_large(const int64_t *values, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)values[i];
    return sum;
}

static struct tally_sum sum_of(const int64_t *values, size_t count) {
    int64_t lowest = values[0], highest = values[0];
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        lowest = MIN(lowest, values[i]);
        highest = MAX(highest, values[i]);
        sum += (uint64_t)values[i];
    }
    int64_t most = INT64_MAX / (int64_t)MAX(count, 1);
    bool fits = highest <= most && lowest >= -most;
    return (struct tally_sum){lowest, highest,
                              fits ? (double)(int64_t)sum : add_large(values, count)};
}

struct tally_sum tally_add(struct tally *tally, const struct series_columns *columns,
                           size_t count) {
    int64_t first = columns->values[0];
    struct tally_sum sum = {first, first, (double)first * (double)count};
    if (!columns->same)
        sum = sum_of(columns->values, count);
    bool same = sum.lowest == sum.highest &&
                (!tally->count || (tally->same && tally->lowest == sum.lowest));
    int64_t lowest = tally->count ? MIN(tally->lowest, sum.lowest) : sum.lowest;
    int64_t highest = tally->count ? MAX(tally->highest, sum.highest) : sum.highest;
    if (!same)
        keep(tally, columns, count, lowest, highest);
    tally->same = same;
    tally->lowest = lowest;
    tally->highest = highest;
    tally->count += count;
    return sum;
}

/* Values from the lowest one on, in buckets of two to the power of shift. */
struct buckets {
    int64_t lowest;
    unsigned shift;
    size_t count;
};

/* The number of bits that a number takes. */
static unsigned width_of(uint64_t number) {
    return number ? 64 - (unsigned)__builtin_clzll(number) : 0;
}

/* About as many buckets as values: few values are not to pay for clearing many buckets. */
static struct buckets buckets_for(int64_t lowest, int64_t highest, size_t count) {
    uint64_t range = (uint64_t)highest - (uint64_t)lowest;
    unsigned bits = width_of(range), wanted = MIN(width_of(count), BUCKET_BITS);
    unsigned shift = bits > wanted ? bits - wanted : 0;
    return (struct buckets){lowest, shift, (size_t)(range >> shift) + 1};
}

static size_t bucket_of(const struct buckets *buckets, int64_t value) {
    return (size_t)(((uint64_t)value - (uint64_t)buckets->lowest) >> buckets->shift);
}

/*
 * How many values each bucket has; the caller frees it. Equal values follow each other: two counts
 * by turns do not wait for each other.
 */
static size_t *count_values(const struct buckets *buckets, const int64_t *values, size_t count) {
    size_t *sizes = memory_array(buckets->count, 2 * sizeof *sizes);
    size_t *others = sizes + buckets->count, i = 0;
    for (; i + 1 < count; i += 2) {
        sizes[bucket_of(buckets, values[i])]++;
        others[bucket_of(buckets, values[i + 1])]++;
    }
    if (i < count)
        sizes[bucket_of(buckets, values[i])]++;
    for (i = 0; i < buckets->count; i++)
        sizes[i] += others[i];
    return sizes;
}

/* A bucket with places: the values in it stand behind so many others. */
struct part {
    size_t bucket;
    size_t before;
    size_t size;
    struct place **places;
    size_t place_count;
    int64_t *values;
    size_t count; /* that are in values by now */
};

/* The parts of the places, which ascend; returns their number. */
static size_t list_parts(const size_t *sizes, struct place **places, size_t place_count,
                         struct part *parts) {
    size_t count = 0, bucket = 0, before = 0;
    for (size_t i = 0; i < place_count; i++) {
        while (before + sizes[bucket] <= places[i]->index)
            before += sizes[bucket++];
        if (count && parts[count - 1].bucket == bucket) {
            parts[count - 1].place_count++;
            continue;
        }
        parts[count++] = (struct part){
            .bucket = bucket,
            .before = before,
            .size = sizes[bucket],
            .places = places + i,
            .place_count = 1,
        };
    }
    return count;
}

/* Copies the values of each part; sizes is of no use afterwards. */
static void gather(const struct buckets *buckets, const int64_t *values, size_t count,
                   size_t *sizes, struct part *parts, size_t part_count) {
    memset(sizes, 0, buckets->count * sizeof *sizes);
    for (size_t i = 0; i < part_count; i++) {
        parts[i].values = g_new(int64_t, parts[i].size);
        sizes[parts[i].bucket] = i + 1;
    }
    for (size_t i = 0; i < count; i++) {
        size_t part = sizes[bucket_of(buckets, values[i])];
        if (part)
            parts[part - 1].values[parts[part - 1].count++] = values[i];
    }
}

static void find(const struct buckets *buckets, const struct scale *scale, const int64_t *values,
                 size_t count, struct place **places, size_t place_count);

static void find_in_part(const struct buckets *buckets, const struct scale *scale,
                         const struct part *part) {
    int64_t lowest =
        (int64_t)((uint64_t)buckets->lowest + ((uint64_t)part->bucket << buckets->shift));
    if (!buckets->shift) {
        for (size_t i = 0; i < part->place_count; i++)
            part->places[i]->value = scale_value(scale, lowest);
        return;
    }
    const struct tally_sum sum = sum_of(part->values, part->size);
    const struct buckets inner = buckets_for(sum.lowest, sum.highest, part->size);
    for (size_t i = 0; i < part->place_count; i++)
        part->places[i]->index -= part->before;
    find(&inner, scale, part->values, part->size, part->places, part->place_count);
    for (size_t i = 0; i < part->place_count; i++)
        part->places[i]->index += part->before;
    g_free(part->values);
}

/* The places ascend; each bucket is of one number. */
static void find_counted(const struct tally *tally, const struct scale *scale,
                         struct place **places, size_t place_count) {
    size_t range = (size_t)((uint64_t)tally->highest - (uint64_t)tally->lowest);
    const struct buckets buckets = {tally->lowest, 0, range + 1};
    struct part *parts = memory_array(place_count, sizeof *parts);
    size_t *sizes = memory_array(buckets.count, sizeof *sizes);
    for (size_t i = 0; i < buckets.count; i++)
        sizes[i] = histogram_count(&tally->histogram, (int64_t)((uint64_t)tally->lowest + i));
    size_t part_count = list_parts(sizes, places, place_count, parts);
    for (size_t i = 0; i < part_count; i++)
        find_in_part(&buckets, scale, &parts[i]);
    free(sizes);
    free(parts);
}

/* The places ascend. */
static void find(const struct buckets *buckets, const struct scale *scale, const int64_t *values,
                 size_t count, struct place **places, size_t place_count) {
    struct part *parts = memory_array(place_count, sizeof *parts);
    size_t *sizes = count_values(buckets, values, count);
    size_t part_count = list_parts(sizes, places, place_count, parts);
    if (buckets->shift)
        gather(buckets, values, count, sizes, parts, part_count);
    free(sizes);
    for (size_t i = 0; i < part_count; i++)
        find_in_part(buckets, scale, &parts[i]);
    free(parts);
}

void tally_find(const struct tally *tally, const struct scale *scale, struct place *places,
                size_t place_count) {
    if (tally->same) {
        for (size_t i = 0; i < place_count; i++)
            places[i].value = scale_value(scale, tally->lowest);
        return;
    }
    struct place **ordered = places_in_order(places, place_count);
    const struct buckets buckets = buckets_for(tally->lowest, tally->highest, tally->count);
    if (tally->counted)
        find_counted(tally, scale, ordered, place_count);
    else
        find(&buckets, scale, tally->values, tally->count, ordered, place_count);
    free(ordered);
}

bool tally_knows(const struct tally *tally) {
    return tally->same || tally->counted;
}

size_t tally_count(const struct tally *tally, int64_t value) {
    return tally->same ? tally->count : histogram_count(&tally->histogram, value);
}

void tally_put(const struct tally *tally, const struct scale *scale, double *values) {
    int64_t *listed = tally->counted ? g_new(int64_t, tally->count) : NULL;
    const int64_t *raw = listed ? listed : tally->values;
    if (listed)
        histogram_list(&tally->histogram, listed);
    for (size_t i = 0; i < tally->count; i++)
        values[i] = scale_value(scale, tally->same ? tally->lowest : raw[i]);
    g_free(listed);
}

void tally_clear(struct tally *tally) {
    tally->count = 0;
    tally->same = tally->counted = false;
}

void tally_done(struct tally *tally) {
    free(tally->values);
    histogram_done(&tally->histogram);
    *tally = (struct tally){.values = NULL};
}
