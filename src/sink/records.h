/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Rows of named columns, as CSV or as an aligned table: what commands list beside series. */
#ifndef VPERF_SINK_RECORDS_H
#define VPERF_SINK_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/error.h"

struct records;

enum records_format { RECORDS_CSV, RECORDS_TABLE };

struct records_column {
    const char *name;
    bool number; /* right-aligned in a table; no apostrophe in CSV */
};

/* records_format_find: csv or table; NULL means a table on a terminal and csv elsewhere. */
bool records_format_find(const char *name, bool terminal, enum records_format *format,
                         struct error *error) __attribute__((warn_unused_result));

/* records_new: no rows yet; nothing is written before records_finish. The caller owns it. */
struct records *records_new(FILE *stream, enum records_format format, bool spreadsheet_safe,
                            const struct records_column *columns, size_t count);

/*
 * records_fit: a table gets at most so many columns of a terminal; what is cut ends in "…". The
 * widest columns of text are narrowed before lines are cut.
 */
void records_fit(struct records *records, size_t width);

/* records_bold: the heading of a table has the marks of core/text.h, which a terminal shows bold.
 */
void records_bold(struct records *records, bool bold);

/*
 * records_limit: a table gets the first fixed columns, and as many of the others, at least one, as
 * so many columns of a terminal take; 0 for all. Long names and the like are narrowed.
 */
void records_limit(struct records *records, size_t fixed, size_t width);

/* records_shown: the columns that records_finish has written. */
size_t records_shown(const struct records *records);

/*
 * records_text: the next cell; NULL is empty. After the last column the row is complete. A row of
 * empty cells is an empty line in a table.
 */
void records_text(struct records *records, const char *text);

/* records_number: the next cell; 0 is empty when zero_is_empty. */
void records_number(struct records *records, int64_t value, bool zero_is_empty);

/*
 * records_note: text below the row that is complete, indented, and broken between words where the
 * width of records_fit ends; in a table only. NULL and "" are none.
 */
void records_note(struct records *records, const char *text);

/* records_finish: writes the header and all rows to the stream. */
void records_finish(struct records *records);

/* records_width: the columns of a terminal that text takes; its bytes when the locale cannot tell.
 */
size_t records_width(const char *text);

/* records_free: takes NULL. */
void records_free(struct records *records);

#endif
