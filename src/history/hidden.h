/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Rows that are not found where they are looked for: damage of a table, or of an index, of which
 * SQLite notices nothing, hides them.
 */
#ifndef VPERF_HISTORY_HIDDEN_H
#define VPERF_HISTORY_HIDDEN_H

#include "history/collected.h"
#include "history/database.h"

/* hidden_rows: how many rows of rounds, entities and contexts are hidden. */
bool hidden_rows(struct database *database, int64_t *count, struct error *error)
    __attribute__((warn_unused_result));

/* Which hours of some series of an entity were found in blocks. */
struct hidden_hours {
    const struct collected *wanted;
    int64_t first; /* hour of the first count */
    size_t size;
    size_t *found; /* of the wanted series, by hour */
};

/*
 * hidden_hours_init: for the series of wanted, in the stretch of time that it is to be filled with,
 * as far as samples are kept. hidden_hours_done is due.
 */
bool hidden_hours_init(struct hidden_hours *hours, struct database *database, int64_t entity,
                       int64_t newest, const struct collected *wanted, struct error *error)
    __attribute__((warn_unused_result));

/* hidden_hours_found: a block of this hour was read, with series from first to last. */
void hidden_hours_found(struct hidden_hours *hours, int64_t hour, int64_t first, int64_t last);

/*
 * hidden_hours_next: the next hour after *hour, which is INT64_MIN at first, that has samples of a
 * wanted series, as what is kept of it for longer says, and no block; false when there is none.
 */
bool hidden_hours_next(const struct hidden_hours *hours, struct database *database, int64_t *hour,
                       struct error *error);

/* hidden_hours_done: frees what hidden_hours_init made. */
void hidden_hours_done(struct hidden_hours *hours);

#endif
