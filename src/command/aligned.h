/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The sample of one interval that all targets measure, from a source that keeps samples. */
#ifndef VPERF_COMMAND_ALIGNED_H
#define VPERF_COMMAND_ALIGNED_H

#include "command/lane.h"

/*
 * aligned_run: rounds until each entity that offers something has the sample whose interval
 * overlaps most with the run's. When some do not come in time, the newest one before is taken for
 * these, and a warning says so. False with lane->error.
 */
bool aligned_run(struct lane *lane, struct source *source, const struct window *window);

#endif
