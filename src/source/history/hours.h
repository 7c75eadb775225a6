/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which stretches of a round's time are given as hours. */
#ifndef VPERF_SOURCE_HISTORY_HOURS_H
#define VPERF_SOURCE_HISTORY_HOURS_H

#include "history/hourly.h"
#include "source/history/parts.h"
#include "source/history/visit.h"

/* hours_alone: hours are all that is given. */
static inline bool hours_alone(const struct visit *visit) {
    return visit->hours_until == INT64_MAX;
}

/*
 * hours_find: sets visit->hours_until: all samples of 3600 s of a history that has no others of
 * that interval are hours; or those of times whose samples were dropped, where that is asked for.
 */
bool hours_find(struct visit *visit, bool recorded, struct error *error)
    __attribute__((warn_unused_result));

/*
 * hours_tell: says once that the window begins where hours are kept and samples no longer are, and
 * how to have them, when they are not given.
 */
bool hours_tell(const struct visit *visit, struct error *error) __attribute__((warn_unused_result));

/* hours_newest: the time of the newest sample that the entity may have; an hour has that of its
 * end. */
int64_t hours_newest(const struct visit *visit, const struct reader_entity *entity);

/* hours_split: of the span, what is given as hours; *rest is what is not, without entity if that is
 * nothing. */
void hours_split(const struct visit *visit, struct parts_entity *span, struct parts_entity *rest);

/* hours_want: as parts_wants, for hourly_choose. */
bool hours_want(const void *visit, const struct reader_series *series);

/* hours_count: the most samples that the hours of the span may have. */
bool hours_count(const struct visit *visit, const struct parts_entity *span, int64_t *samples,
                 struct error *error) __attribute__((warn_unused_result));

#endif
