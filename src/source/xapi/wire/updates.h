/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a host answers to /rrd_updates: rows of means over equal steps of time, as XML. */
#ifndef VPERF_SOURCE_XAPI_UPDATES_H
#define VPERF_SOURCE_XAPI_UPDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum updates_owner { OWNER_OTHER, OWNER_HOST, OWNER_VM };

/* One data source, such as cpu0 of a VM. What is no AVERAGE has the owner OWNER_OTHER. */
struct updates_column {
    enum updates_owner owner;
    char *uuid;
    char *name;
};

struct updates_row {
    int64_t time;   /* the end of the step, Unix seconds of the host's clock */
    double *values; /* by column; NAN for none: XAPI writes NaN or Infinity then */
};

struct updates {
    int64_t start;
    int64_t end;
    int64_t step; /* seconds */
    struct updates_column *columns;
    size_t column_count;
    struct updates_row *rows; /* ascending in time, each time once */
    size_t row_count;
    size_t held; /* bytes of budget.h */
};

/*
 * updates_read: ERROR_PROTOCOL when the bytes are no such answer, or too many. The number of
 * columns is that of the legend: what the answer says of it is not always true. What it holds is
 * part of budget.h, which may refuse it.
 */
bool updates_read(struct updates *updates, const char *bytes, size_t size, struct error *error)
    __attribute__((warn_unused_result));

/* updates_done: frees what it holds. */
void updates_done(struct updates *updates);

/* updates_find: number of the row of this time, or -1. */
long updates_find(const struct updates *updates, int64_t time);

#endif
