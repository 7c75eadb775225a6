/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The events of a round in vperf-rest, given to who runs the source here. */
#ifndef VPERF_SOURCE_REST_REPLAY_H
#define VPERF_SOURCE_REST_REPLAY_H

#include "core/record.h"
#include "source/source.h"

/* What the numbers in events mean, and who gets them. */
struct replay {
    const struct source_events *events;
    const struct inventory *inventory;
    const struct counter *const *counters;
    size_t counter_count;
    const char *source; /* of entities that are in no inventory */
    /* renew: another inventory, which is taken over, is there; returns it. */
    const struct inventory *(*renew)(void *context, struct inventory *inventory);
    void *context;
};

/*
 * replay_message: all events in the record. False when the output failed, with its error, or with
 * ERROR_PROTOCOL when the record cannot be read.
 */
bool replay_message(struct replay *replay, struct record *record, struct error *error);

#endif
