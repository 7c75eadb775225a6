/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which sample times of an entity are recorded, and rows for those that are not. */
#ifndef VPERF_HISTORY_GAPS_H
#define VPERF_HISTORY_GAPS_H

#include "history/registry.h"

/* gaps_has: the sample of this time is recorded already. */
bool gaps_has(const struct kept_mark *kept, int64_t time);

/*
 * Readings come at any time: they fill no gap and leave none. The mark of an entity with this
 * interval is the time of its newest one.
 */
enum { READINGS_INTERVAL = 1 };

/* gaps_read: a reading of this time is recorded. */
void gaps_read(struct kept_mark *kept, int64_t time);

/* Why times are missing, and whether an archive of the source may have samples that cover them. */
struct gap_reason {
    const char *text;
    bool archive;
};

/*
 * gaps_add: a time is recorded. Those between it and the newest one before are a gap with this
 * reason; one that lies in a gap makes it smaller.
 */
bool gaps_add(struct database *database, const struct kept_entity *entity, struct kept_mark *kept,
              int64_t time, const struct gap_reason *reason, struct error *error)
    __attribute__((warn_unused_result));

/* gaps_lose: at this time the entity has some samples, and lacks others that were lost. */
void gaps_lose(struct kept_entity *entity, int64_t time, int32_t interval);

/* gaps_add_losses: those times are gaps with this reason; nothing fills them. */
bool gaps_add_losses(struct database *database, const struct kept_entity *entity,
                     const struct gap_reason *reason, struct error *error)
    __attribute__((warn_unused_result));

/* gaps_save: writes the marks of the entity that have changed. */
bool gaps_save(struct database *database, const struct kept_entity *entity, struct error *error)
    __attribute__((warn_unused_result));

/* gaps_keep: the marks of the entities before they are written; for gaps_settle. */
GArray *gaps_keep(const GPtrArray *entities);

/* gaps_settle: a commit that failed leaves the marks as they were; frees what was kept. */
void gaps_settle(GArray *all, bool committed);

#endif
