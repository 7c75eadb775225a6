/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The text of /metrics: what a store holds, and how its targets and this process are. */
#ifndef VPERF_SERVE_RENDER_H
#define VPERF_SERVE_RENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/globs.h"
#include "serve/body.h"
#include "serve/store.h"

#define RENDER_ALL SIZE_MAX

struct render_wish {
    bool openmetrics;             /* else the old text format */
    bool timestamps;              /* of each sample; counters have none */
    size_t target;                /* its number, or RENDER_ALL */
    const struct globs *counters; /* names of vSphere; NULL for all */
};

/* render_metrics: a page with its end; the store's lock is held. To be dropped by the caller. */
struct body *render_metrics(struct store *store, const struct render_wish *wish);

#endif
