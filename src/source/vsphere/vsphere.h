/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The handle of one ESXi host or vCenter: what lives across rounds. */
#ifndef VPERF_SOURCE_VSPHERE_VSPHERE_H
#define VPERF_SOURCE_VSPHERE_VSPHERE_H

#include "source/source.h"
#include "source/vsphere/inventory/entities.h"
#include "source/vsphere/inventory/tags.h"
#include "source/vsphere/query/breadth.h"
#include "source/vsphere/query/groups.h"
#include "source/vsphere/query/limits.h"
#include "source/vsphere/query/refusals.h"
#include "source/vsphere/query/tracked.h"
#include "source/vsphere/query/workers.h"
#include "source/vsphere/session/cadence.h"
#include "source/vsphere/session/server_clock.h"
#include "source/vsphere/session/session.h"

struct vsphere {
    struct source base;
    struct source_options options;
    struct session *session;
    bool guest;              /* the session is another handle's */
    struct workers *workers; /* NULL before the first round */
    unsigned generation;     /* of the login that the offers are from */

    struct catalog *catalog;
    size_t unknown; /* counters that the catalogue did not name when it was read */

    struct entities_view view;
    struct tags tags;
    struct inventory *inventory;
    struct inventory *previous;  /* the one before; entities that have ended are borrowed from it */
    const struct entity **ended; /* that are asked once more */
    size_t ended_count;
    struct readings *readings; /* that came with the inventory */
    bool unread;               /* they are to be emitted */
    int64_t read_ns;           /* clock_boot_ns at which the inventory was read */
    bool outdated;             /* the inventory: the server did not find something */
    int age;                   /* rounds since the inventory was read */

    struct groups groups;
    struct limits limits;
    struct refusals refusals;
    struct breadth breadth;
    struct tracking tracking;

    struct server_clock clock;
    struct cadence cadence;
    int64_t newest;           /* sample time that was emitted */
    int unsettled;            /* rounds in a row after which the clock's rate was not known */
    uint64_t rounds;          /* that have begun */
    int32_t level;            /* statistics level of the archive; 0: not known */
    bool accounted;           /* why counters have no samples was told */
    bool checked;             /* whether the server keeps samples as old as the window */
    bool still[ENTITY_TYPES]; /* types without samples in real time, which are not asked for any */
    bool live; /* the other types that were asked for are known to have samples in real time */
    int32_t followed; /* interval of the rounds without an end; 0: there was none */
    bool learnt;      /* the clock was read after a round that succeeded */
    int64_t set_back; /* seconds by which the clock was, which is to be told; else 0 */
};

/* vsphere_load_catalog, vsphere_load_inventory: as in source_ops. */
struct catalog *vsphere_load_catalog(struct vsphere *vsphere, struct error *error);
struct inventory *vsphere_load_inventory(struct vsphere *vsphere, const struct selection *selection,
                                         struct error *error);

/* vsphere_read_clock: asks for the server's time and learns from it. */
bool vsphere_read_clock(struct vsphere *vsphere, int64_t *seconds, struct error *error);

/* vsphere_is_hasty: a round is due soon, which may only read the clock. */
bool vsphere_is_hasty(const struct vsphere *vsphere);

/*
 * vsphere_is_stale: this round without an end, one more, is to read the inventory again. Rounds
 * that ask once more for a sample that was not there make it due no sooner.
 */
bool vsphere_is_stale(struct vsphere *vsphere, int32_t interval);

/*
 * vsphere_emit_readings: what came with the inventory and the selection wants, once for each
 * reading of it, of entities in any state; it has the time of the reading, and is left out when
 * that is behind the window. What the inventory lacks is told. False when the output failed, or the
 * server's time cannot be had.
 */
bool vsphere_emit_readings(struct vsphere *vsphere, const struct selection *selection,
                           const struct window *window, const struct source_events *events,
                           struct error *error);

/*
 * vsphere_aside: another handle with the same login, for one round of another kind between those
 * without an end. It has what the vsphere knows of the server's objects until vsphere_rejoin, which
 * closes it.
 */
struct vsphere *vsphere_aside(struct vsphere *vsphere);
void vsphere_rejoin(struct vsphere *vsphere, struct vsphere *aside);

/* vsphere_close: as in source_ops. */
void vsphere_close(struct source *source);

/* vsphere_round: as in source_ops. */
bool vsphere_round(struct source *source, const struct selection *selection,
                   const struct window *window, const struct source_events *events,
                   struct error *error);

#endif
