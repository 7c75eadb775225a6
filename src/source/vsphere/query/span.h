/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The stretch of the server's time to be collected, and how it is asked for. */
#ifndef VPERF_SOURCE_VSPHERE_SPAN_H
#define VPERF_SOURCE_VSPHERE_SPAN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/window.h"
#include "source/vsphere/session/channel.h"

/* Samples with start < time <= end in the server's time; unbounded is the newest there are. */
struct span {
    bool bounded;
    bool kept_only; /* as in the window */
    bool open;      /* the end is only a guess: what lies behind it belongs to the span as well */
    int64_t start;
    int64_t end;
    int32_t interval;
    int32_t newest; /* at most this many of them, the newest; 0 for all */
    int64_t now;    /* the server's present; 0 when it was not asked for */
};

/*
 * span_resolve: the span of a window. ERROR_USAGE when all of it is older than the real-time
 * samples that servers keep.
 */
bool span_resolve(struct span *span, const struct window *window, struct channel *channel,
                  struct error *error);

/* span_follow: as span_resolve, for a round without end at this moment of the server. */
void span_follow(struct span *span, const struct window *window, int64_t now);

/* span_oldest: samples of this interval that are older are not asked for; now is the server's. */
int64_t span_oldest(int32_t interval, int64_t now);

/* span_samples: the most samples that a series of the span can have. */
int64_t span_samples(const struct span *span);

/* span_holds_sample: a short stretch may hold none, as they are at multiples of their interval. */
bool span_holds_sample(const struct span *span);

/* span_window: the part of the span with at most samples samples that begins at start. */
struct span span_window(const struct span *span, int64_t start, int64_t samples);

#endif
