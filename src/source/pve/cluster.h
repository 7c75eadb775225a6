/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What /cluster/resources lists, with what is known of guests and nodes from elsewhere. */
#ifndef VPERF_SOURCE_PVE_CLUSTER_H
#define VPERF_SOURCE_PVE_CLUSTER_H

#include <jansson.h>

#include "core/inventory.h"
#include "core/selection.h"
#include "source/pve/sample.h"

struct pve_cluster {
    char *name;          /* of the cluster, or of the only node */
    GHashTable *configs; /* struct pve_known_config by "qemu/100" */
    GHashTable *nodes;   /* struct pve_node by name, as they were last */
};

/* A configuration, and when it was read. */
struct pve_known_config {
    struct pve_config *config;
    char *node;
    int64_t read_ns; /* clock_boot_ns; or when that was tried last */
};

/* A member of /cluster/resources. */
enum pve_kind { PVE_KIND_NONE, PVE_KIND_QEMU, PVE_KIND_LXC, PVE_KIND_NODE, PVE_KIND_STORAGE };

/* pve_cluster_init, _done: nothing is known; frees what it holds. */
void pve_cluster_init(struct pve_cluster *cluster);
void pve_cluster_done(struct pve_cluster *cluster);

/* pve_cluster_name: takes the name from the data of /cluster/status. */
void pve_cluster_name(struct pve_cluster *cluster, const json_t *status);

/* pve_cluster_keep: the configuration, taken over, of a guest ("qemu/100") on this node. */
void pve_cluster_keep(struct pve_cluster *cluster, const char *id, const char *node,
                      struct pve_config *config, int64_t now_ns);

/* pve_cluster_needs: the configuration is not known, is that of another node, or is old. */
bool pve_cluster_needs(const struct pve_cluster *cluster, const char *id, const char *node,
                       int64_t now_ns);

/* pve_cluster_is_old: the configuration was asked for 10 minutes ago. */
bool pve_cluster_is_old(const struct pve_cluster *cluster, const char *id, int64_t now_ns);

/* pve_cluster_asked: it could not be read at this time; the one that is known stays. */
void pve_cluster_asked(struct pve_cluster *cluster, const char *id, int64_t now_ns);

/* pve_cluster_config: the configuration of a guest, or NULL. */
const struct pve_config *pve_cluster_config(const struct pve_cluster *cluster, const char *id);

/* pve_kind_of: what the resource is; templates and what is no entity are none. */
enum pve_kind pve_kind_of(const json_t *resource);

/* pve_online_nodes: the set of the names of nodes that are online, borrowed from the resources. */
GHashTable *pve_online_nodes(const json_t *resources);

/*
 * pve_inventory: the entities of the resources, in order; a shared storage is there once. A UUID
 * that several guests have, as clones do, is none.
 */
struct inventory *pve_inventory(const struct pve_cluster *cluster, const json_t *resources);

/*
 * pve_signature: a text that is another one when the entities are, or what is told of them; for
 * g_free.
 */
char *pve_signature(const json_t *resources);

/* pve_entity_id: the id of an entity in the cluster: CLUSTER/100, CLUSTER/node/NAME, … */
char *pve_entity_id(const struct pve_cluster *cluster, const json_t *resource);

#endif
