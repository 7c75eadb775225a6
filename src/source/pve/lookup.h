/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Where the parts of a round are found, so that none is looked for one by one. */
#ifndef VPERF_SOURCE_PVE_LOOKUP_H
#define VPERF_SOURCE_PVE_LOOKUP_H

#include <jansson.h>

#include "source/pve/cluster.h"

struct pve_look;
struct pve_place;

/* A guest where it is now, which may be elsewhere than the resources say. */
struct pve_found {
    struct pve_guest *guest;
    const struct pve_place *place;
};

struct pve_lookup {
    GHashTable *places;    /* struct pve_place by name */
    GHashTable *guests;    /* struct pve_found by vmid; of two the one that runs */
    GHashTable *resources; /* guests and nodes of /cluster/resources, by their id there */
    GHashTable *storages;  /* those that are available there, by the id of their entity */
};

/* pve_lookup_make: of the places and resources of the round, which are borrowed. */
void pve_lookup_make(struct pve_look *round);

/* pve_lookup_done: frees it; also one that was not made. */
void pve_lookup_done(struct pve_lookup *lookup);

#endif
