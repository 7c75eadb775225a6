/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Values that a real server gave, from a file of tab-separated rows: type, id, values. */
#ifndef VPERF_BENCH_VALUES_H
#define VPERF_BENCH_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_SERIES = 512 };

/* One list a row. */
struct values {
    int64_t *lists[MAX_SERIES];
    size_t lengths[MAX_SERIES];
    size_t count;
};

/* values_read: false when the file cannot be read. */
bool values_read(struct values *values, const char *path);

/* values_noise: lists of whole numbers below the end, by chance, none like the others. */
void values_noise(struct values *values, int end);

/* values_done: frees the lists. */
void values_done(struct values *values);

/* values_at: each guest begins elsewhere in the values, which come again from their beginning. */
int64_t values_at(const struct values *values, int guest, int series, int64_t round);

#endif
