/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Rounds become blocks: an hour of a chunk of entities at a time, with the rollups of that hour. */
#ifndef VPERF_HISTORY_FOLD_H
#define VPERF_HISTORY_FOLD_H

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

#endif
