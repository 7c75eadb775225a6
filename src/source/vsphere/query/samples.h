/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which samples of an answer are wanted. */
#ifndef VPERF_SOURCE_VSPHERE_SAMPLES_H
#define VPERF_SOURCE_VSPHERE_SAMPLES_H

#include "core/series.h"
#include "source/vsphere/query/span.h"
#include "source/vsphere/query/tracked.h"
#include "source/vsphere/wire/wire.h"

/* An answer has one interval; while a server changes what it keeps, perhaps two. */
enum { SAMPLES_INTERVALS = 8 };

/* The sample times of the answer for one entity. */
struct sample_times {
    const struct vim_entity_metric *metric;
    bool *wanted; /* by their order in the answer */
    bool *found;  /* a series has a value then */
    bool *late;   /* some series were emitted then: only those that were not are wanted */
    const struct known *known; /* which ones were; NULL: all */
    struct sample *samples;    /* room for those of a series */
    size_t interval_count;
    int32_t newest;                       /* at most so many of a series, the newest; 0 for all */
    int32_t intervals[SAMPLES_INTERVALS]; /* that the samples cover, each once */
    bool any_late;
    bool unreadable; /* or more intervals than that: nothing is wanted */
};

/*
 * sample_times_init: those in the span are wanted, but for those that were emitted already, unless
 * the entity is NULL, and for those that come a second time. sample_times_done is due.
 */
void sample_times_init(struct sample_times *times, const struct vim_entity_metric *metric,
                       const struct span *span, const struct tracked *tracked);

/* sample_times_done: frees what sample_times_init made. */
void sample_times_done(struct sample_times *times);

/*
 * samples_fill: puts the wanted samples of the series that cover `interval` and have a value into
 * times->samples, oldest first. Returns their number. taken is what known_taken says of the series,
 * when there is something late.
 */
size_t samples_fill(struct sample_times *times, int32_t interval, const struct vim_series *series,
                    uint32_t taken);

#endif
