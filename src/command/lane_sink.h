/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What passes between a lane and a sink that keeps a history beside samples. */
#ifndef VPERF_COMMAND_LANE_SINK_H
#define VPERF_COMMAND_LANE_SINK_H

#include "command/lane.h"

/* lane_event: what happened to an entity of the lane's target, or to the target when it is NULL. */
void lane_event(struct lane *lane, enum sink_event_kind kind, const struct entity *entity,
                const char *text);

/*
 * lane_round_event: a round that began at this time of clock_boot_ns has succeeded; an interval of
 * the target lasts so long.
 */
void lane_round_event(struct lane *lane, int64_t begin_ns, int64_t period_ns);

/* lane_define: the counters of the target, and what it holds. */
void lane_define(struct lane *lane, const struct catalog *catalog,
                 const struct inventory *inventory);

/* lane_know: what the target holds by now. */
void lane_know(struct lane *lane, const struct inventory *inventory);

/* lane_use_marks: the source gets what the sink has of an earlier run. */
void lane_use_marks(struct lane *lane);

/*
 * lane_resume: the window of an endless run begins behind the newest sample that the sink has of
 * these entities; one that is new gets what is not older than that, nor than an hour.
 */
void lane_resume(struct lane *lane, const struct inventory *inventory);

#endif
