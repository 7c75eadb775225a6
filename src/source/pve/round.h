/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The answers of one round. */
#ifndef VPERF_SOURCE_PVE_ROUND_H
#define VPERF_SOURCE_PVE_ROUND_H

#include "source/pve/pve.h"

/* What is asked of each node. */
enum { GET_QEMU, GET_LXC, GET_NETSTAT, GET_STATUS, NODE_GETS };

/* And of the cluster. */
enum { GET_RESOURCES, GET_EXPORT, CLUSTER_GETS };

/* A node in a round. */
struct pve_place {
    const char *name;
    struct pve_get *gets; /* NODE_GETS of them; NULL: it is offline */
    struct pve_guests guests;
    struct pve_node node;
    char *trouble; /* why its guests are not known; NULL when they are */
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
};

/* pve_miss: something is lost in this round; the first one loses nothing. */
void pve_miss(const struct pve_look *round, const struct entity *entity, const char *reason);

/* pve_emit: all entities in the order of the inventory. False when the output failed. */
bool pve_emit(const struct pve_look *round, struct error *error);

#endif
