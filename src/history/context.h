/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What is known of an entity beside its key, in columns of the table context. */
#ifndef VPERF_HISTORY_CONTEXT_H
#define VPERF_HISTORY_CONTEXT_H

#include "core/entity.h"
#include "history/database.h"

/* context_prepare: columns that the table lacks are added: an entity may know more than it did. */
bool context_prepare(struct database *database, struct error *error)
    __attribute__((warn_unused_result));

/* context_columns: ", c.NAME AS NAME" for each of the columns, owned by the caller. */
char *context_columns(void);

/* context_store: the entity with this number is so from the time since on, itself excluded. */
bool context_store(struct database *database, int64_t number, int64_t since,
                   const struct entity *entity, struct error *error)
    __attribute__((warn_unused_result));

/*
 * context_select: a statement with this condition, owned by the caller, whose rows are the number
 * of an entity, since when it is so, and what context_read reads; NULL on failure.
 */
char *context_select(struct database *database, const char *where, struct error *error);

/* context_is_good: the sum of a row of context_select fits. */
bool context_is_good(sqlite3_stmt *row);

/*
 * context_read: fills the entity from a row of context_select; texts are borrowed from the row.
 * Source, type and id are left as they are.
 */
void context_read(struct entity *entity, sqlite3_stmt *row);

#endif
