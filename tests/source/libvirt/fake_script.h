/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What test and scripted helpers share: a file in memory, named in the environment. */
#ifndef VPERF_TESTS_SOURCE_LIBVIRT_FAKE_SCRIPT_H
#define VPERF_TESTS_SOURCE_LIBVIRT_FAKE_SCRIPT_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#define FAKE_VARIABLE "VPERF_TEST_FAKE"

enum { FAKE_HELPERS = 32, FAKE_SLOW_MS = 700, FAKE_LONG_MS = 1300 };

enum act {
    ACT_FULL,    /* everything */
    ACT_OFF,     /* the first guest was shut off while the call went on */
    ACT_GONE,    /* without the first guest */
    ACT_COMING,  /* the first guest is being migrated here */
    ACT_CAME,    /* and has been */
    ACT_PARTIAL, /* without what QEMU's monitor knows of the first guest */
    ACT_OTHERS,  /* without what it knows of the others */
    ACT_HANG,    /* for ever */
    ACT_SLOW,    /* FAKE_SLOW_MS, then everything */
    ACT_LONG,    /* FAKE_LONG_MS, then everything */
    ACT_OLD,     /* refuses the flag NOWAIT, else everything */
    ACT_NO_BULK, /* does not have the call */
    ACT_FAIL,    /* fails because of one guest */
    ACT_DEAD,    /* the daemon went away */
    ACT_CRASH,   /* libvirt ends the process */
};

struct fake {
    bool simulated;      /* every clock shows now_ns */
    atomic_llong now_ns; /* which goes on when nobody has anything to do */
    enum act acts[8];    /* what the bulk calls do, one after another; the last goes on for ever */
    int act_count;
    int occupied;       /* milliseconds that control information tells; -1: it is not supported */
    bool xen;           /* the driver is Xen's, and the first guest the host's own domain */
    bool meet;          /* a call for a guest's state waits for one for another guest */
    atomic_int meeting; /* such calls under way */
    atomic_int met;     /* and those that have met another one */
    atomic_int asked;   /* calls for one guest, its description left out */
    bool open_hangs;
    bool close_hangs;
    bool unreadable;    /* the first guest has no description */
    bool open_starts;   /* a process, as ssh, which starts another */
    bool agent_answers; /* the guest agent of the second guest */
    atomic_int agent_asked;
    bool wants_login;  /* as root with the password secret */
    bool wants_events; /* opening waits for libvirt's event loop */
    int flags_fail; /* how many calls of BlockStatsFlags, by flags_code; it is not there if that is
                       0 */
    int flags_code;
    atomic_int flags_calls;
    atomic_int started[2];              /* those processes */
    atomic_int run_id;                  /* what is added to the guests' numbers of their runs */
    atomic_int calls;                   /* bulk calls so far */
    atomic_int nowaits;                 /* those with the flag NOWAIT */
    atomic_int looks;                   /* calls for control information */
    atomic_int opened;                  /* connections so far */
    atomic_int descriptions;            /* XML that was read */
    atomic_uint groups;                 /* that the last bulk call asked for */
    atomic_int pids[FAKE_HELPERS];      /* of the helpers in the order of their connections */
    bool merged;                        /* one image of a snapshot is no longer in use */
    atomic_int snapshot_lists;          /* calls for the snapshots of a guest */
    atomic_llong wake_ns[FAKE_HELPERS]; /* until when they sleep; 0: they do not */
};

/* fake_shared: the script; in a helper it is there always, in a test NULL before the first one. */
struct fake *fake_shared(void);

#endif
