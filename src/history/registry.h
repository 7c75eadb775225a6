/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What a writer knows of its history: entities and series with their numbers there. They are known
 * by key, never by address; what is not used for long is forgotten, and read again when it is.
 */
#ifndef VPERF_HISTORY_REGISTRY_H
#define VPERF_HISTORY_REGISTRY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

#include "core/mark.h"
#include "core/meanings.h"
#include "core/series.h"
#include "history/context.h"

struct kept_counter {
    const struct counter *counter; /* of the meanings */
    int64_t id;
    bool saved;
    UT_hash_handle hh;
};

/* A series, and its samples that are not written yet. */
struct kept_series {
    int64_t id; /* 0 until it is saved */
    struct kept_counter *counter;
    char *instance;
    int32_t interval;
    bool reading; /* as its counter */
    bool fills;   /* its pending samples fill gaps */
    bool saved;
    struct sample *samples;
    size_t count;
    size_t capacity;
    char *key;
    int64_t place; /* among the series, in the order in which they came */
    UT_hash_handle hh;
};

/* The sample times of an entity that are recorded. */
struct kept_mark {
    struct mark mark;
    bool changed;    /* since it was written */
    int64_t resumed; /* up to this time, samples that are recorded may be given again */
};

struct kept_target {
    int64_t id;
    char *name;
    bool saved;
    int64_t chunk; /* that new entities get, with how many of them and of their series */
    size_t chunk_entities;
    size_t chunk_series;
    UT_hash_handle hh;
};

/* A time at which an entity lacks what was lost. */
struct kept_loss {
    int64_t time;
    int32_t interval;
};

struct kept_entity {
    int64_t id;
    int64_t chunk;
    struct kept_target *target;
    enum entity_type type;
    char *text;             /* its id at the source */
    struct entity *context; /* as it was in the last round; NULL: not known */
    bool context_saved;
    bool saved;
    char *reason; /* why it has no samples just now; NULL: not known */
    struct kept_series *series;
    struct kept_mark *marks;
    size_t mark_count;
    GArray *gaps;       /* see fills.h; NULL: not loaded */
    GPtrArray *pending; /* its series with samples that are not written yet */
    bool dropped;       /* its newest samples were, for there was no room */
    bool touched;       /* something of it is to be written */
    bool recorded;      /* since we know it, samples of it were written */
    int64_t used;       /* when, by the registry's rounds */
    int64_t written;    /* number of the transaction that registry_save wrote it in last */
    GArray *losses;     /* of the times of its pending samples, each once; NULL for none */
    GString *key;
    UT_hash_handle hh;
};

struct registry {
    struct database *database;
    struct meanings *meanings;
    struct kept_counter *counters;
    struct kept_target *targets;
    struct kept_entity *entities;
    char *contexts; /* the statement that reads those of an entity */
    GString *key;   /* of who is looked for */
    size_t saved_counters;
    int64_t next_counter; /* numbers that are free */
    int64_t next_target;
    int64_t next_entity;
    int64_t next_series;
    int64_t next_chunk;
    int64_t rounds;
    int64_t transaction; /* number of the one under way */
    int64_t next_place;
};

/* registry_open: what the database holds; false when it cannot be read. */
bool registry_open(struct registry *registry, struct database *database, struct error *error);

/* registry_done: forgets all, written or not. */
void registry_done(struct registry *registry);

/* registry_entity: the one that is kept of this entity, a new one if need be; NULL on failure. */
struct kept_entity *registry_entity(struct registry *registry, const struct entity *entity,
                                    struct error *error);

/* registry_describe: the entity is so now; what differs is to be written. */
void registry_describe(struct kept_entity *kept, const struct entity *entity);

/* registry_series: the one that is kept of this series of the entity, a new one if need be. */
struct kept_series *registry_series(struct registry *registry, struct kept_entity *entity,
                                    const struct series *series);

/* registry_mark: of the samples of an entity with this interval; interval 0: nothing was added. */
struct kept_mark *registry_mark(struct kept_entity *entity, int32_t interval);

/* registry_define: the counter is known, whether it has samples or not. */
void registry_define(struct registry *registry, const struct counter *counter);

/* registry_save_counters: writes those that are not in the database yet. */
bool registry_save_counters(struct registry *registry, struct error *error)
    __attribute__((warn_unused_result));

/* registry_counters_saved: what registry_save_counters wrote is committed. */
void registry_counters_saved(struct registry *registry);

/* registry_begin: a transaction begins; what the one before wrote and did not commit is not there.
 */
void registry_begin(struct registry *registry);

/*
 * registry_save: writes, once in a transaction, what of the entity and its pending series is not in
 * the database yet; not their counters.
 */
bool registry_save(struct registry *registry, struct kept_entity *entity, struct error *error)
    __attribute__((warn_unused_result));

/* registry_saved: what registry_save wrote of the entity is committed. */
void registry_saved(struct kept_entity *entity);

/* registry_forget: the entities with these numbers (int64_t) are no longer in the database. */
void registry_forget(struct registry *registry, const GArray *gone);

/* registry_sweep: forgets entities that were not used for long, and have nothing to be written. */
void registry_sweep(struct registry *registry);

#endif
