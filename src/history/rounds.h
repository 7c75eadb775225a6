/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Rows of the newest samples: one for each hour of each chunk that a round has. */
#ifndef VPERF_HISTORY_ROUNDS_H
#define VPERF_HISTORY_ROUNDS_H

#include "history/registry.h"

/*
 * rounds_write: the pending samples of the entities (struct kept_entity); those of a series ascend
 * in time.
 */
bool rounds_write(struct database *database, const GPtrArray *entities, struct error *error)
    __attribute__((warn_unused_result));

#endif
