/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The managed objects of a server as entities. */
#ifndef VPERF_SOURCE_VSPHERE_ENTITIES_H
#define VPERF_SOURCE_VSPHERE_ENTITIES_H

#include "core/inventory.h"
#include "source/vsphere/session/channel.h"

/*
 * entities_load: all entities of these types, and the hosts that guests name, sorted, owned by the
 * caller; NULL on failure.
 */
struct inventory *entities_load(struct channel *channel, const bool types[ENTITY_TYPES],
                                struct error *error);

/* entities_managed_type: the type of the managed object, such as VirtualMachine. */
const char *entities_managed_type(enum entity_type type);

#endif
