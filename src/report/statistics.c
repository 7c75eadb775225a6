/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/statistics.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "report/places.h"
#include "report/sums.h"

enum { LEAST_VALUES = 64 };

static int compare_values(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void append(struct occurrence *list, size_t *count, double value, uint64_t times) {
    if (*count && list[*count - 1].value == value)
        list[*count - 1].count += times;
    else
        list[(*count)++] = (struct occurrence){value, times};
}

static void free_values(struct distribution *distribution) {
    tally_done(&distribution->raw);
    free(distribution->values);
    distribution->values = NULL;
    distribution->value_count = distribution->value_capacity = 0;
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
            append(merged, &kept, old[k].value, old[k].count);
        append(merged, &kept, list[i].value, list[i].count);
    }
    for (; k < distribution->count; k++)
        append(merged, &kept, old[k].value, old[k].count);
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
            list[count++] = (struct occurrence){scale_value(&distribution->scale, value), times};
    }
    distribution_merge(distribution, list, count);
    free(list);
    tally_done(raw);
}

void distribution_compact(struct distribution *distribution) {
    merge_raw(distribution);
    convert_raw(distribution);
    const struct occurrence *old = distribution->sorted;
    const double *values = distribution->values;
    size_t added = distribution->value_count, count = 0, k = 0;
    if (!added)
        return;
    qsort(distribution->values, added, sizeof *values, compare_values);
    struct occurrence *merged = memory_array(distribution->count + added, sizeof *merged);
    for (size_t i = 0; i < added; i++) {
        for (; k < distribution->count && old[k].value <= values[i]; k++)
            append(merged, &count, old[k].value, old[k].count);
        append(merged, &count, values[i], 1);
    }
    for (; k < distribution->count; k++)
        append(merged, &count, old[k].value, old[k].count);
    free(distribution->sorted);
    distribution->sorted = memory_check(reallocarray(merged, count, sizeof *merged));
    distribution->count = count;
    free_values(distribution);
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

double *distribution_room(struct distribution *distribution, size_t count) {
    g_assert(!distribution->known);
    reserve(distribution, count);
    double *room = distribution->values + distribution->value_count;
    distribution->value_count += count;
    distribution->total += count;
    return room;
}

void distribution_add(struct distribution *distribution, double value) {
    *distribution_room(distribution, 1) = value;
}

/* The value at this place in ascending order, and the one after it. */
static void values_at(const struct distribution *distribution, uint64_t place, double *value,
                      double *next) {
    uint64_t before = 0;
    size_t i = 0;
    while (before + distribution->sorted[i].count <= place)
        before += distribution->sorted[i++].count;
    *value = distribution->sorted[i].value;
    bool ends = before + distribution->sorted[i].count == place + 1;
    *next = distribution->sorted[ends && i + 1 < distribution->count ? i + 1 : i].value;
}

static double place_of(const struct distribution *distribution, double percent) {
    return (double)(distribution->total - 1) * (percent / 100);
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

/* The values stay where they are, and count no more. */
static void reduce(struct distribution *distribution, const double *percents, size_t count) {
    if (distribution->known || !distribution->total)
        return;
    struct percentile *known = memory_array(count, sizeof *known);
    bool is_plain = !distribution->sorted;
    for (size_t i = 0; i < count; i++)
        known[i] = (struct percentile){
            percents[i], is_plain ? 0 : distribution_percentile(distribution, percents[i])};
    if (is_plain)
        select_known(distribution, known, count);
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
    tally_done(&distribution->raw);
    free(distribution->sorted);
    free(distribution->values);
    free(distribution->known);
    free(distribution->waiting);
    *distribution = (struct distribution){.sorted = NULL};
}

bool weighted_mean_known(const struct weighted_mean *mean) {
    return mean->weight > 0;
}

double weighted_mean_value(const struct weighted_mean *mean) {
    return weighted_mean_known(mean) ? mean->sum / mean->weight : 0;
}

/* What changes with the samples as a whole. */
static void note_span(struct measure *measure, int64_t first, int64_t last, int32_t interval) {
    bool any = measure->longest > 0;
    measure->first_time = any ? MIN(measure->first_time, first) : first;
    measure->last_time = any ? MAX(measure->last_time, last) : last;
    measure->shortest = any ? MIN(measure->shortest, interval) : interval;
    measure->longest = MAX(measure->longest, interval);
}

static void note_peak(struct measure *measure, double value, int64_t time) {
    if (measure->longest > 0 &&
        (value < measure->peak || (value == measure->peak && time >= measure->peak_time)))
        return;
    measure->peak = value;
    measure->peak_time = time;
}

/* The first of the highest ones. */
static size_t find_highest(const double *values, size_t count) {
    double value = values[0];
    size_t highest = 0;
    for (size_t i = 1; i < count; i++)
        if (values[i] > value) {
            value = values[i];
            highest = i;
        }
    return highest;
}

static size_t count_above(const double *values, size_t count, double limit) {
    size_t above = 0;
    for (size_t i = 0; i < count; i++)
        above += values[i] > limit;
    return above;
}

void measure_add_all(struct measure *measure, const struct measure_samples *samples, double limit) {
    const double *values = samples->values;
    size_t count = samples->count;
    if (!count)
        return;
    size_t highest = find_highest(values, count);
    size_t above = values[highest] > limit ? count_above(values, count, limit) : 0;
    note_peak(measure, values[highest], samples->times[highest]);
    note_span(measure, samples->times[0], samples->times[count - 1], samples->interval);
    double sum = sum_values(values, count);
    measure->sum += sum;
    measure->mean.sum += sum * samples->interval;
    measure->mean.weight += (double)samples->interval * (double)count;
    measure->seconds += samples->interval * (int64_t)count;
    measure->seconds_above += samples->interval * (int64_t)above;
}

/* As room in a distribution, for raw values: one has a single scale. */
static struct tally_sum add_raw(struct distribution *distribution,
                                const struct measure_columns *samples) {
    const struct scale *mine = &samples->scale;
    struct scale *scale = &distribution->scale;
    g_assert(!distribution->known);
    if (mine->factor != scale->factor || mine->divisor != scale->divisor)
        convert_raw(distribution);
    *scale = *mine;
    distribution->total += samples->count;
    return tally_add(&distribution->raw, &samples->columns, samples->count);
}

/* The first of this value. */
static int64_t time_of(const struct measure_columns *samples, int64_t value) {
    size_t i = 0;
    while (series_columns_value(&samples->columns, i) != value)
        i++;
    return samples->columns.times[i];
}

static size_t count_columns_above(const struct measure_columns *samples, double limit) {
    size_t above = 0;
    for (size_t i = 0; i < samples->count; i++)
        above += scale_value(&samples->scale, series_columns_value(&samples->columns, i)) > limit;
    return above;
}

void measure_add_columns(struct measure *measure, const struct measure_columns *samples,
                         double limit) {
    const int64_t *times = samples->columns.times;
    size_t count = samples->count;
    if (!count)
        return;
    struct tally_sum raw = add_raw(&measure->values, samples);
    double peak = scale_value(&samples->scale, raw.highest);
    if (measure->longest <= 0 || peak >= measure->peak)
        note_peak(measure, peak, time_of(samples, raw.highest));
    note_span(measure, times[0], times[count - 1], samples->interval);
    double sum = sum_columns(&samples->columns, &samples->scale, count, raw.sum);
    measure->sum += sum;
    measure->mean.sum += sum * samples->interval;
    measure->mean.weight += (double)samples->interval * (double)count;
    measure->seconds += samples->interval * (int64_t)count;
    if (peak > limit)
        measure->seconds_above += samples->interval * (int64_t)count_columns_above(samples, limit);
}

void measure_add(struct measure *measure, int64_t time, int32_t interval, double value,
                 double limit) {
    double *room = distribution_room(&measure->values, 1);
    *room = value;
    measure_add_all(measure, &(struct measure_samples){&time, room, 1, interval}, limit);
}

bool measure_known(const struct measure *measure) {
    return measure->values.total > 0;
}

double measure_average(const struct measure *measure) {
    if (measure_known(measure) && measure->shortest == measure->longest)
        return measure->sum / (double)measure->values.total;
    return weighted_mean_value(&measure->mean);
}

double measure_percentile(struct measure *measure, double percent) {
    return distribution_percentile(&measure->values, percent);
}

double measure_coverage(const struct measure *measure, int64_t window_seconds) {
    if (window_seconds <= 0)
        return 0;
    return MIN(100.0 * (double)measure->seconds / (double)window_seconds, 100.0);
}

void measure_done(struct measure *measure) {
    distribution_done(&measure->values);
}
