/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Where objects are: folders, datacenters, hosts and pools by their ids, and the paths to them. */
#ifndef VPERF_SOURCE_VSPHERE_PLACES_H
#define VPERF_SOURCE_VSPHERE_PLACES_H

#include "core/inventory.h"

struct places;

/* places_new: the paths begin below the object with this id. */
struct places *places_new(const char *root);

/* places_free: takes NULL. */
void places_free(struct places *places);

/* places_add: an object with its name as the server writes it, and what holds it or NULL. */
void places_add(struct places *places, const char *type, const char *id, const char *name,
                const char *parent);

/*
 * places_join: until now folder, pool and datastores of the entity are ids: of what holds it, of
 * its pool, and several with a blank between them. They become the paths and names of these, and
 * datacenter and cluster those that the entity is in; host is the id of the host that a guest is
 * on.
 */
void places_join(struct places *places, struct inventory *inventory, struct entity *entity,
                 const char *host);

#endif
