/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which tags each entity has, as a server tells it tag by tag. */
#ifndef VPERF_SOURCE_VSPHERE_TAGGED_H
#define VPERF_SOURCE_VSPHERE_TAGGED_H

#include <glib.h>
#include <stdbool.h>

enum { TAGGED_MOST = 1000 }; /* tags of an entity */

/* Fields are for reading. */
struct tagged {
    GHashTable *tags;    /* ids of those that entities have */
    GHashTable *objects; /* by id of an entity: the set of its tags' ids, of those above */
};

/* tagged_init: no entities yet. */
void tagged_init(struct tagged *tagged);

/* tagged_done: frees what it keeps. */
void tagged_done(struct tagged *tagged);

/* tagged_expect: the tags of the entity with this id, which is borrowed, are kept. */
void tagged_expect(struct tagged *tagged, const char *object);

/*
 * tagged_add: the entity has this tag; said twice, it has it once. False when it has more than
 * TAGGED_MOST.
 */
bool tagged_add(struct tagged *tagged, const char *tag, const char *object);

#endif
