/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The columns of wide CSV: one for each counter and instance, sorted by name. */
#ifndef VPERF_SINK_WIDE_COLUMNS_H
#define VPERF_SINK_WIDE_COLUMNS_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/series.h"
#include "sink/sink.h"

/* More than a spreadsheet has, and less than fills the memory. */
enum { WIDE_MOST_COLUMNS = 1 << 16 };

struct wide_columns;

struct wide_column {
    char *name; /* cpu.usage.average, or cpu.usagemhz.average[0] */
    char *unit;
    bool hundredths; /* of the unit: values have two decimals */
    size_t position; /* from 0 on, once the columns are fixed */
};

/* wide_columns_new: none yet; the caller owns them. */
struct wide_columns *wide_columns_new(void);

/* wide_columns_free: takes NULL. */
void wide_columns_free(struct wide_columns *columns);

/*
 * wide_columns_of: the number of the column of the series, which is added unless the columns are
 * fixed or WIDE_MOST_COLUMNS; then *found is false when there is none. Units of one counter that
 * differ have columns of their own.
 */
size_t wide_columns_of(struct wide_columns *columns, const struct series *series, bool raw,
                       bool *found);

/* wide_columns_fix: no more are added, and each gets its position. */
void wide_columns_fix(struct wide_columns *columns);

/* wide_columns_fixed: their positions are known. */
bool wide_columns_fixed(const struct wide_columns *columns);

/* wide_columns_count: how many there are. */
size_t wide_columns_count(const struct wide_columns *columns);

/* wide_columns_at: the column with this number. */
const struct wide_column *wide_columns_at(const struct wide_columns *columns, size_t number);

/*
 * wide_columns_append: the names in the order of their positions, each with a comma before it; with
 * units behind them when these are asked for, or when two columns would have one name.
 */
void wide_columns_append(const struct wide_columns *columns, GString *text,
                         const struct sink_options *options);

#endif
