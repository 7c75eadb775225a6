/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The answers of one round. */
#ifndef VPERF_SOURCE_PVE_ROUND_H
#define VPERF_SOURCE_PVE_ROUND_H

#include "source/pve/lookup.h"
#include "source/pve/pve.h"

/* What is asked of each node. */
enum { GET_QEMU, GET_LXC, GET_NETSTAT, GET_STATUS, NODE_GETS };

/* And of the cluster. */
enum { GET_RESOURCES, GET_EXPORT, CLUSTER_GETS };

/* A node in a round. */
struct pve_place {
    char *name;
    struct pve_get *gets; /* NODE_GETS of them; NULL: it is offline */
    struct pve_guests guests;
    struct pve_node node;
    char *trouble; /* why its guests are not known; NULL when they are */
    int arrived;   /* of the gets */
    bool read;     /* what came is in guests and node, and is there no more itself */
    size_t held;   /* bytes of the guests, of budget.h */
    bool left_out; /* the guests: budget.h has no room for them */
};

struct pve_look {
    struct pve *pve;
    const struct source_events *events;
    int32_t interval;
    struct pve_get *gets; /* those of the cluster, then those of the nodes */
    size_t get_count;
    struct pve_place *places;
    size_t place_count;
    int64_t stamp;
    bool first;
    bool too_many; /* nodes */
    int64_t gap;   /* the last sample before rounds that were lost, in Unix seconds; 0 for none */
    struct pve_lookup lookup;
    GHashTable *online; /* names of nodes, while the round is planned */
};

/* pve_miss: something is lost in this round; the first one loses nothing. */
void pve_miss(const struct pve_look *round, const struct entity *entity, const char *reason);

/*
 * pve_emit_past: what Proxmox VE remembers of the sample times of an entity that were lost; machine
 * is a guest as it is now, place a node. False when the output failed.
 */
bool pve_emit_past(const struct pve_look *round, struct pve_track *track,
                   const struct pve_guest *machine, const struct pve_place *place,
                   struct error *error);

enum { PVE_YOUNG_SECONDS = 30 }; /* what runs for less may not be measured by pvestatd yet */

/* Who gets the values of one sample time of an entity. */
struct pve_receiver {
    const struct pve_look *round;
    struct pve_track *track;
    bool kept; /* values as well as offers */
};

/* pve_output_for: what offers, and adds values to those that are measured; borrows receiver. */
struct pve_output pve_output_for(struct pve_receiver *receiver);

/* pve_node_busy: the fields of a node that follow from fractions of its CPUs and rates. */
struct pve_load_of {
    double cpu, wait; /* NaN when not known, as the others */
    double rx, tx;    /* bytes per second */
};
void pve_node_busy(const struct pve_place *place, const struct pve_load_of *load, int32_t interval,
                   int64_t *values);

/* pve_emit: all entities in the order of the inventory. False when the output failed. */
bool pve_emit(const struct pve_look *round, struct error *error);

#endif
