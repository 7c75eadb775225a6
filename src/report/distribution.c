/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/distribution.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>

#include "core/memory.h"

enum { LEAST_VALUES = 64, SORTING_COST = 8 };

static int compare_values(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void append(struct occurrence *list, size_t *count, double value, uint64_t seconds) {
    if (*count && list[*count - 1].value == value)
        list[*count - 1].seconds += seconds;
    else
        list[(*count)++] = (struct occurrence){value, seconds};
}

/* What each value counts for. */
static uint64_t interval_of(const struct distribution *distribution) {
    return (uint64_t)MAX(distribution->interval, 1);
}

static void free_values(struct distribution *distribution) {
    tally_done(&distribution->raw);
    free(distribution->values);
    distribution->values = NULL;
    distribution->value_count = distribution->value_capacity = 0;
}

static void free_one(struct distribution *distribution) {
    tally_done(&distribution->raw);
    free(distribution->sorted);
    free(distribution->values);
    free(distribution->known);
    free(distribution->waiting);
}

static void free_next(struct distribution *distribution) {
    for (struct distribution *part = distribution->next, *next = NULL; part; part = next) {
        next = part->next;
        free_one(part);
        free(part);
    }
    distribution->next = NULL;
}

static void reserve(struct distribution *distribution, size_t more) {
    size_t needed = distribution->value_count + more;
    if (needed <= distribution->value_capacity)
        return;
    size_t capacity = MAX(MAX(needed, LEAST_VALUES), distribution->value_capacity * 2);
    distribution->values =
        memory_check(reallocarray(distribution->values, capacity, sizeof *distribution->values));
    distribution->value_capacity = capacity;
}

/* Raw values become values like the others. */
static void convert_raw(struct distribution *distribution) {
    struct tally *raw = &distribution->raw;
    if (!raw->count)
        return;
    reserve(distribution, raw->count);
    tally_put(raw, &distribution->scale, distribution->values + distribution->value_count);
    distribution->value_count += raw->count;
    tally_clear(raw);
}

void distribution_merge(struct distribution *distribution, const struct occurrence *list,
                        size_t count) {
    const struct occurrence *old = distribution->sorted;
    struct occurrence *merged = memory_array(distribution->count + count, sizeof *merged);
    size_t kept = 0, k = 0;
    for (size_t i = 0; i < count; i++) {
        for (; k < distribution->count && old[k].value <= list[i].value; k++)
            append(merged, &kept, old[k].value, old[k].seconds);
        append(merged, &kept, list[i].value, list[i].seconds);
    }
    for (; k < distribution->count; k++)
        append(merged, &kept, old[k].value, old[k].seconds);
    free(distribution->sorted);
    distribution->sorted = merged;
    distribution->count = kept;
}

/* Where it is known how often each raw value occurs, these are in order. */
static void merge_raw(struct distribution *distribution) {
    struct tally *raw = &distribution->raw;
    if (!raw->count || !tally_knows(raw))
        return;
    uint64_t range = (uint64_t)raw->highest - (uint64_t)raw->lowest;
    struct occurrence *list = memory_array((size_t)range + 1, sizeof *list);
    size_t count = 0;
    for (uint64_t i = 0; i <= range; i++) {
        int64_t value = (int64_t)((uint64_t)raw->lowest + i);
        size_t times = tally_count(raw, value);
        if (times)
            list[count++] = (struct occurrence){scale_value(&distribution->scale, value),
                                                times * interval_of(distribution)};
    }
    distribution_merge(distribution, list, count);
    free(list);
    tally_done(raw);
}

/* Its own values alone go to sorted. */
static void compact(struct distribution *distribution) {
    merge_raw(distribution);
    convert_raw(distribution);
    const struct occurrence *old = distribution->sorted;
    const double *values = distribution->values;
    size_t added = distribution->value_count, count = 0, k = 0;
    uint64_t interval = interval_of(distribution);
    if (!added)
        return;
    qsort(distribution->values, added, sizeof *values, compare_values);
    struct occurrence *merged = memory_array(distribution->count + added, sizeof *merged);
    for (size_t i = 0; i < added; i++) {
        for (; k < distribution->count && old[k].value <= values[i]; k++)
            append(merged, &count, old[k].value, old[k].seconds);
        append(merged, &count, values[i], interval);
    }
    for (; k < distribution->count; k++)
        append(merged, &count, old[k].value, old[k].seconds);
    free(distribution->sorted);
    distribution->sorted = memory_check(reallocarray(merged, count, sizeof *merged));
    distribution->count = count;
    free_values(distribution);
}

void distribution_compact(struct distribution *distribution) {
    compact(distribution);
    for (struct distribution *part = distribution->next; part; part = part->next) {
        compact(part);
        if (part->count)
            distribution_merge(distribution, part->sorted, part->count);
        free(part->sorted);
        part->sorted = NULL;
        part->count = 0;
    }
}

void distribution_wait(struct distribution *distribution, int64_t offset) {
    distribution->waiting = memory_check(reallocarray(
        distribution->waiting, distribution->waiting_count + 1, sizeof *distribution->waiting));
    distribution->waiting[distribution->waiting_count++] =
        (struct waiting){offset, distribution->count};
    free(distribution->sorted);
    distribution->sorted = NULL;
    distribution->count = 0;
}

/* Where values of this interval are kept apart from others. */
static struct distribution *part_of(struct distribution *distribution, int32_t interval) {
    struct distribution *part = distribution;
    g_assert(!distribution->known);
    while (part->interval && part->interval != interval) {
        if (!part->next)
            part->next = memory_alloc(sizeof *part->next);
        part = part->next;
    }
    part->interval = interval;
    return part;
}

double *distribution_room(struct distribution *distribution, int32_t interval, size_t count) {
    distribution = part_of(distribution, interval);
    reserve(distribution, count);
    double *room = distribution->values + distribution->value_count;
    distribution->value_count += count;
    distribution->total += count;
    return room;
}

struct tally_sum distribution_add_raw(struct distribution *distribution, int32_t interval,
                                      const struct scale *scale,
                                      const struct series_columns *columns, size_t count) {
    struct distribution *part = part_of(distribution, interval);
    if (scale->factor != part->scale.factor || scale->divisor != part->scale.divisor)
        convert_raw(part);
    part->scale = *scale;
    part->total += count;
    return tally_add(&part->raw, columns, count);
}

void distribution_add(struct distribution *distribution, double value) {
    *distribution_room(distribution, 1, 1) = value;
}

/* The seconds that all intervals are multiples of. */
static uint64_t unit_of(const struct distribution *distribution) {
    uint64_t unit = interval_of(distribution);
    for (const struct distribution *part = distribution->next; part; part = part->next)
        for (uint64_t rest = interval_of(part); rest;) {
            uint64_t larger = unit;
            unit = rest;
            rest = larger % rest;
        }
    return unit;
}

/* How many units all values cover: of values of one interval, their number. */
static uint64_t units_of(const struct distribution *distribution) {
    uint64_t unit = unit_of(distribution), units = 0;
    for (const struct distribution *part = distribution; part; part = part->next)
        units += part->total * (interval_of(part) / unit);
    return units;
}

/* The value at this place in ascending order, and the one after it, each unit a place. */
static void values_at(const struct distribution *distribution, uint64_t place, double *value,
                      double *next) {
    uint64_t unit = unit_of(distribution), second = place * unit;
    uint64_t before = 0;
    size_t i = 0;
    while (before + distribution->sorted[i].seconds <= second)
        before += distribution->sorted[i++].seconds;
    *value = distribution->sorted[i].value;
    bool ends = before + distribution->sorted[i].seconds == second + unit;
    *next = distribution->sorted[ends && i + 1 < distribution->count ? i + 1 : i].value;
}

static double place_of(const struct distribution *distribution, double percent) {
    return (double)(units_of(distribution) - 1) * (percent / 100);
}

/* The order of operations is numpy's: it decides the last bit. */
static double between(double value, double next, double part) {
    double difference = next - value;
    return part >= 0.5 ? next - difference * (1 - part) : value + difference * part;
}

static double known_percentile(const struct distribution *distribution, double percent) {
    size_t i = 0;
    while (i + 1 < distribution->known_count && distribution->known[i].percent != percent)
        i++;
    g_assert(distribution->known[i].percent == percent);
    return distribution->known[i].value;
}

double distribution_percentile(struct distribution *distribution, double percent) {
    double value = 0, next = 0;
    if (!distribution->total)
        return 0;
    g_assert(!distribution->waiting_count);
    if (distribution->known)
        return known_percentile(distribution, percent);
    distribution_compact(distribution);
    double place = place_of(distribution, percent);
    values_at(distribution, (uint64_t)floor(place), &value, &next);
    return between(value, next, place - floor(place));
}

/* The values at the places of all percentiles, and those after them, in one go. */
static void select_known(struct distribution *distribution, struct percentile *known,
                         size_t count) {
    struct place *places = memory_array(2 * count, sizeof *places);
    for (size_t i = 0; i < count; i++) {
        size_t place = (size_t)floor(place_of(distribution, known[i].percent));
        places[2 * i].index = place;
        places[2 * i + 1].index = MIN(place + 1, (size_t)distribution->total - 1);
    }
    if (distribution->value_count) {
        convert_raw(distribution);
        places_find(distribution->values, distribution->value_count, places, 2 * count);
    } else {
        tally_find(&distribution->raw, &distribution->scale, places, 2 * count);
    }
    for (size_t i = 0; i < count; i++) {
        double place = place_of(distribution, known[i].percent);
        known[i].value =
            between(places[2 * i].value, places[2 * i + 1].value, place - floor(place));
    }
    free(places);
}

/* Values whose order takes sorting: raw values that were counted have one. */
static uint64_t unsorted(const struct distribution *distribution) {
    uint64_t count = 0;
    for (const struct distribution *part = distribution; part; part = part->next)
        count += part->value_count + (tally_knows(&part->raw) ? 0 : part->raw.count);
    return count;
}

/*
 * Values of several intervals, each as often as it covers the unit, are those of one interval;
 * false when sorting them takes less.
 */
static bool select_repeated(struct distribution *distribution, struct percentile *known,
                            size_t count) {
    uint64_t unit = unit_of(distribution), units = units_of(distribution);
    if (units > unsorted(distribution) * SORTING_COST)
        return false;
    double *values = memory_array(units, sizeof *values);
    struct distribution all = {.interval = 1, .values = values, .total = units};
    for (struct distribution *part = distribution; part; part = part->next) {
        size_t times = interval_of(part) / unit;
        convert_raw(part);
        for (size_t i = 0; i < part->value_count * times; i++)
            values[all.value_count++] = part->values[i / times];
    }
    select_known(&all, known, count);
    distribution_done(&all);
    return true;
}

/* None of the values was sorted, or is elsewhere. */
static bool select_all(struct distribution *distribution, struct percentile *known, size_t count) {
    if (distribution->sorted)
        return false;
    if (distribution->next)
        return select_repeated(distribution, known, count);
    select_known(distribution, known, count);
    return true;
}

/* The values stay where they are, and count no more. */
static void reduce(struct distribution *distribution, const double *percents, size_t count) {
    if (distribution->known || !distribution->total)
        return;
    struct percentile *known = memory_array(count, sizeof *known);
    for (size_t i = 0; i < count; i++)
        known[i] = (struct percentile){percents[i], 0};
    if (!select_all(distribution, known, count))
        for (size_t i = 0; i < count; i++)
            known[i].value = distribution_percentile(distribution, percents[i]);
    free_next(distribution);
    distribution->value_count = 0;
    tally_clear(&distribution->raw);
    free(distribution->sorted);
    distribution->sorted = NULL;
    distribution->known = known;
    distribution->known_count = count;
}

void distribution_reduce(struct distribution *distribution, const double *percents, size_t count) {
    reduce(distribution, percents, count);
    free_values(distribution);
}

void distribution_hand_over(struct distribution *distribution, const double *percents, size_t count,
                            struct distribution *other) {
    reduce(distribution, percents, count);
    if (!other->raw.count) {
        tally_done(&other->raw);
        other->raw = distribution->raw;
        distribution->raw = (struct tally){.values = NULL};
    }
    if (!other->values) {
        other->values = distribution->values;
        other->value_capacity = distribution->value_capacity;
        distribution->values = NULL;
    }
    free_values(distribution);
}

void distribution_done(struct distribution *distribution) {
    free_next(distribution);
    free_one(distribution);
    *distribution = (struct distribution){.sorted = NULL};
}
