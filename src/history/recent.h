/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Which of the newest samples of an entity are recorded, series by series: a server may have filled
 * a series later than its neighbours, which the marks of entities do not tell. Read for all
 * entities of a chunk at once, as their samples share rows.
 */
#ifndef VPERF_HISTORY_RECENT_H
#define VPERF_HISTORY_RECENT_H

#include "history/collected.h"
#include "history/registry.h"

struct recent {
    int64_t chunk; /* 0: nothing is read */
    int64_t after; /* what is read lies behind this time */
    struct collected collected;
};

/*
 * recent_load: the samples of the entity behind this time (Unix seconds) can be asked for, until
 * recent_done. False when they cannot be read.
 */
bool recent_load(struct recent *recent, struct database *database, const struct kept_entity *entity,
                 int64_t after, struct error *error) __attribute__((warn_unused_result));

/* recent_has: the sample of this time of a series of the entity is recorded. */
bool recent_has(const struct recent *recent, const struct kept_series *series, int64_t time);

/*
 * recent_lack: the oldest of the newest KNOWN_TIMES times of the mark, as far as read, at which a
 * series of the entity has no sample, though it has others, and so have its neighbours; false when
 * there is none.
 */
bool recent_lack(const struct recent *recent, const struct kept_entity *entity,
                 const struct mark *mark, int64_t *time);

/* recent_done: frees all. */
void recent_done(struct recent *recent);

#endif
