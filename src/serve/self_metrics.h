/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The metrics that tell how the targets and this process are. */
#ifndef VPERF_SERVE_SELF_METRICS_H
#define VPERF_SERVE_SELF_METRICS_H

#include <glib.h>

#include "serve/store.h"
#include "sink/openmetrics_text.h"

/* How many series of a target are on the page, and how many are too old for it. */
struct series_count {
    size_t shown;
    size_t stale;
};

/*
 * self_metrics_write: one family per figure, with a sample for each target, or for the one with the
 * number; counts has one for each. The store's lock is held.
 */
void self_metrics_write(GString *text, const struct store *store, size_t number,
                        const struct series_count *counts, enum openmetrics_dialect dialect);

#endif
