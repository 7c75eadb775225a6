/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What the histories among the targets lack. */
#ifndef VPERF_COMMAND_HISTORY_GAPS_H
#define VPERF_COMMAND_HISTORY_GAPS_H

#include "command/options.h"

/* history_gaps: struct findings_gap, by time; the caller frees the list, which has its own free
 * function. What cannot be read has none: the run has said why. */
GPtrArray *history_gaps(const struct options *options);

/* history_hours_until: until then, samples of a history are those of hours; 0: it has all others.
 */
int64_t history_hours_until(const struct options *options);

#endif
