/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Samples of several entities by one QueryPerf call. */
#ifndef VPERF_SOURCE_VSPHERE_QUERY_H
#define VPERF_SOURCE_VSPHERE_QUERY_H

#include <stdatomic.h>

#include "source/source.h"
#include "source/vsphere/query/available.h"
#include "source/vsphere/query/span.h"
#include "source/vsphere/session/channel.h"

/* What one entity is asked for: some of its counters, ascending by id. */
struct query_item {
    const struct entity *entity;
    const struct offer *group; /* what its like offer */
    const struct counter *const *counters;
    size_t count;
    size_t metrics;                 /* pairs of counter and instance that are expected */
    const struct available *listed; /* its instances by name; NULL to ask for '*' */
};

enum { QUERY_MAX_REFUSED = 64 };

/*
 * Counters that entities were refused. When two entities of one group were, the others of the group
 * are no longer asked for the counter. What does not fit is forgotten, and asked for.
 */
struct query_refused {
    atomic_size_t count;
    struct {
        const struct counter *counter;
        const struct offer *group;
        atomic_int entities;
    } all[QUERY_MAX_REFUSED];
};

/* What the queries of one target share. */
struct query {
    struct catalog *catalog;
    const struct selection *selection;
    const struct source_events *events;
    struct query_refused *refused;
};

/* The series of one entity that have been given before, when it is asked for window by window. */
struct query_seen;

/* One call: some entities, over a span. */
struct query_call {
    const struct query_item *items;
    size_t count;
    const struct span *span;
    struct query_seen *seen; /* NULL when each series comes once */
};

/* query_ask: asks for the samples of the call. The answer belongs to the channel. */
bool query_ask(const struct query *query, struct channel *channel, const struct query_call *call,
               struct _vim25__QueryPerfResponse *response, struct error *error);

/* query_is_refused: the entity of the item is not asked for the counter. */
bool query_is_refused(const struct query *query, const struct query_item *item, int32_t id);

/* query_refuse: the entity was refused the counter. For the worker whose turn it is. */
void query_refuse(const struct query *query, const struct query_item *item,
                  const struct counter *counter);

/* query_unexpanded: the server gave '*' back instead of the instances it stands for. */
bool query_unexpanded(const struct _vim25__QueryPerfResponse *response);

/*
 * query_emit: gives the answer's series to the events, in the order of the items. What cannot be
 * read goes to events->missing. False when the events fail.
 */
bool query_emit(const struct query *query, const struct query_call *call,
                const struct _vim25__QueryPerfResponse *response, struct error *error);

/* query_seen_new: empty, owned by the caller. */
struct query_seen *query_seen_new(void);

/* query_seen_free: takes NULL. */
void query_seen_free(struct query_seen *seen);

#endif
