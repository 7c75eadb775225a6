/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Entities of one type, state and shape offer the same counters: a few of them are asked for all.
 * An entity without a shape is a group of its own. Groups live across rounds; nothing here makes a
 * call.
 */
#ifndef VPERF_SOURCE_VSPHERE_GROUPS_H
#define VPERF_SOURCE_VSPHERE_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#include "core/backoff.h"
#include "core/counter.h"
#include "core/entity.h"

struct offer {
    const struct counter **counters; /* ascending by id, each once */
    size_t count;
    size_t metrics; /* pairs of counter and instance: how long an answer is */
};

/* offer_has: the counter is among those of the offer. */
bool offer_has(const struct offer *offer, const struct counter *counter);

struct group {
    char *key;
    uint32_t number; /* of this group alone, as long as the groups live */
    enum entity_type type;
    bool shared; /* by its shape */
    bool asked;
    size_t heard;         /* members that were asked then */
    bool listed;          /* one of its members has listed something */
    uint64_t asked_round; /* number of the round in which it was asked */
    struct backoff empty; /* when to ask again a group that lists nothing */
    struct offer offer;   /* what its members offer */
    size_t *members;      /* of the round under way, by their numbers */
    size_t count;
    size_t capacity;
    UT_hash_handle hh;
};

struct groups {
    struct group *all;
    uint32_t numbers;
    struct offer unions[ENTITY_TYPES]; /* what groups with a shape offer */
};

/* groups_begin: no group has members. */
void groups_begin(struct groups *groups);

/* groups_join: the group of the entity, which becomes its member with this number. */
struct group *groups_join(struct groups *groups, const struct entity *entity, size_t number);

/* groups_sweep: forgets the groups without members. */
void groups_sweep(struct groups *groups);

/* groups_forget: all groups are to be asked anew. */
void groups_forget(struct groups *groups);

/* groups_done: frees all groups. */
void groups_done(struct groups *groups);

/* groups_is_due: the group's members are to be asked what they offer. */
bool groups_is_due(const struct group *group, int64_t now_ns);

/* groups_asked: the members of the group were asked; a group that lists nothing is asked again. */
void groups_asked(struct group *group, uint64_t round, int64_t now_ns);

/*
 * groups_refresh: makes the group due that was asked longest ago, if that is long ago: what a host
 * offers changes with its devices.
 */
void groups_refresh(struct groups *groups, uint64_t round);

/*
 * groups_widen: a member offers these counters, count in number, repeated for each instance; listed
 * tells whether the server listed anything, wanted or not.
 */
void groups_widen(struct group *group, const struct counter *const *counters, size_t count,
                  bool listed);

/* groups_unite: makes the unions of what the groups offer. */
void groups_unite(struct groups *groups);

/*
 * groups_sampled: of entities with a shape, some have not been asked what they offer: the largest
 * group of which this is true, or NULL.
 */
const struct group *groups_sampled(const struct groups *groups);

/*
 * groups_wanted: what the members of the group are to be asked for: all that any shape of their
 * type offers, so that a wrong guess about a shape loses nothing that another shape has.
 */
const struct offer *groups_wanted(const struct groups *groups, const struct group *group);

/* Which members are asked: all zero at first. */
struct sampling {
    size_t next;
    int asked;
    bool listed;
    bool ended;
};

/*
 * sampling_next: the member to be asked next: all of a small group; of others until two have listed
 * something, the last one among them: an entity may be gone, out of the user's reach, or just
 * started. False when all were asked.
 */
bool sampling_next(struct sampling *sampling, const struct group *group, size_t *member);

/* sampling_note: the member that sampling_next named was refused, or listed something, or nothing.
 */
void sampling_note(struct sampling *sampling, bool refused, bool listed);

#endif
