/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A libvirt that hangs, fails, or is old, by a script. What fake.c defines takes the place of
 * libvirt's own functions; all the rest is its test driver, which passes for QEMU's.
 */
#ifndef VPERF_TESTS_SOURCE_LIBVIRT_FAKE_H
#define VPERF_TESTS_SOURCE_LIBVIRT_FAKE_H

#include <pthread.h>

#include "source/libvirt/poller.h"

enum act {
    ACT_FULL,    /* everything */
    ACT_OFF,     /* the first guest was shut off while the call went on */
    ACT_PARTIAL, /* without what QEMU's monitor knows of the first guest */
    ACT_OTHERS,  /* without what it knows of the others */
    ACT_HANG,    /* until released, then everything */
    ACT_SLOW,    /* half a second, then everything */
    ACT_OLD,     /* refuses the flag NOWAIT, else everything */
    ACT_NO_BULK, /* does not have the call */
    ACT_FAIL,    /* fails because of one guest */
    ACT_DEAD,    /* the daemon went away */
};

/* What the bulk calls do, one after another; the last act goes on for ever. */
struct fake {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum act acts[8];
    int act_count;
    int calls;        /* bulk calls so far */
    int hanging;      /* calls that wait now */
    int opened;       /* connections so far */
    int occupied;     /* milliseconds that control information tells; -1: it is not supported */
    int nowaits;      /* calls with the flag NOWAIT */
    bool close_hangs; /* as calls do: until released */
    bool released;
    bool dead;
};

extern struct fake fake;

/* fake_script: begins anew with these acts. */
void fake_script(int count, const enum act *acts, int occupied);

#define SCRIPT(occupied, ...)                                                                      \
    do {                                                                                           \
        const enum act acts[] = {__VA_ARGS__};                                                     \
        fake_script(sizeof acts / sizeof acts[0], acts, occupied);                                 \
    } while (0)

/* fake_seen: a number of the script, read while calls may still go on. */
int fake_seen(const int *number);

/* fake_act: does what the next call is to do, as far as that takes time. */
enum act fake_act(unsigned int flags);

/* fake_release: lets calls that hang end, and waits for their threads: nothing may leak. */
void fake_release(void);

/* fake_poller: a poller of the fake, not connected yet. */
struct poller fake_poller(void);

/* fake_blocked: how many guests of the snapshot are blocked. */
size_t fake_blocked(const struct snapshot *snapshot);

/* fake_round: a round with more time than any machine needs. */
struct snapshot *fake_round(struct poller *poller, struct error *error);

#endif
