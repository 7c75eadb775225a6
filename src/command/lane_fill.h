/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a target keeps at a longer interval, for gaps of a sink. */
#ifndef VPERF_COMMAND_LANE_FILL_H
#define VPERF_COMMAND_LANE_FILL_H

#include "command/lane.h"

/*
 * lane_fill: between two rounds, asks the source for archived samples when the sink has gaps that
 * they may fill. That it has none is no failure: the gap stays. What is lost or
 * refused on the way is asked for again, a few times. False with lane->error when the lane is to
 * end.
 */
bool lane_fill(struct lane *lane, struct source *source);

#endif
