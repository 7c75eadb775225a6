/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Hours as samples: what is kept of an hour of a series outlives the samples of it. Each hour has
 * one sample, which ends with it. Hours whose samples wait to be packed are made of these once they
 * are over.
 */
#ifndef VPERF_HISTORY_HOURLY_H
#define VPERF_HISTORY_HOURLY_H

#include "history/reader.h"

/* Seconds of an hour; series of longer intervals have no hours. */
enum { HOURLY_INTERVAL = 3600 };

/*
 * hourly_begin: the end of the newest hour whose samples were dropped (Unix seconds): later ones
 * are kept. INT64_MIN when none were.
 */
bool hourly_begin(struct database *database, int64_t *time, struct error *error)
    __attribute__((warn_unused_result));

/* Which series are wanted. */
struct hourly_wish {
    const void *context;
    bool (*wants)(const void *context, const struct reader_series *series);
};

/*
 * hourly_choose: the ids of the wanted series of the entity, which is loaded, that have hours; they
 * ascend, and are the caller's. Those of a counter and instance that was recorded at several
 * intervals are one series, with the lowest id.
 */
int64_t *hourly_choose(const struct reader_entity *entity, const struct hourly_wish *wish,
                       size_t *count);

/*
 * hourly_read: as reader_read, of series that hourly_choose gave. Sums are those of a whole hour:
 * scaled by its seconds that have samples; maxima and minima are such, all other values are means
 * over these seconds.
 */
bool hourly_read(struct reader *reader, const struct reader_entity *entity,
                 struct collected *collected, struct error *error)
    __attribute__((warn_unused_result));

/* hourly_count: at most so many hours, with after < time <= until, are kept of any series. */
bool hourly_count(struct reader *reader, int64_t after, int64_t until, int64_t *hours,
                  struct error *error) __attribute__((warn_unused_result));

#endif
