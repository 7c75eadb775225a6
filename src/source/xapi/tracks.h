/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What is remembered of each entity from round to round, and its samples of one round. */
#ifndef VPERF_SOURCE_XAPI_TRACKS_H
#define VPERF_SOURCE_XAPI_TRACKS_H

#include "core/known.h"
#include "source/source.h"

struct track {
    int64_t mark;  /* end of the newest interval that was given; INT64_MIN for none */
    bool *offered; /* by counter */
    struct known known;
};

struct tracks {
    GHashTable *by_id; /* of VMs and hosts */
    size_t counters;
};

/* xapi_tracks_new: nothing is remembered of anything. */
struct tracks *xapi_tracks_new(size_t counters);

/* xapi_tracks_free: takes NULL. */
void xapi_tracks_free(struct tracks *tracks);

/* xapi_track: that of the entity with this id, made when there is none. */
struct track *xapi_track(struct tracks *tracks, const char *id);

/* xapi_prune: removes what the table, by id, has of entities that are not in the inventory. */
void xapi_prune(GHashTable *by_id, const struct inventory *inventory);

/* Samples of one entity, in any order. */
struct samples;

/* samples_new: none; owned by the caller. */
struct samples *samples_new(void);

/* samples_free: takes NULL. */
void samples_free(struct samples *samples);

/* samples_count: how many there are. */
size_t samples_count(const struct samples *samples);

/* samples_add: one more; the instance is copied. */
void samples_add(struct samples *samples, size_t counter, const char *instance, int64_t time,
                 int64_t value);

/* Whose samples they are; all borrowed. */
struct samples_head {
    const struct entity *entity;
    const struct catalog *catalog;
    struct known *known; /* its series that were given before */
    int32_t interval;
};

/*
 * samples_emit: all of them as series, by counter and instance, and forgets them. False when the
 * output failed.
 */
bool samples_emit(struct samples *samples, const struct samples_head *head,
                  const struct source_events *events, struct error *error);

#endif
