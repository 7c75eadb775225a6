/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Samples of several series, gathered from blocks in any order: as samples, or as columns, where
 * series with the same times share these.
 */
#ifndef VPERF_HISTORY_COLLECTED_H
#define VPERF_HISTORY_COLLECTED_H

#include <stdbool.h>

#include "history/block.h"

/* Times of one or more series: of each the first ones. */
struct collected_times {
    int64_t *times;
    size_t count;
    size_t capacity;
    const int64_t *known; /* times of a block that are there from the place begin on; or NULL */
    size_t known_count;
    size_t begin;
};

struct collected_series {
    int64_t id;
    struct sample *samples;
    size_t count;
    size_t capacity;
    bool disordered; /* its times do not ascend */
    /* of columns, in place of the samples */
    struct collected_times *times;
    int64_t *values;
    bool same; /* all have the first value: there is no other one */
};

struct collected {
    struct collected_series *series; /* by id */
    size_t count;
    int64_t after; /* only samples with after < time <= until */
    int64_t until;
    struct block_room *room;         /* see struct block_visitor; may be NULL */
    struct collected_series *placed; /* the one whose samples a block gives next */
    GPtrArray *times;                /* struct collected_times of columns; NULL: of samples */
    GArray *room_for_values;         /* int64_t, on their way into samples */
    int32_t interval;                /* of all series; 0: each has its own */
    GByteArray *bytes;               /* of blocks that wait or waited; NULL: none can */
    GArray *waiting;                 /* struct collected_block */
    size_t next;                     /* of these: the first that waits */
};

/* A block whose samples are not read yet. */
struct collected_block {
    int64_t hour; /* see schema.c */
    size_t begin; /* of its bytes */
    size_t size;
};

/* collected_init: room for the series with these ids, which ascend. */
void collected_init(struct collected *collected, const int64_t *ids, size_t count);

/* collected_in_columns: nothing is collected yet, and what is will be columns. */
void collected_in_columns(struct collected *collected);

/* collected_time: of a sample of the series. */
static inline int64_t collected_time(const struct collected_series *series, size_t index) {
    return series->times ? series->times->times[index] : series->samples[index].time;
}

/* collected_expect: the series with this index will get about so many samples. */
void collected_expect(const struct collected *collected, size_t index, size_t samples);

/* collected_done: frees the samples. */
void collected_done(struct collected *collected);

/* collected_add: the samples of a block, of those series that there is room for. */
bool collected_add(struct collected *collected, const void *data, size_t size, struct error *error)
    __attribute__((warn_unused_result));

/* collected_defer: blocks can wait, of about so many bytes; nothing is collected yet. */
void collected_defer(struct collected *collected, size_t size);

/* collected_keep: a block waits: it is unpacked, with the memory of room. */
bool collected_keep(struct collected *collected, const void *data, size_t size, int64_t hour,
                    struct error *error) __attribute__((warn_unused_result));

/*
 * collected_next: the samples of the block that waits longest are collected, with the memory of
 * room, which need not be that of collected_keep. NULL when none waits; *damaged tells when it has
 * no such samples.
 */
const struct collected_block *collected_next(struct collected *collected, struct error *damaged);

/* collected_append: samples, which ascend in time, of one of its series. */
void collected_append(struct collected *collected, struct collected_series *series,
                      const struct sample *samples, size_t count);

/* collected_sort: the samples of each series ascend in time, each time once. */
void collected_sort(struct collected *collected);

/* collected_find: the series with this id, or NULL. */
struct collected_series *collected_find(const struct collected *collected, int64_t id);

/* samples_sort: makes the times ascend, each once (the one that came last); returns the count. */
size_t samples_sort(struct sample *samples, size_t count);

#endif
