/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A round of an endless run that gives hours: each once, when it is complete. */
#ifndef VPERF_SOURCE_HISTORY_HOURS_FOLLOW_H
#define VPERF_SOURCE_HISTORY_HOURS_FOLLOW_H

#include "source/history/visit.h"

/*
 * hours_follow: the hours of each entity that have become complete: it has a sample of
 * HOURS_SETTLED_SECONDS after their end, or others have one of the time at which hours are packed.
 */
bool hours_follow(struct visit *visit, struct error *error) __attribute__((warn_unused_result));

/* Counters whose values come after those of others have come by then. */
enum { HOURS_SETTLED_SECONDS = 300 };

#endif
