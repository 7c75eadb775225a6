/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* How often each whole number of a narrow range occurs. */
#ifndef VPERF_REPORT_HISTOGRAM_H
#define VPERF_REPORT_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed has no room. */
struct histogram {
    uint32_t *counts; /* two of each number */
    size_t room;      /* numbers */
    uint64_t first;
    int64_t lowest; /* that was counted or announced */
    int64_t highest;
};

/* histogram_fits: numbers of this range, and so many, can be counted. */
bool histogram_fits(int64_t lowest, int64_t highest, size_t count);

/* histogram_begin: nothing is counted yet; numbers of this range, which fits, will be. */
void histogram_begin(struct histogram *histogram, int64_t lowest, int64_t highest);

/* histogram_extend: numbers of this range, which fits with what was counted, will be too. */
void histogram_extend(struct histogram *histogram, int64_t lowest, int64_t highest);

/* histogram_add: counts numbers, which are of the range. */
void histogram_add(const struct histogram *histogram, const int64_t *numbers, size_t count);

/* histogram_add_same: counts one number so many times. */
void histogram_add_same(const struct histogram *histogram, int64_t number, size_t count);

/* histogram_count: how often the number, which is of the range, occurs. */
size_t histogram_count(const struct histogram *histogram, int64_t number);

/* histogram_list: all numbers in ascending order, each as often as it occurs. */
void histogram_list(const struct histogram *histogram, int64_t *numbers);

/* histogram_done: frees the counts. */
void histogram_done(struct histogram *histogram);

#endif
