/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The state of a source that measures a pool of XenServer or XCP-ng. */
#ifndef VPERF_SOURCE_XAPI_XAPI_H
#define VPERF_SOURCE_XAPI_XAPI_H

#include "source/source.h"
#include "source/xapi/rows.h"
#include "source/xapi/tracks.h"

struct xapi {
    struct source base;
    struct source_options options;
    struct master *master;
    struct catalog *catalog;
    struct pool *pool;
    struct inventory *inventory;
    struct inventory *previous; /* events may still name its entities */
    bool host_domains;          /* are in the inventory too */
    bool outdated;              /* the records are to be read again */
    bool unread;                /* what they say of storage was not given yet */
    int64_t read_ns;            /* clock_boot_ns at which they were read */
    struct host_clock clock;    /* of the master */
    struct host_clock *clocks;  /* of each host */
    struct tracks *tracks;
    GHashTable *strangers; /* uuids of VMs with rows and without record, that were looked for */
    int64_t given;         /* end of the newest interval that a round gave; INT64_MIN for none */
    bool told_coarser;
    bool told_ready;
    GHashTable *enabled;    /* uuids of VMs whose runstates were looked after */
    bool runstates_refused; /* nobody may switch them on */
};

/* xapi_read_records: reads the records; the inventory before stays for one more reading. */
bool xapi_read_records(struct xapi *xapi, struct error *error);

/* xapi_now: Unix seconds of the master's clock, which is asked for if it is not known. */
bool xapi_now(struct xapi *xapi, int64_t *seconds, struct error *error);

/* xapi_round: one visit, as source_ops says. */
bool xapi_round(struct xapi *xapi, const struct selection *selection, const struct window *window,
                const struct source_events *events, struct error *error);

#endif
