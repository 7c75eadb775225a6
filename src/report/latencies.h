/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Latencies and the requests that they are of come as series of their own, in either order: they
 * meet by disk, direction and time.
 */
#ifndef VPERF_REPORT_LATENCIES_H
#define VPERF_REPORT_LATENCIES_H

#include <stdbool.h>

#include "core/series.h"

struct latencies;

/* Latencies in ms, and the requests per second that they are of, which have the same times. */
struct latencies_pairs {
    struct series_columns latencies;
    struct series_columns requests;
    size_t count;
    int32_t interval;
};

/* What to do with them. */
struct latencies_reader {
    void (*add)(void *context, const struct latencies_pairs *pairs);
    void *context;
};

/* latencies_counter: the name of counter number index that is of use here, or NULL after them. */
const char *latencies_counter(size_t index);

/* latencies_new: none yet; owned by the caller. */
struct latencies *latencies_new(void);

/* latencies_free: takes NULL. */
void latencies_free(struct latencies *latencies);

/*
 * latencies_write: takes in a series of one of the counters, as columns, and gives the reader what
 * has met by now; false when the counter is none of them.
 */
bool latencies_write(struct latencies *latencies, const struct series *series,
                     const struct latencies_reader *reader);

#endif
