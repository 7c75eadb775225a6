/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A recording that has nothing of what it is asked for. */
#ifndef VPERF_COMMAND_LANE_RECORDED_H
#define VPERF_COMMAND_LANE_RECORDED_H

#include "command/lane.h"

/*
 * lane_check_recorded: a round over a recording has given samples; else false with lane->error,
 * which names the time that it has samples of. What only lacks the chosen entities or counters is
 * not told here: another target may have them.
 */
bool lane_check_recorded(struct lane *lane, struct source *source);

/*
 * lane_tell_recorded: the error says that the window holds no sample; of a recording that ends
 * before the start it names the time that it has samples of. Returns false.
 */
bool lane_tell_recorded(const struct lane *lane, struct source *source, struct error *error);

#endif
