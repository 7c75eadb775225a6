/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What the parts of one visit share. */
#ifndef VPERF_SOURCE_XAPI_ROUND_H
#define VPERF_SOURCE_XAPI_ROUND_H

#include "source/xapi/xapi.h"

struct round {
    struct xapi *xapi;
    const struct selection *selection;
    const struct window *window;
    const struct source_events *events;
    int64_t now; /* by the master's clock */
    struct plan plan;
    struct host_rows *rows; /* by host */
    bool *wanted;           /* by counter */
    int64_t newest;         /* end of the newest interval that a host has */
    struct samples *samples;
    /* The entity at hand. */
    const struct entity *entity;
    struct track *track;
    int64_t end;
    size_t values; /* of this interval */
    bool has_rows; /* of an interval of this visit */
    bool can_have; /* data sources of a wanted counter are in them */
};

#endif
