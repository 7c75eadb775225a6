/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Keeps a connection, and lets no call on it hold up the program: what hangs is given up, and
 * another connection takes its place.
 */
#ifndef VPERF_SOURCE_LIBVIRT_POLLER_H
#define VPERF_SOURCE_LIBVIRT_POLLER_H

#include "source/libvirt/errand.h"
#include "source/libvirt/helper/stats.h"

struct poller {
    struct endpoint endpoint;
    struct connection *connection; /* NULL when lost: the next call makes one */
    int64_t timeout_ns;            /* for one call of what is no poll */
    bool no_nowait;                /* what the last connection learnt about the daemon */
    bool hung;                     /* a call had to be given up on it */
};

/* poller_run: does the work on the connection; false with the error. The data stay work's. */
bool poller_run(struct poller *poller, struct errand_work *work, const char *what,
                struct error *error);

/* Times; each is longer than the one before. */
struct poller_limits {
    int64_t late_ns;     /* it is time to look whether a guest hangs */
    int64_t hung_ns;     /* a guest that has not answered for so long hangs */
    int64_t deadline_ns; /* the round is lost */
};

/*
 * poller_round: one poll. A call that is late because a guest hangs is repeated on a new
 * connection, where that guest no longer can hold it up. A guest that is left out may only be busy,
 * with one of our own calls or with somebody else's: it is asked again until it answers, or has
 * been silent for hung_ns. A new snapshot, or NULL with the error when the round is lost.
 */
struct snapshot *poller_round(struct poller *poller, const struct stats_wish *wish,
                              const struct poller_limits *limits, struct error *error);

/* poller_done: closes the connection and frees what the poller holds. */
void poller_done(struct poller *poller);

#endif
