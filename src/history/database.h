/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A history file as SQLite sees it: opened, checked, asked by statements with typed values. One
 * thread at a time.
 */
#ifndef VPERF_HISTORY_DATABASE_H
#define VPERF_HISTORY_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/counter.h"
#include "core/error.h"

struct database;

/*
 * database_open: a history that exists, for reading. ERROR_USAGE when the file is not there, is no
 * history, or is of a newer format; ERROR_PROTOCOL when it is damaged.
 */
struct database *database_open(const char *path, struct error *error);

/*
 * database_create: a history for writing, made when it is not there. No other process can open it
 * so until database_close: ERROR_OUTPUT tells who has. An older format is made the present one.
 */
struct database *database_create(const char *path, struct error *error);

/* database_close: takes NULL. */
void database_close(struct database *database);

/* database_path: as it was given. */
const char *database_path(const struct database *database);

/* database_is_there: it is still the file of its path: not removed or replaced. */
bool database_is_there(const struct database *database);

/* database_script: statements without values. */
bool database_script(struct database *database, const char *sql, struct error *error)
    __attribute__((warn_unused_result));

/*
 * database_run: one statement that gives no rows. types has a letter for each of its values: i
 * int64_t, d double, t text or NULL, b bytes (const void * and size_t).
 */
bool database_run(struct database *database, struct error *error, const char *sql,
                  const char *types, ...) __attribute__((warn_unused_result));

/*
 * database_query: as database_run, for one that gives rows: database_next goes to the first one.
 * The statement lives with the database; one text is asked for one thing at a time. NULL on
 * failure.
 */
sqlite3_stmt *database_query(struct database *database, struct error *error, const char *sql,
                             const char *types, ...);

/*
 * database_next: the next row is there; after the last one, or an error, false, and the statement
 * is reset. Takes NULL.
 */
bool database_next(struct database *database, sqlite3_stmt *statement, struct error *error);

/* database_number: the first value of the first row; otherwise when there is none. */
bool database_number(struct database *database, const char *sql, int64_t *number, int64_t otherwise,
                     struct error *error) __attribute__((warn_unused_result));

/*
 * database_has_column: the table has it; false also on failure. A file of an older format, which a
 * reader leaves as it is, may lack one.
 */
bool database_has_column(struct database *database, const char *table, const char *column,
                         struct error *error);

/* database_text: a column of text, "" for NULL; lives until database_next. */
const char *database_text(sqlite3_stmt *row, int column);

/*
 * database_counter: columns 1 to 11 of a row: name, unit, rollup, stats, level, device_level,
 * label, summary, formula, fidelity, reading. Its strings live until database_next.
 */
struct counter database_counter(sqlite3_stmt *row);

/* database_undo: ends a transaction that has failed, if there is one. */
void database_undo(struct database *database);

/*
 * In SQL, row_sum(value, ...) is a number that follows from all its values: rows that samples rest
 * on have it in their column sum, for pages of SQLite have no checksum. oldest_in(data) is the
 * earliest time in a block; NULL when it is damaged.
 */

/* database_fail: what SQLite says has failed. Always false. */
bool database_fail(const struct database *database, struct error *error);

#endif
