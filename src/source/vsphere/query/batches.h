/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which entities and counters go into which QueryPerf call, and what to do when one is refused. */
#ifndef VPERF_SOURCE_VSPHERE_BATCHES_H
#define VPERF_SOURCE_VSPHERE_BATCHES_H

#include "source/vsphere/query/crew.h"
#include "source/vsphere/query/offers.h"
#include "source/vsphere/query/query.h"

/* What is to be collected from one target. */
struct batches_order {
    const struct query *query;
    const struct entity *const *entities;
    size_t count;
    const struct offers *offers;
    struct span span;
};

/*
 * batches_run: gives the samples of all entities to the events of the query, in the order of the
 * entities, whatever the size of the crew. A call that is too large for the server is halved, and
 * the size that worked is kept; an entity that the server refuses goes to events->missing. False
 * when the rest of the run is lost.
 */
bool batches_run(struct crew *crew, const struct batches_order *order, struct error *error);

#endif
