/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which properties of which managed objects are asked for, and what each says of an entity. */
#ifndef VPERF_SOURCE_VSPHERE_KINDS_H
#define VPERF_SOURCE_VSPHERE_KINDS_H

#include <stddef.h>

#include "core/entity.h"

/* Sets what it can of an entity whose name and shape are on the heap; the rest is borrowed. */
struct property {
    const char *path;
    void (*set)(struct entity *entity, const char *text);
    unsigned context; /* of enum selection_context: asked for with one of these only; 0: always */
    bool identifies;  /* --name means it */
};

/* A type of managed objects. Those of its subclasses come with it. */
struct kind {
    const char *managed_type;
    const struct property *properties; /* up to one without a path */
};

enum { KIND_PROPERTIES = 32, PLACE_TYPES = 6 };

/* kinds: by type of entity. */
extern const struct kind kinds[ENTITY_TYPES];

/* place_types: managed types of what holds entities, or is named by them: for their paths. */
extern const char *const place_types[PLACE_TYPES];

/* kinds_find: the type of entity that objects of a managed type are; false when they are none. */
bool kinds_find(const char *managed_type, enum entity_type *type);

/*
 * kinds_property: the property with this path, or NULL. Those behind `last` are looked at first,
 * which is the one before it in an answer, or NULL: servers mostly keep the order of the request.
 */
const struct property *kinds_property(const struct kind *kind, const struct property *last,
                                      const char *path);

/* kinds_name: a name, in which vSphere writes %2f, %5c and %25 for /, \ and %; the caller frees it.
 */
char *kinds_name(const char *text);

/* kinds_longer_shape: the shape with one more trait; the caller frees it. */
char *kinds_longer_shape(const struct entity *entity, const char *name, const char *text);

#endif
