/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What has become too old for a history. */
#ifndef VPERF_HISTORY_RETENTION_H
#define VPERF_HISTORY_RETENTION_H

#include <glib.h>

#include "core/retention.h"
#include "history/database.h"

/*
 * retention_apply: drops what is older than that, a part at a time until then (clock_now_ns), and
 * gives its space back; *more: some of it is left. Appends the numbers of entities of which nothing
 * is left. Call it now and then.
 */
bool retention_apply(struct database *database, const struct retention *retention, int64_t until_ns,
                     GArray *gone, bool *more, struct error *error)
    __attribute__((warn_unused_result));

#endif
