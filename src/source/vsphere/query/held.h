/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Series of an entity that is asked for in parts: they are emitted when all parts have come, so
 * that an entity is marked as emitted with all of its counters, or with none.
 */
#ifndef VPERF_SOURCE_VSPHERE_HELD_H
#define VPERF_SOURCE_VSPHERE_HELD_H

#include "source/source.h"

struct held_series;

struct held {
    struct held_series *series;
    size_t count;
    size_t capacity;
    int64_t *times; /* of samples that are held; may repeat */
    size_t time_count;
    size_t time_capacity;
};

/* held_add: a copy of the series. */
void held_add(struct held *held, const struct series *series);

/* held_add_time: a time of which samples are held. */
void held_add_time(struct held *held, int64_t time);

/* held_emit: gives the series to the events, in their order. False when the events fail. */
bool held_emit(const struct held *held, const struct source_events *events, struct error *error);

/* held_clear: holds nothing any more. */
void held_clear(struct held *held);

#endif
