/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Samples of several entities by one QueryPerf call. */
#ifndef VPERF_SOURCE_VSPHERE_QUERY_H
#define VPERF_SOURCE_VSPHERE_QUERY_H

#include "source/source.h"
#include "source/vsphere/query/available.h"
#include "source/vsphere/query/groups.h"
#include "source/vsphere/query/held.h"
#include "source/vsphere/query/refusals.h"
#include "source/vsphere/query/span.h"
#include "source/vsphere/query/tracked.h"
#include "source/vsphere/session/channel.h"

/* How far an entity is asked beyond what its like list; see breadth.h. */
enum query_breadth {
    BREADTH_LISTED,  /* its counters are what is listed */
    BREADTH_WIDE,    /* its counters are more than that */
    BREADTH_ALL,     /* and none is named: the server gives all that there is */
    BREADTH_DROPPED, /* those of its counters that are listed */
};

struct breadth;
struct known_pool;

/* What one entity is asked for: some of its counters, ascending by id, over a span. */
struct query_item {
    const struct entity *entity;
    struct tracked *tracked;
    const struct counter *const *counters;
    size_t count;
    size_t metrics;                 /* pairs of counter and instance that are expected */
    const struct available *listed; /* its instances by name; NULL to ask for '*' */
    struct span span;
    int64_t behind;  /* new samples lie behind this time; the span may begin before it */
    int64_t samples; /* of each series, that are expected */
    enum query_breadth breadth;
    const struct offer *own; /* what its like list; NULL: that is what it is asked for */
    uint32_t group;          /* number of its like */
    bool leaves;             /* it has ended: that it gives nothing is no loss */
};

/* What the queries of one round share. */
struct query {
    struct catalog *catalog;
    const struct selection *selection;
    const struct source_events *events;
    struct refusals *refusals;
    bool fresh;              /* only samples that the marks of their entities do not have */
    int64_t now_ns;          /* clock_boot_ns when the round began */
    int64_t *newest;         /* becomes the newest sample time that was emitted */
    struct breadth *breadth; /* NULL: all items are BREADTH_LISTED */
    struct known_pool *pool; /* series that entities have in common; NULL: none */
};

/* One call. */
struct query_call {
    const struct query_item *items;
    size_t count;
    struct held *held; /* gets the series of the only item; NULL: they are emitted at once */
};

/* query_ask: asks for the samples of the call. The answer belongs to the channel. */
bool query_ask(const struct query *query, struct channel *channel, const struct query_call *call,
               struct _vim25__QueryPerfResponse *response, struct error *error);

/* query_unexpanded: the server gave '*' back instead of the instances it stands for. */
bool query_unexpanded(const struct _vim25__QueryPerfResponse *response);

/*
 * query_emit: gives the answer's series to the events, in the order of the items, and marks what
 * was emitted. What cannot be read goes to events->missing. False when the events fail.
 */
bool query_emit(const struct query *query, const struct query_call *call,
                const struct _vim25__QueryPerfResponse *response, struct error *error);

/* query_release: emits and marks what was held of the item. False when the events fail. */
bool query_release(const struct query *query, const struct query_item *item, struct held *held,
                   struct error *error);

#endif
