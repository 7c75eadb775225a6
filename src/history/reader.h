/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Reads a history file, also while another process writes it. Not thread-safe. */
#ifndef VPERF_HISTORY_READER_H
#define VPERF_HISTORY_READER_H

#include <glib.h>

#include "core/catalog.h"
#include "core/meanings.h"
#include "core/series.h"
#include "history/collected.h"
#include "history/database.h"

/* A series of an entity. */
struct reader_series {
    int64_t id;
    const struct counter *counter;
    char *instance;
    int32_t interval;
    bool given;    /* free for the caller */
    int64_t place; /* among the others, in the order in which they came */
};

/* How an entity was from a time on, itself excluded. */
struct reader_context {
    int64_t since;
    struct entity *entity;
};

struct reader_entity {
    int64_t id;
    int64_t chunk;
    int64_t series_count; /* that it has; -1: not known */
    int64_t newest;       /* no sample is later than this; INT64_MIN when there is none */
    struct reader_context *contexts; /* by time; at least one */
    size_t context_count;
    size_t context_capacity;
    struct reader_series *series; /* by id; see reader_load */
    size_t count;
    bool loaded;
    size_t *order; /* indices of the series, as they came */
};

/* Samples of the newest rounds of a chunk. */
struct reader_recent {
    int64_t chunk;
    struct collected collected;
    uint64_t used; /* 0: nothing */
};

enum { READER_RECENTS = 3 };

struct reader {
    struct database *database;
    GHashTable *counters; /* struct counter of the meanings, by number */
    struct meanings *meanings;
    struct catalog *catalog;         /* for people: one of a name */
    struct reader_entity **entities; /* by type, name and id */
    size_t count;
    int64_t newest;      /* of all entities whose clock is not far ahead */
    int64_t last_series; /* what of the file is known */
    int64_t contexts;
    int64_t faults; /* damaged rows about entities, series and counters, which are left out */
    struct reader_recent recents[READER_RECENTS];
    uint64_t uses;
    struct block_room *room;
    const char *labels; /* of all entities, in place of those that were recorded; or NULL */
    int64_t chunk;      /* that was read last, */
    int64_t entity;     /* and the entity of it */
    int64_t ahead; /* samples may be as late as this, since a clock was ahead; INT64_MIN: none is
                      later than those of its entity's newest */
    /* damaged: bytes of the file are lost; may be NULL. */
    void (*damaged)(void *context, const struct reader_entity *entity, const char *text);
    void *context;
};

/* reader_open: the history with this path; NULL on failure. */
struct reader *reader_open(const char *path, struct error *error);

/* reader_set_labels: labels of all entities, borrowed, in place of what was recorded. */
void reader_set_labels(struct reader *reader, const char *labels);

/* reader_close: takes NULL. */
void reader_close(struct reader *reader);

/* reader_is_gone: the file was removed or replaced: what comes is in another one. */
bool reader_is_gone(const struct reader *reader);

/*
 * reader_open_again: goes on with the file that has the path now; on failure, all is as before.
 * Pointers to entities are void.
 */
bool reader_open_again(struct reader *reader, struct error *error)
    __attribute__((warn_unused_result));

/*
 * reader_begin: what is read until reader_end is of one moment; entities and series that have come
 * are known from now on, and pointers to entities are void.
 */
bool reader_begin(struct reader *reader, struct error *error) __attribute__((warn_unused_result));

/* reader_end: the moment is over. */
void reader_end(struct reader *reader);

/* reader_load: the series of the entity. */
bool reader_load(struct reader *reader, struct reader_entity *entity, struct error *error)
    __attribute__((warn_unused_result));

/* reader_context: how the entity was at this time; number index among its contexts. */
size_t reader_context(const struct reader_entity *entity, int64_t time);

/* reader_present: how the entity is now. */
const struct entity *reader_present(const struct reader_entity *entity);

/* How blocks that wait are read. */
struct reader_decoding {
    struct block_room *room; /* whose memory that takes */
    const gint *enough;      /* atomic: not 0 tells to leave the rest; NULL: all are read */
    /* damaged: as that of struct reader. */
    void (*damaged)(void *context, const struct reader_entity *entity, const char *text);
    void *context;
};

/*
 * reader_decode: goes on with what reader_read has left to wait; false when something is left. When
 * nothing is, all is as if nothing had waited. Another thread may use the reader meanwhile.
 */
bool reader_decode(const struct reader *reader, const struct reader_entity *entity,
                   struct collected *collected, const struct reader_decoding *decoding);

/*
 * reader_read: samples of the series that collected has room for, which are all of this entity,
 * with after < time <= until, sorted. Where blocks can wait, reader_decode is due.
 */
bool reader_read(struct reader *reader, const struct reader_entity *entity,
                 struct collected *collected, struct error *error)
    __attribute__((warn_unused_result));

/* reader_samples: about how many samples the entity has with after < time <= until. */
bool reader_samples(struct reader *reader, const struct reader_entity *entity, int64_t after,
                    int64_t until, int64_t *samples, struct error *error)
    __attribute__((warn_unused_result));

/* reader_hours: how many hours with after < time <= until have blocks of the entity. */
bool reader_hours(struct reader *reader, const struct reader_entity *entity, int64_t after,
                  int64_t until, int64_t *hours, struct error *error)
    __attribute__((warn_unused_result));

/* Gets rounds that have come. */
struct reader_tail {
    void *context;
    /* round: all samples of a row, which are of entities of this chunk. */
    bool (*round)(void *context, int64_t chunk, struct collected *collected, struct error *error);
};

/* reader_last_round: the number of the newest round. */
bool reader_last_round(struct reader *reader, int64_t *last, struct error *error)
    __attribute__((warn_unused_result));

/*
 * reader_read_tail: the rounds after this number, which becomes that of the newest one; *whole
 * becomes false when some of them are no longer there.
 */
bool reader_read_tail(struct reader *reader, const struct reader_tail *tail, int64_t *last,
                      bool *whole, struct error *error) __attribute__((warn_unused_result));

#endif
