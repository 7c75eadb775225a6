/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What has become too old for a history. */
#ifndef VPERF_HISTORY_RETENTION_H
#define VPERF_HISTORY_RETENTION_H

#include "core/retention.h"
#include "history/database.h"

/*
 * retention_apply: drops what is older than that, a part at a time, and
 * gives its space back. Call it now and then.
 */
bool retention_apply(struct database *database, const struct retention *retention,
                     struct error *error) __attribute__((warn_unused_result));

#endif
