/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Gaps that samples of an archive fill: where nothing was recorded and the source has no samples of
 * the recorded interval any more, it may have some of a longer one. They are recorded under their
 * own interval, only where they lie wholly in a gap, which becomes smaller.
 */
#ifndef VPERF_HISTORY_FILLS_H
#define VPERF_HISTORY_FILLS_H

#include "core/window.h"
#include "history/registry.h"

/* The archive that servers keep for a day. */
enum { FILLS_INTERVAL = 300 };

/*
 * fills_find: the window that holds all gaps of the target that may be filled now, those that end
 * an hour before the newest sample of their entity; false when there are none, or on failure.
 */
bool fills_find(struct database *database, const struct kept_target *target, struct window *window,
                struct error *error);

/* fills_load: the gaps of the entity that may be filled now, for fills_has; the caller's. */
GArray *fills_load(struct database *database, const struct kept_entity *entity,
                   struct error *error);

/* fills_has: the sample of an interval that ends at this time lies wholly in one of the gaps. */
bool fills_has(const GArray *gaps, int64_t time, int32_t interval);

/* fills_write: the gaps of the entity become smaller by its pending samples that fill them. */
bool fills_write(struct database *database, const struct kept_entity *entity, struct error *error)
    __attribute__((warn_unused_result));

/* fills_settle: what is left of the target's gaps up to this time stays a gap. */
bool fills_settle(struct database *database, const struct kept_target *target, int64_t until,
                  struct error *error) __attribute__((warn_unused_result));

#endif
