/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A libvirt that hangs, fails, or is old, by a script; seen from the test. */
#ifndef VPERF_TESTS_SOURCE_LIBVIRT_FAKE_H
#define VPERF_TESTS_SOURCE_LIBVIRT_FAKE_H

#include "source/libvirt/fake_script.h"
#include "source/libvirt/poller.h"

extern struct fake *fake;

/* fake_script: begins anew with these acts. */
void fake_script(int count, const enum act *acts, int occupied);

#define SCRIPT(occupied, ...)                                                                      \
    do {                                                                                           \
        const enum act acts[] = {__VA_ARGS__};                                                     \
        fake_script(sizeof acts / sizeof acts[0], acts, occupied);                                 \
    } while (0)

/*
 * fake_simulate: from now on all clocks, the helpers' too, go on only when nobody has anything to
 * do: waits take no time, and what a busy machine takes longer for, no longer. A setup of cmocka.
 */
int fake_simulate(void **state);

/* fake_wait_until: waits for a time of clock_boot_ns, simulated or not. */
void fake_wait_until(int64_t until_ns);

/* fake_poller: a poller of the fake, not connected yet. */
struct poller fake_poller(void);

/* fake_living: how many of the helpers so far are there. */
int fake_living(void);

/* fake_blocked: how many guests of the snapshot are blocked. */
size_t fake_blocked(const struct snapshot *snapshot);

/* fake_round: a round with more time than any machine needs. */
struct snapshot *fake_round(struct poller *poller, struct error *error);

#endif
