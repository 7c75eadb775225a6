/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which entities and counters go into which QueryPerf call, and what to do when one is refused. */
#ifndef VPERF_SOURCE_VSPHERE_BATCHES_H
#define VPERF_SOURCE_VSPHERE_BATCHES_H

#include "source/vsphere/query/limits.h"
#include "source/vsphere/query/query.h"
#include "source/vsphere/query/workers.h"

/* What is to be asked for in one go. */
struct batches_order {
    const struct query *query;
    const struct query_item *items; /* whole entities */
    size_t count;
    struct limits *limits;
    bool reports_progress;
    bool lost_objects; /* becomes true when the server did not find an entity */
};

/*
 * batches_run: gives the samples of all items to the events of the query, in their order, however
 * many workers there are. A call that is too large for the server is halved, and the size that
 * worked is kept in the limits. An entity that the server refuses goes to events->missing; of a
 * query for fresh samples, one that it does not find is only noted. False when the rest of the
 * round is lost.
 */
bool batches_run(struct workers *workers, struct batches_order *order, struct error *error);

#endif
