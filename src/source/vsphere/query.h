/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Samples of several entities by one QueryPerf call. */
#ifndef VPERF_SOURCE_VSPHERE_QUERY_H
#define VPERF_SOURCE_VSPHERE_QUERY_H

#include "core/inventory.h"
#include "source/vsphere/available.h"
#include "source/vsphere/session.h"

struct query_item {
    const struct entity *entity;
    struct available available;
};

/* What the queries of one target share. */
struct query {
    struct session *session;
    struct catalog *catalog;
    const struct selection *selection;
    const struct source_events *events;
    bool lists_instances; /* the server does not expand '*': ask for each instance by name */
    size_t dropped;       /* series left out: more or fewer values than sample times */
};

/*
 * query_run: asks for the samples of all items in one call and gives their series to the events,
 * in the order of the items. A call that the server refuses is split until the entity it refuses
 * stands alone; that one goes to events->missing. False when the rest of the run is lost.
 */
bool query_run(struct query *query, const struct query_item *items, size_t count,
               struct error *error);

#endif
