/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Raw values of a series, which are whole numbers: what stands at a place in ascending order is
 * found by counting how often each occurs, and only the few that are asked for become values of a
 * metric. A series that never changes takes no room, and one of a narrow range that of its counts.
 */
#ifndef VPERF_REPORT_TALLY_H
#define VPERF_REPORT_TALLY_H

#include "core/series.h"
#include "report/histogram.h"
#include "report/places.h"

/* How a raw value becomes that of a metric; one of them is 1, so that no bit is lost. */
struct scale {
    double factor;
    double divisor;
};

/* scale_value: the value of the metric. */
static inline double scale_value(const struct scale *scale, int64_t raw) {
    return (double)raw * scale->factor / scale->divisor;
}

/* scale_values: those of count raw values, with the same bits; a division takes several additions.
 */
static inline void scale_values(const struct scale *scale, const int64_t *raw, size_t count,
                                double *values) {
    if (scale->divisor == 1)
        for (size_t i = 0; i < count; i++)
            values[i] = (double)raw[i] * scale->factor;
    else
        for (size_t i = 0; i < count; i++)
            values[i] = (double)raw[i] * scale->factor / scale->divisor;
}

/* Raw values in any order; zeroed is empty. */
struct tally {
    int64_t *values;
    size_t count;
    size_t capacity;
    int64_t lowest; /* of all */
    int64_t highest;
    bool same;    /* all are the lowest one: values has none of them */
    bool counted; /* all are in the histogram: values has none of them */
    struct histogram histogram;
};

/* What some raw values are together. */
struct tally_sum {
    int64_t lowest;
    int64_t highest;
    double sum; /* exact, as far as a double can tell */
};

/* tally_add: adds the values of count samples, at least one. */
struct tally_sum tally_add(struct tally *tally, const struct series_columns *columns, size_t count);

/* tally_find: as places_find, of values with this scale. */
void tally_find(const struct tally *tally, const struct scale *scale, struct place *places,
                size_t place_count);

/* tally_knows: how often each value occurs is known. */
bool tally_knows(const struct tally *tally);

/* tally_count: how often this value between the lowest and the highest occurs, when that is known.
 */
size_t tally_count(const struct tally *tally, int64_t value);

/* tally_put: all values with this scale, in any order. */
void tally_put(const struct tally *tally, const struct scale *scale, double *values);

/* tally_clear: it is empty; the memory stays for more. */
void tally_clear(struct tally *tally);

/* tally_done: frees the values. */
void tally_done(struct tally *tally);

#endif
