/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What is remembered of each entity from round to round. */
#ifndef VPERF_SOURCE_PVE_TRACKS_H
#define VPERF_SOURCE_PVE_TRACKS_H

#include "core/inventory.h"
#include "core/known.h"
#include "core/selection.h"
#include "source/pve/read.h"

/* Values of one metric since the round before, and what it was then. */
struct pve_meter {
    double sum;
    int count;
    int64_t last; /* time of the newest value, by the node's clock; 0 for none */
    double value; /* the newest one */
    double rate;  /* its growth per second between two values a round apart; NaN when not known */
};

enum pve_meter_kind { PVE_METER_CPU, PVE_METER_WAIT, PVE_METER_IN, PVE_METER_OUT, PVE_METERS };

struct pve_track {
    const struct entity *entity; /* NULL: it is in the inventory no more */
    bool selected;
    bool running; /* in the last round that saw it */
    bool has_before;
    struct pve_guest before;
    char *node; /* where it was before */
    struct pve_meter meters[PVE_METERS];
    bool *offered; /* by counter */
    struct known known;
    int64_t metered_ns; /* clock_boot_ns when the newest value of CPU came; 0 for none */
    GArray *past; /* struct pve_moment, ascending in time, of rounds that were lost; or NULL */
};

/* A value of a meter. */
struct pve_moment {
    enum pve_meter_kind kind;
    int64_t time; /* by the node's clock */
    double value;
};

struct pve_tracks {
    GHashTable *by_id; /* of entities */
    size_t counters;
};

/* pve_tracks_init, _done: none yet; frees all of them. */
void pve_tracks_init(struct pve_tracks *tracks, size_t counters);
void pve_tracks_done(struct pve_tracks *tracks);

/* pve_tracks_follow: the entities are those of this inventory, which is borrowed. */
void pve_tracks_follow(struct pve_tracks *tracks, const struct inventory *inventory,
                       const struct selection *selection);

/* pve_tracks_find: the track of this entity, or NULL. */
struct pve_track *pve_tracks_find(const struct pve_tracks *tracks, const char *id);

/* pve_track_begin: a round begins: the meters are empty. */
void pve_track_begin(struct pve_track *track);

/* pve_track_meter: a value of /cluster/metrics/export; one that is known already is passed over. */
void pve_track_meter(struct pve_track *track, const struct pve_metric *metric, int32_t interval);

enum { PVE_REMEMBERED_SECONDS = 1800 }; /* by /cluster/metrics/export */

/* pve_is_metered: pve_track_meter takes this metric of this id of /cluster/metrics/export. */
bool pve_is_metered(const char *id, const char *metric);

/*
 * pve_export_seconds: how far back /cluster/metrics/export can be asked for so many entities, so
 * that its answer is no longer than half of HTTP_BODY_LIMIT: PVE_REMEMBERED_SECONDS or less, but a
 * minute always.
 */
int64_t pve_export_seconds(size_t entities);

/*
 * pve_track_remember: a value of the past, in ascending order of time, before pve_track_meter gets
 * it.
 */
void pve_track_remember(struct pve_track *track, const struct pve_metric *metric);

/* pve_track_past_mean: the mean of its values with until - interval < time <= until, or NaN. */
double pve_track_past_mean(const struct pve_track *track, enum pve_meter_kind kind, int64_t until,
                           int32_t interval);

/*
 * pve_track_past_rate: the growth per second from the newest value up to until - interval to the
 * newest one up to until; NaN when one is not there, is too old, or it began anew.
 */
double pve_track_past_rate(const struct pve_track *track, enum pve_meter_kind kind, int64_t until,
                           int32_t interval);

/* pve_track_mean: the mean of the meter in this round; NaN when nothing came. */
double pve_track_mean(const struct pve_track *track, enum pve_meter_kind kind);

/* pve_track_baseline: the sample in the round before, if it is of the same run; or NULL. */
const struct pve_guest *pve_track_baseline(const struct pve_track *track, const char *node,
                                           const struct pve_guest *now);

/* pve_track_keep: the sample is the baseline of the next round. */
void pve_track_keep(struct pve_track *track, const char *node, const struct pve_guest *now);

/* pve_track_forget: there is no baseline. */
void pve_track_forget(struct pve_track *track);

#endif
