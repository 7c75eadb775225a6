/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Counters of our own, which properties of guests and datastores give: file systems of guests,
 * snapshots, and the space on datastores. They are read with the inventory.
 */
#ifndef VPERF_SOURCE_VSPHERE_SPACE_H
#define VPERF_SOURCE_VSPHERE_SPACE_H

#include "core/catalog.h"
#include "core/inventory.h"
#include "core/selection.h"
#include "source/vsphere/session/channel.h"

/* In the order of the catalogue. */
enum space_counter {
    SPACE_DISK_CAPACITY, /* of a file system of the guest, by its mount point */
    SPACE_DISK_FREE,
    SPACE_SNAPSHOT_COUNT,
    SPACE_SNAPSHOT_SIZE,
    SPACE_SNAPSHOT_AGE,
    SPACE_PROVISIONED, /* on datastores, by a guest */
    SPACE_USED,
    SPACE_UNSHARED,
    SPACE_CAPACITY, /* of a datastore */
    SPACE_FREE,
    SPACE_COUNTERS,
};

/* A value; an age is kept as the time, in Unix seconds, from which it counts. */
struct reading {
    enum space_counter counter;
    char *instance; /* "" for the aggregate */
    int64_t value;  /* in the counter's unit */
};

/* The values of a reading of the inventory. */
struct readings {
    bool wanted[SPACE_COUNTERS];
    bool any;              /* one is wanted */
    GHashTable *by_id;     /* of entities: a GArray of struct reading */
    GHashTable *snapshots; /* ids of guests that have some, whose files are to be asked for */
    char *lost;            /* for people: what could not be read, and why; NULL: nothing */
};

/* space_define: adds the counters to a server's catalogue. */
void space_define(struct catalog *catalog);

/* space_counter: a counter of the catalogue. */
const struct counter *space_counter(const struct catalog *catalog, enum space_counter counter);

/* space_alone: the selection holds counters of these, and none that the server defines. */
bool space_alone(const struct catalog *catalog, const struct selection *selection);

/* readings_new: nothing read yet of what the selection wants; owned by the caller. */
struct readings *readings_new(const struct selection *selection);

/* readings_free: takes NULL. */
void readings_free(struct readings *readings);

/* readings_of: the readings of an entity, or NULL. */
const GArray *readings_of(const struct readings *readings, const char *id);

/*
 * readings_paths: stores the properties that are to be asked for of entities of a type, at most
 * READINGS_PATHS, and returns their number.
 */
enum { READINGS_PATHS = 8 };
size_t readings_paths(const struct readings *readings, enum entity_type type, const char **paths);

/* readings_take: reads what the properties of an object say. */
void readings_take(struct readings *readings, enum entity_type type,
                   const struct vim25__ObjectContent *object);

/*
 * readings_complete: asks once more, for the files of all guests that have snapshots: their sizes
 * are known by these alone. When the server refuses it, or takes too long, they are lost alone.
 * False when the connection is.
 */
bool readings_complete(struct readings *readings, struct channel *channel, struct error *error);

#endif
