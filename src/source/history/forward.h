/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A round of an endless run that goes on where an earlier one ended: round by round as they were
 * recorded or, where these have been folded, stretch by stretch of time, so that the samples of all
 * entities come about in the order of their times.
 */
#ifndef VPERF_SOURCE_HISTORY_FORWARD_H
#define VPERF_SOURCE_HISTORY_FORWARD_H

#include "source/history/visit.h"

/* forward_begin: reads where an earlier run ended. */
bool forward_begin(struct history *history, struct error *error);

/*
 * forward_renew_times: the newest times of all entities: the reader keeps those of when it learnt
 * of them.
 */
bool forward_renew_times(const struct reader *reader, struct error *error);

/* forward_round: the next rounds or stretch, and the position behind it. */
bool forward_round(struct visit *visit, struct error *error);

#endif
