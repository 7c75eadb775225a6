/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The state of the source, for the files that share it. */
#ifndef VPERF_SOURCE_PVE_PVE_H
#define VPERF_SOURCE_PVE_PVE_H

#include "source/grid.h"
#include "source/measured.h"
#include "source/pve/api.h"
#include "source/pve/cluster.h"
#include "source/pve/counters.h"
#include "source/pve/tracks.h"

struct pve {
    struct source base;
    struct source_options options;
    struct pve_api api;
    char *version; /* 8.4.1 */
    bool has_export;
    bool has_wait; /* and what it says of iowait is right: 8.3.4 and later */
    struct catalog *catalog;
    struct pve_cluster cluster;
    const struct selection *selection;
    struct inventory *inventory;
    json_t *resources; /* data of /cluster/resources, of which the inventory is made */
    char *signature;   /* of them */
    struct pve_tracks tracks;
    bool *wanted; /* by counter */
    struct grid grid;
    struct measured measured;
    bool begun; /* a round has come to its end */
    bool resolution_told;
    bool ready_told;
    bool datastores_told;
    int64_t stamp; /* of the last round that succeeded; 0 for none */
    bool unmetered_told;
};

/* pve_load: reads the cluster anew, and makes the inventory of it. */
bool pve_load(struct pve *pve, const struct selection *selection, struct error *error);

/*
 * pve_renew: the resources, taken over, are those of a round: makes another inventory when they
 * have changed. True when it did.
 */
bool pve_renew(struct pve *pve, json_t *resources);

/*
 * pve_sees_anything: false with the error when the resources have no guest, and not even the
 * storage that each node has: who has no rights sees lists without error.
 */
bool pve_sees_anything(const struct pve *pve, const json_t *resources, struct error *error);

/* pve_prefers: what the round wants is only of this type of entity, or of others too. */
bool pve_wants_type(const struct pve *pve, enum entity_type type);

/* pve_round: one round of this moment. */
bool pve_round(struct pve *pve, const struct window *window, const struct source_events *events,
               struct error *error);

/* pve_archive: one round of rrddata. */
bool pve_archive(struct pve *pve, const struct window *window, const struct source_events *events,
                 struct error *error);

#endif
