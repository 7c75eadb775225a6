/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Rounds become blocks: an hour of a chunk of entities at a time, with the rollups of that hour. */
#ifndef VPERF_HISTORY_FOLD_H
#define VPERF_HISTORY_FOLD_H

#include "history/block.h"
#include "history/database.h"

/* A server fills holes of the last hour: an hour is folded when nothing more is to come. */
enum { FOLD_AFTER_SECONDS = 3600 + 300 };

/*
 * fold_due: folds hours of chunks that are complete, in one transaction, until this time of
 * clock_now_ns, but one at least; those of a target that gives nothing any more when others are
 * hours ahead.
 */
bool fold_due(struct database *database, int64_t until_ns, struct error *error)
    __attribute__((warn_unused_result));

/* Series of one entity in a block, at most: they compress together, and are read together. */
enum { FOLD_SERIES = 32 };

/* What the samples of a block are of. */
struct fold_place {
    int64_t entity;
    int64_t hour;
    int64_t interval;
};

/* fold_write: a block of these series, which have samples, and what is kept of the hour. */
bool fold_write(struct database *database, const struct fold_place *place,
                const struct block_series *series, size_t count, struct error *error)
    __attribute__((warn_unused_result));

#endif
