/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The newest value of each series, with the entity and counter that it is of: what a reader finds
 * who comes at any time. Entities are known by source, type and id, counters by name, never by
 * address. Not thread-safe: whoever shares it holds a lock around each call, and a reader holds it
 * as long as it uses what it found: the next write may free it.
 */
#ifndef VPERF_CORE_LATEST_H
#define VPERF_CORE_LATEST_H

#include <stddef.h>
#include <stdint.h>

#include "core/series.h"

struct latest;

/* What is kept of an entity; fields are for reading. */
struct latest_entity {
    const struct entity *entity; /* as it was in the newest round that had it */
    uint16_t target;             /* the one that reported it last */
    uint16_t age;                /* rounds of that target that ended since, its own included */
};

/* What is kept of a series; fields are for reading. */
struct latest_series {
    const struct counter *counter; /* the meaning that its source gives it; its number is 0 */
    const char *instance;          /* "" for the aggregate */
    struct sample sample;
    int64_t total; /* of the values of all samples since it is kept, those below 0 left out; at most
                      INT64_MAX */
    int32_t interval;
    uint16_t target;
    uint16_t age;
};

/*
 * latest_new: nothing yet; the caller owns it. What has not come for keep_rounds rounds of the
 * target that reported it is dropped; 0 keeps all.
 */
struct latest *latest_new(unsigned keep_rounds);

/* latest_free: takes NULL. */
void latest_free(struct latest *latest);

/*
 * latest_write: keeps copies of the newest sample of the series, its entity and its counter. A
 * sample older than the one that is kept changes nothing: it does not make the series younger
 * either, so one that a server's clock left in the future ages. Without samples nothing happens.
 * target numbers the targets of the run. The total counts every sample, the one that another of its
 * time replaces left out.
 */
void latest_write(struct latest *latest, uint16_t target, const struct series *series);

/* latest_add_entity: the entity is there, whether it has series or not. */
void latest_add_entity(struct latest *latest, uint16_t target, const struct entity *entity);

/* latest_round_end: what this target has reported is one round older; what is too old is dropped.
 */
void latest_round_end(struct latest *latest, uint16_t target);

/* latest_drop: forgets what this target reported; its number may be another one's afterwards. */
void latest_drop(struct latest *latest, uint16_t target);

/* latest_keep: as latest_new says, from now on. */
void latest_keep(struct latest *latest, unsigned keep_rounds);

/* latest_first: the first entity, by source, type, name and id; NULL when there is none. */
const struct latest_entity *latest_first(struct latest *latest);

/* latest_next: the entity after this one, or NULL. */
const struct latest_entity *latest_next(const struct latest_entity *entity);

/* latest_series_first: the first series of an entity, in the order in which they came, or NULL. */
const struct latest_series *latest_series_first(const struct latest_entity *entity);

/* latest_series_next: the series after this one, or NULL. */
const struct latest_series *latest_series_next(const struct latest_series *series);

/* latest_find: the series of an entity by the counter's name and the instance, or NULL. */
const struct latest_series *latest_find(struct latest *latest, const struct latest_entity *entity,
                                        const char *counter, const char *instance);

/* latest_entities: how many entities are kept. */
size_t latest_entities(const struct latest *latest);

#endif
