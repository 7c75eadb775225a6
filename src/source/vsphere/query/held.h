/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Series of an entity that is asked for in parts: they are emitted when all parts have come, so
 * that an entity is marked as emitted with all of its counters, or with none.
 */
#ifndef VPERF_SOURCE_VSPHERE_HELD_H
#define VPERF_SOURCE_VSPHERE_HELD_H

#include "core/known.h"
#include "source/source.h"

struct held_series;

/* A sample time that at least one part has. */
struct held_time {
    int64_t time;
    size_t parts;  /* that have it */
    size_t answer; /* number of the last answer that had it */
    bool found;    /* samples of it are held */
};

struct held {
    struct held_series *series;
    size_t count;
    size_t capacity;
    size_t parts;   /* that have samples */
    size_t answers; /* that have come */
    bool again;     /* the answers to come belong to parts that were asked before */
    struct held_time *times;
    size_t time_count;
    size_t time_capacity;
};

/* held_add_answer: an answer to a part has come, with these sample times. */
void held_add_answer(struct held *held, const int64_t *times, size_t count);

/* held_newest: the newest time of which samples are held; INT64_MIN when none are. */
int64_t held_newest(const struct held *held);

/* held_add: a copy of the series. */
void held_add(struct held *held, const struct series *series);

/* held_add_time: a time of the last answer of which samples are held. */
void held_add_time(struct held *held, int64_t time);

/*
 * held_settle: drops the samples after this time that not all parts have: they have come to the
 * server between two parts, and are there for all counters in the next round.
 */
void held_settle(struct held *held, int64_t after);

/*
 * held_emit: gives the series to the events, in their order; those that are known continue, and all
 * are known from now on. False when the events fail.
 */
bool held_emit(const struct held *held, struct known *known, const struct source_events *events,
               struct error *error);

/* held_clear: holds nothing any more. */
void held_clear(struct held *held);

#endif
