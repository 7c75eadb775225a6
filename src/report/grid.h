/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A list of a report before it has a form: a title, columns, and rows of text, numbers and times.
 */
#ifndef VPERF_REPORT_GRID_H
#define VPERF_REPORT_GRID_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "report/hours.h"
#include "report/timeline.h"

struct grid_column {
    const char *name;
    bool number;
    const char *meaning; /* counter and formula; NULL when the name says it all */
};

/* What stands beside the cells of a row. */
struct grid_row {
    char *note;                      /* below the row; NULL for none */
    const struct timeline *timeline; /* borrowed; NULL for none */
    const struct hours *hours;       /* the same */
};

enum grid_kind { GRID_NONE, GRID_TEXT, GRID_NUMBER, GRID_TIME };

struct grid_cell {
    enum grid_kind kind;
    int decimals;  /* of a number, for people */
    double number; /* of a time, Unix seconds */
    char *text;    /* as a table shows it; "-" for none */
};

struct grid {
    const char *title;
    struct grid_column *columns; /* their names are copies */
    size_t column_count;
    GArray *cells; /* struct grid_cell, row by row */
    GArray *rows;  /* struct grid_row */
    size_t all;    /* rows that there are; more than rows->len when some are left out */
    bool *filled;  /* by column: there is a cell with a value */
    bool whole;    /* columns without a value tell something, too */
};

/* grid_new: no rows yet; the title and the meanings are borrowed. The caller owns it. */
struct grid *grid_new(const char *title, const struct grid_column *columns, size_t count);

/* grid_free: frees a struct grid; for a GDestroyNotify. Takes NULL. */
void grid_free(void *data);

/* grid_text: the next cell; NULL is "-". */
void grid_text(struct grid *grid, const char *text);

/* grid_number: the next cell; "-" when it is not known. */
void grid_number(struct grid *grid, bool known, double value, int decimals);

/* grid_time: the next cell: month, day, hour and minute, UTC. */
void grid_time(struct grid *grid, bool known, int64_t time);

/* grid_end_row: the row is complete; the note is copied. */
void grid_end_row(struct grid *grid, const char *note, const struct timeline *timeline);

/* grid_set_hours: the last row has these hours of the week. */
void grid_set_hours(struct grid *grid, const struct hours *hours);

/* grid_shows: the column belongs into what people read: it has a value, or is to be shown anyway.
 */
bool grid_shows(const struct grid *grid, size_t column);

/* grid_unfilled: the names of the columns that do not, as a list; NULL for none. The caller frees
 * it.
 */
char *grid_unfilled(const struct grid *grid);

/* grid_cell: a cell. */
const struct grid_cell *grid_cell(const struct grid *grid, size_t row, size_t column);

/* grid_text_of: the text of a cell, as a table shows it. */
const char *grid_text_of(const struct grid *grid, size_t row, size_t column);

/* grid_row: what stands beside a row. */
const struct grid_row *grid_row(const struct grid *grid, size_t row);

#endif
