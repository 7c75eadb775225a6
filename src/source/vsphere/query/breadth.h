/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Of many entities of one shape only some are asked what they offer. So that a counter that others
 * have is not overlooked, all are asked for more than that, if the server bears it.
 */
#ifndef VPERF_SOURCE_VSPHERE_BREADTH_H
#define VPERF_SOURCE_VSPHERE_BREADTH_H

#include "source/vsphere/query/groups.h"
#include "source/vsphere/query/query.h"

enum { BREADTH_PROBED = 3 }; /* items that a probe may need */

struct breadth {
    atomic_int kind;      /* enum query_breadth: BREADTH_LISTED when the server bears no other */
    struct backoff pause; /* until it is found out anew; not begun: it is not yet known */
    const struct offer *listed;      /* what entities with a shape list */
    const struct counter **counters; /* these and the rest of the catalogue's, ascending by id */
    size_t count;
    bool dropped; /* refused after a probe that went well, which is the newest one */
    bool whole;   /* the selection leaves out nothing that real time may have */
};

/*
 * breadth_begin: at the begin of a round: what entities with a shape list, and the rest of the
 * catalogue that may be asked for in real time and is selected. False when there is no rest.
 */
bool breadth_begin(struct breadth *breadth, const struct offer *listed,
                   const struct catalog *catalog, const struct selection *selection);

/*
 * breadth_choose: puts the items to be probed of the group into probed: some that were asked what
 * they offer, and one in between; none that was refused. Returns their number.
 */
size_t breadth_choose(const struct group *group, const struct query_item *items,
                      char *const *refusals, struct query_item probed[BREADTH_PROBED]);

/*
 * breadth_probe: finds out in how broad a way the server bears to be asked, by the newest sample of
 * the first of the items that gives one: in a broader way it must give no series less. Takes two or
 * three calls. False when the connection is lost.
 */
bool breadth_probe(struct breadth *breadth, const struct query *query, struct channel *channel,
                   const struct query_item *items, size_t count, struct error *error);

/* breadth_widen: the item of an entity with a shape is asked in the way that was found out. */
void breadth_widen(const struct breadth *breadth, struct query_item *item);

/*
 * breadth_drop: the server does not bear it after all: nobody is asked so any more, which goes to
 * events->missing. Only for the worker whose turn it is.
 */
void breadth_drop(struct breadth *breadth, const struct source_events *events);

/* breadth_report: at the begin of a round without a probe: says again what breadth_drop said. */
void breadth_report(const struct breadth *breadth, const struct source_events *events);

/* breadth_is_dropped: of an item that was widened: extras in its answer do not count any more. */
bool breadth_is_dropped(const struct breadth *breadth);

/* breadth_of: how the item, of which this is the whole, is asked now. */
enum query_breadth breadth_of(const struct breadth *breadth, const struct query_item *item,
                              const struct query_item *whole);

/* breadth_is_extra: nobody lists the counter. */
bool breadth_is_extra(const struct breadth *breadth, const struct counter *counter);

/* breadth_is_archived: real time keeps no samples of such a counter, by its rollup. */
bool breadth_is_archived(const struct counter *counter);

/* breadth_done: frees what the breadth holds. */
void breadth_done(struct breadth *breadth);

#endif
