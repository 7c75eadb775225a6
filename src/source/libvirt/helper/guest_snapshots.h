/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The snapshots that were taken of a guest: how many, how old, and what space they cost. */
#ifndef VPERF_SOURCE_LIBVIRT_GUEST_SNAPSHOTS_H
#define VPERF_SOURCE_LIBVIRT_GUEST_SNAPSHOTS_H

#include <glib.h>

#include "source/libvirt/helper/connection.h"

/* What the descriptions of a guest's snapshots say together. */
struct snapshot_descriptions {
    int64_t oldest;       /* Unix seconds at which the oldest was taken; ABSENT when none says */
    GHashTable *overlays; /* paths of the images that they have made the guest write to */
    bool all_external;    /* nothing else holds what they keep */
};

/* snapshot_descriptions_init: of no snapshot. */
void snapshot_descriptions_init(struct snapshot_descriptions *descriptions);

/* snapshot_descriptions_done: frees what they hold. */
void snapshot_descriptions_done(struct snapshot_descriptions *descriptions);

/* snapshot_descriptions_add: takes one in, in libvirt's XML; false when it is no XML. */
bool snapshot_descriptions_add(struct snapshot_descriptions *descriptions, const char *text);

/*
 * guest_snapshots_read: adds what is known of the guest's snapshots to its sample. They are read
 * at once the first time, then every ten minutes, in each poll for as many guests as take no time
 * to speak of; the poll is then one call, as without them. Absent where the driver has none.
 */
void guest_snapshots_read(struct connection *connection, virDomainPtr domain,
                          struct guest_facts *facts, struct guest_sample *sample);

#endif
