/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The only thing that passes from a source to a sink: one counter of one instance over time. */
#ifndef VPERF_CORE_SERIES_H
#define VPERF_CORE_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/counter.h"
#include "core/entity.h"

struct sample {
    int64_t time;  /* end of the interval, seconds since 1970-01-01T00:00:00Z */
    int64_t value; /* in the raw unit of vSphere: percent in hundredths, kiloBytes of 1024 bytes */
};

/* Samples of a series, times and values apart: less to move, of series that share their times. */
struct series_columns {
    const int64_t *times;  /* ascending; NULL: there are no columns */
    const int64_t *values; /* one per time, or a single one */
    bool same;             /* all samples have that one */
};

/* series_columns_value: that of the sample with this index. */
static inline int64_t series_columns_value(const struct series_columns *columns, size_t index) {
    return columns->values[columns->same ? 0 : index];
}

/* Everything is borrowed for the duration of the call that gets the series. */
struct series {
    const struct entity *entity;
    const struct counter *counter;
    const char *instance; /* "" for the aggregate */
    int32_t interval;     /* seconds between two samples */
    bool continues;       /* more samples of a series that has been given before */
    bool late;            /* has samples of times at which others of the entity were given before */
    bool fills;           /* of an archive, for gaps of what is recorded alone */
    size_t count;
    const struct sample *samples; /* ascending in time; no value means no sample */
    bool
        partial; /* of times that were lost, at which others of the entity cannot be had any more */
    struct series_columns columns; /* in place of the samples, from a source that was asked so */
    /*
     * Numbers that are never used again, 0: not told. Of series with the same visit, which come
     * together, entity and instances stay as they are, and of those with the same origin the
     * counters: at the same address is the same.
     */
    uint64_t visit;
    uint64_t origin;
};

#endif
