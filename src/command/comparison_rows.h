/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The newest values as rows of guests and columns of counters, one value in each cell. */
#ifndef VPERF_COMMAND_COMPARISON_ROWS_H
#define VPERF_COMMAND_COMPARISON_ROWS_H

#include "command/comparison_columns.h"
#include "core/latest.h"

struct cell {
    int64_t value;
    int64_t requests; /* of a latency: what it weighs; -1 when not known */
    bool known;
    bool approximate;
};

/* A guest, or the total of those of one hypervisor and type. */
struct row {
    const struct entity *entity; /* of a total: one of them */
    size_t guests;               /* of a total; 0 for a guest */
    int64_t time;                /* of the newest sample */
    int32_t interval;
    int64_t cpus, memory_kib; /* of a total: the sums; 0 when not known */
    struct cell *cells;       /* as many as there are columns */
};

struct rows {
    struct columns columns;
    struct row *guests;
    size_t count;
    struct row *totals; /* by hypervisor and type */
    size_t total_count;
    struct catalog *counters; /* those of the columns, and all that have a value */
};

/*
 * rows_init: the guests of latest and their totals; entities are borrowed from it. A value is that
 * of the whole guest, or else it is made of its devices. In a total a percentage weighs as much as
 * its guest has CPUs (that of memory: memory), a latency as the guest has requests. A guest that
 * two targets report under one UUID, as after a migration, is counted once: where its newest sample
 * is.
 */
void rows_init(struct rows *rows, struct latest *latest, const struct globs *counters);

/*
 * rows_sort: the guests by the counter with this name, the highest value first; by the first column
 * when it is none. Those without a value come last, the same ones by name.
 */
void rows_sort(struct rows *rows, const char *counter);

/* rows_done: frees what the rows hold. */
void rows_done(struct rows *rows);

#endif
