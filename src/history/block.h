/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Samples of some series as bytes: differences as zigzag varints, compressed by zstd, with its
 * checksum. What several series have in common (their sample times) is kept once.
 */
#ifndef VPERF_HISTORY_BLOCK_H
#define VPERF_HISTORY_BLOCK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/series.h"

/* The samples of the series with this number; ascending in time. */
struct block_series {
    int64_t id;
    size_t count;
    const struct sample *samples;
};

/* How hard zstd tries: for what is rewritten soon, and for what stays. */
enum { BLOCK_FAST = 1, BLOCK_SMALL = 5 };

/* block_encode: the bytes of the series, whose ids ascend; the caller frees them. */
GByteArray *block_encode(const struct block_series *series, size_t count, int level);

/* Memory that is used again by one block after the other. */
struct block_room;

/* block_room_new: owned by the caller. */
struct block_room *block_room_new(void);

/* block_room_free: takes NULL. */
void block_room_free(struct block_room *room);

/* What a block holds of a series: times and values apart. */
struct block_column {
    int64_t id;
    size_t count;
    const int64_t *times;  /* ascending; the same array for series that have them in common */
    const int64_t *values; /* count of them, or a single one */
    bool same;             /* all samples have that one */
};

/* Gets what a block holds, series by series. */
struct block_visitor {
    void *context;
    int64_t first, last; /* only series with these ids and those between them */
    /* series: borrowed for the call; its values are where place said. */
    void (*series)(void *context, const struct block_column *column);
    /*
     * place: where so many values of the series with this id belong; NULL: it is not wanted.
     * Without this function all are, in memory of the block.
     */
    int64_t *(*place)(void *context, int64_t id, size_t count);
    struct block_room *room; /* NULL: a new one each time */
};

/*
 * block_decode: gives the series of a block to the visitor. ERROR_PROTOCOL when the bytes are
 * damaged; what was given of them counts for nothing.
 */
bool block_decode(const void *data, size_t size, const struct block_visitor *visitor,
                  struct error *error) __attribute__((warn_unused_result));

/*
 * block_unpack: appends to bytes what zstd got, for block_read; so the two can be of different
 * threads, each with a room of its own. ERROR_PROTOCOL when the block is damaged.
 */
bool block_unpack(struct block_room *room, const void *data, size_t size, GByteArray *bytes,
                  struct error *error) __attribute__((warn_unused_result));

/* block_read: as block_decode, of bytes that block_unpack has appended; the visitor has a room. */
bool block_read(const uint8_t *bytes, size_t size, const struct block_visitor *visitor,
                struct error *error) __attribute__((warn_unused_result));

/* block_oldest: the earliest time in a block; false when its bytes are damaged, or it is empty. */
bool block_oldest(const void *data, size_t size, struct block_room *room, int64_t *time);

/* block_samples: the samples of a column, of which there is room for count. */
void block_samples(const struct block_column *column, struct sample *samples);

#endif
