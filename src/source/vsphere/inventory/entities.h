/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The managed objects of a server as entities. */
#ifndef VPERF_SOURCE_VSPHERE_ENTITIES_H
#define VPERF_SOURCE_VSPHERE_ENTITIES_H

#include "core/inventory.h"
#include "core/selection.h"
#include "source/vsphere/inventory/space.h"
#include "source/vsphere/session/channel.h"

/* A list of all objects that the server keeps up to date, as long as the session lives. */
struct entities_view {
    char *type; /* of its managed object; NULL: there is none yet */
    char *value;
    unsigned generation; /* of the login that made it */
};

/* What one reading of the inventory gives. */
struct entities {
    struct inventory *inventory;
    struct readings *readings;
};

/*
 * entities_load: all entities of the selection's types with what it wants to know of them, and the
 * hosts that guests name, sorted; entities_done is due unless it fails. The view is made when it is
 * needed, and serves again for the same selection; entities_view_done is due. The same call asks
 * for the counters too, if that is wanted; see counters_begin.
 */
bool entities_load(struct channel *channel, struct entities_view *view,
                   const struct selection *selection, struct entities *entities, bool counters,
                   struct error *error);

/* entities_done: frees both. */
void entities_done(struct entities *entities);

/* entities_view_done: forgets the view; it ends with the session. */
void entities_view_done(struct entities_view *view);

/* entities_managed_type: the type of the managed object, such as VirtualMachine or VirtualApp. */
const char *entities_managed_type(const struct entity *entity);

#endif
