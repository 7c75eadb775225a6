/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Series kept in a temporary file until it is their turn to be written. */
#ifndef VPERF_CORE_SPOOL_H
#define VPERF_CORE_SPOOL_H

#include <stdbool.h>

#include "core/error.h"
#include "core/series.h"

struct spool;

/*
 * spool_new: an empty spool, owned by the caller, with a nameless file in the directory TMPDIR, or
 * in /tmp. NULL with ERROR_OUTPUT when there can be none.
 */
struct spool *spool_new(struct error *error);

/* spool_free: takes NULL. */
void spool_free(struct spool *spool);

/*
 * spool_add: keeps the series with copies of its entity and counter. False with ERROR_OUTPUT when
 * the temporary file cannot take it.
 */
bool spool_add(struct spool *spool, const struct series *series, struct error *error)
    __attribute__((warn_unused_result));

/* spool_mark: what came so far is complete, such as a round. */
void spool_mark(struct spool *spool);

/*
 * spool_truncate: drops what came after the last mark; all when there is none. False with
 * ERROR_OUTPUT when the file cannot be used any more.
 */
bool spool_truncate(struct spool *spool, struct error *error) __attribute__((warn_unused_result));

/*
 * spool_replay: gives all series to write, in the order in which they came. False when the file
 * cannot be read, or write fails.
 */
bool spool_replay(struct spool *spool,
                  bool (*write)(void *context, const struct series *series, struct error *error),
                  void *context, struct error *error) __attribute__((warn_unused_result));

#endif
