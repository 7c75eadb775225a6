/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The managed objects of a server as entities. */
#ifndef VPERF_SOURCE_VSPHERE_ENTITIES_H
#define VPERF_SOURCE_VSPHERE_ENTITIES_H

#include "core/catalog.h"
#include "core/inventory.h"
#include "core/selection.h"
#include "source/vsphere/session/channel.h"

/* A list of all objects that the server keeps up to date, as long as the session lives. */
struct entities_view {
    char *type; /* of its managed object; NULL: there is none yet */
    char *value;
    unsigned generation; /* of the login that made it */
};

/*
 * entities_load: all entities of the selection's types with what it wants to know of them, and the
 * hosts that guests name, sorted, owned by the caller; NULL on failure. The view is made when it is
 * needed, and serves again for the same selection; entities_view_done is due. The same call fills
 * the catalog, unless it is NULL.
 */
struct inventory *entities_load(struct channel *channel, struct entities_view *view,
                                const struct selection *selection, struct catalog *catalog,
                                struct error *error);

/* entities_view_done: forgets the view; it ends with the session. */
void entities_view_done(struct entities_view *view);

/* entities_managed_type: the type of the managed object, such as VirtualMachine or VirtualApp. */
const char *entities_managed_type(const struct entity *entity);

#endif
