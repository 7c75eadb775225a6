/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The counters that are served unless --counter chooses others. */
#ifndef VPERF_SERVE_DEFAULTS_H
#define VPERF_SERVE_DEFAULTS_H

#include "core/globs.h"
#include "core/series.h"

/* defaults_select: adds all of them to the patterns. */
void defaults_select(struct globs *counters);

/* defaults_have: the series is of one of them, of a type and instance that is served with it. */
bool defaults_have(const struct series *series);

#endif
