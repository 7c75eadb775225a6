/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Keeps a connection, and lets no call on it hold up the program: it lives in a helper process,
 * which is killed when it hangs. There are never more than two of them.
 */
#ifndef VPERF_SOURCE_LIBVIRT_POLLER_H
#define VPERF_SOURCE_LIBVIRT_POLLER_H

#include "core/cancel.h"
#include "source/helper/client.h"
#include "source/libvirt/host.h"
#include "source/libvirt/sample/sample.h"

struct poller {
    struct endpoint endpoint; /* the first member */
    bool read_write;
    bool host_known; /* so that it is not asked for again, which can take seconds */
    struct host_facts host;
    struct helper_client *helpers[2]; /* the first is the one to use; the second helps out */
    const struct cancel *cancel;      /* ends every wait */
    int64_t timeout_ns;               /* for one call of libvirt */
    unsigned round;                   /* number of the last round */
    unsigned second_used;             /* the last round that needed the second one */
    bool no_nowait;                   /* the daemon does not know NOWAIT */
    int careful_polls;                /* to be made, since a guest blocked a call */
};

/* poller_init: nothing is connected yet; the texts are copied. */
void poller_init(struct poller *poller, const char *uri, const char *password_file);

/*
 * poller_call: sends the message, which it frees, to a helper that is connected, and waits as long
 * as no call of libvirt takes more than the time limit. The answer is borrowed until the next call.
 * False with the error; what names the request in it.
 */
bool poller_call(struct poller *poller, GByteArray *message, const char *what,
                 struct record *answer, struct error *error);

/* poller_connect: the same without request: when it returns true, the host is known. */
bool poller_connect(struct poller *poller, struct error *error);

/* Times; each is longer than the one before. */
struct poller_limits {
    int64_t late_ns;     /* it is time to look whether a guest hangs */
    int64_t hung_ns;     /* a guest that has not answered for so long hangs */
    int64_t deadline_ns; /* the round is lost */
};

/*
 * poller_round: one poll. A call that is late because a guest hangs is repeated on a second
 * connection, where that guest no longer can hold it up. A guest that is left out may only be busy,
 * with one of our own calls or with somebody else's: it is asked again until it answers, or has
 * been silent for hung_ns. A new snapshot, or NULL with the error when the round is lost.
 */
struct snapshot *poller_round(struct poller *poller, const struct sample_wish *wish,
                              const struct poller_limits *limits, struct error *error);

/* poller_done: ends the helpers and frees what the poller holds. */
void poller_done(struct poller *poller);

#endif
