/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What several hosts use together. */
#ifndef VPERF_REPORT_DEMAND_H
#define VPERF_REPORT_DEMAND_H

#include <glib.h>

#include "core/series.h"

/* demand_sort: struct sample by time, each time once; of two, the one that came last. */
void demand_sort(GArray *samples);

/*
 * demand_add_up: the sums, struct sample, at the times that all lists have, each sorted; no list
 * has no times. The caller owns it.
 */
GArray *demand_add_up(GArray *const *lists, size_t count);

#endif
