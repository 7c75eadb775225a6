/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A sink that puts guests side by side: it keeps the newest values until the end. A table ends with
 * totals; CSV has guests alone, so that sums over its columns are right.
 */
#ifndef VPERF_COMMAND_COMPARISON_H
#define VPERF_COMMAND_COMPARISON_H

#include "core/globs.h"
#include "core/latest.h"
#include "sink/records.h"
#include "sink/sink.h"

/* What is asked for; the strings are borrowed. */
struct comparison_order {
    const struct globs *counters; /* the columns */
    const char *sort; /* counter whose highest value comes first; the first column if it is none */
    size_t top;       /* rows of guests at most; 0 for all */
    enum records_format format;
    size_t width;    /* a table shows what fits so many columns of the terminal; 0 for all */
    bool show_types; /* a table has a column for the type */
    bool show_units; /* in CSV; a table always has them */
    FILE *totals;    /* gets the totals as CSV; NULL for none */
    bool color;      /* the terminal shows the heading of a table bold */
};

struct comparison {
    struct sink sink; /* what the run gets */
    struct comparison_order order;
    struct latest *latest;
};

/* comparison_init: no guests yet; the end of the sink writes to the stream. */
void comparison_init(struct comparison *comparison, const struct comparison_order *order,
                     FILE *stream, struct sink_options options);

/* comparison_done: frees what the comparison holds. */
void comparison_done(struct comparison *comparison);

#endif
