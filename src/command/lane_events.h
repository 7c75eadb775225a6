/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What becomes of the entities of a lane: the events of its source. */
#ifndef VPERF_COMMAND_LANE_EVENTS_H
#define VPERF_COMMAND_LANE_EVENTS_H

#include "command/lane.h"

/* lane_events: what the source calls in a round of the lane, which is borrowed. */
struct source_events lane_events(struct lane *lane);

/* lane_measured: the target is not lost, and the entity of it was not skipped. */
bool lane_measured(const struct lane *lane, const struct entity *entity);

/* lane_skipped: the target is not lost, and the entity of it was skipped. */
bool lane_skipped(const struct lane *lane, const struct entity *entity);

#endif
