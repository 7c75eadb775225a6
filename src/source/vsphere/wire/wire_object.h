/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Objects of a page of the property collector, one after the other. */
#ifndef VPERF_SOURCE_VSPHERE_WIRE_OBJECT_H
#define VPERF_SOURCE_VSPHERE_WIRE_OBJECT_H

#include "source/vsphere/wire/wire.h"
#include "source/vsphere/wire/wire_slab.h"

/* What the objects of a page share while they are read. All zero: nothing yet. */
struct wire_objects {
    struct wire_slab slab;
    struct vim25__DynamicProperty *properties; /* of the object at hand */
    size_t count;
    size_t capacity;
};

enum wire_taken { WIRE_NOTHING, WIRE_TAKEN, WIRE_FAILED };

/*
 * wire_object_take: takes an object, end tag included, when its start tag comes next in the usual
 * form. WIRE_NOTHING leaves it to other means; WIRE_FAILED comes with soap->error.
 */
enum wire_taken wire_object_take(struct soap *soap, struct wire_objects *room,
                                 struct vim25__ObjectContent *object);

/* wire_objects_done: frees what they share; the objects stay. */
void wire_objects_done(struct wire_objects *room);

#endif
