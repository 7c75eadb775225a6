/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A sink that puts guests side by side: it keeps one value a guest and counter until the end. */
#ifndef VPERF_COMMAND_COMPARISON_H
#define VPERF_COMMAND_COMPARISON_H

#include <glib.h>

#include "command/comparison_columns.h"
#include "core/inventory.h"
#include "sink/records.h"
#include "sink/sink.h"

/* What is asked for; the strings are borrowed. */
struct comparison_order {
    const struct globs *counters; /* the columns */
    const char *sort; /* counter whose highest value comes first; the first column if it is none */
    size_t top;       /* rows of guests at most; 0 for all */
    enum records_format format;
    size_t width;    /* a table is folded to so many columns of the terminal; 0 for never */
    bool show_types; /* a table has a column for the type */
};

struct comparison_cell {
    const struct counter *counter; /* of the comparison's catalog */
    int64_t value;
    bool approximate;
};

/* A guest, or the total of those of one hypervisor and type. */
struct comparison_row {
    const struct entity *entity;
    size_t guests; /* of a total; 0 for a guest */
    int64_t time;  /* of the newest sample */
    int32_t interval;
    struct comparison_cell *cells;
    size_t count;
    size_t capacity;
};

/* A value of one device of the guest whose series are coming in. */
struct comparison_part {
    const struct counter *counter;
    char *instance;
    int64_t value;
    bool approximate;
};

struct comparison {
    struct sink sink; /* what the collector gets */
    struct comparison_order order;
    struct inventory *entities;
    struct catalog *counters; /* those that a guest has a value of */
    struct comparison_row *rows;
    size_t count;
    size_t capacity;
    GHashTable *known;             /* the entities of the rows, by a key of their own */
    struct comparison_part *parts; /* of the last row, until the next one begins */
    size_t part_count;
    size_t part_capacity;
};

/* comparison_init: no guests yet; the end of the sink writes to the stream. */
void comparison_init(struct comparison *comparison, const struct comparison_order *order,
                     FILE *stream, struct sink_options options);

/* comparison_done: frees what the comparison holds. */
void comparison_done(struct comparison *comparison);

/* comparison_put: the row gets a value for a counter. */
void comparison_put(struct comparison_row *row, const struct comparison_cell *cell);

/* comparison_cell: the value of a counter; NULL when the row has none. */
const struct comparison_cell *comparison_cell(const struct comparison_row *row,
                                              const struct counter *counter);

/* comparison_list: writes the columns and rows that the order asks for, and the totals. */
void comparison_list(struct comparison *comparison);

#endif
