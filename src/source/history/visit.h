/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A round over a history: what of it is given, and in which pieces. */
#ifndef VPERF_SOURCE_HISTORY_VISIT_H
#define VPERF_SOURCE_HISTORY_VISIT_H

#include "source/history/history.h"

struct visit {
    struct history *history;
    const struct selection *selection;
    const struct window *window;
    const struct source_events *events;
};

/* visit_run: as round in source_ops. */
bool visit_run(struct visit *visit, struct error *error);

#endif
