/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Ends the sleep of all threads that wait here, from a handler of signals too. A sleep takes no CPU
 * time: to wake ten times a second takes more in 20 s than a poll of 20 guests.
 */
#ifndef VPERF_CORE_WAKEUP_H
#define VPERF_CORE_WAKEUP_H

#include <stdint.h>

/* wakeup_count: how many times all were woken, to be read before a look at what they wait for. */
unsigned wakeup_count(void);

/* wakeup_all: ends all sleeps. A handler of signals may call it. */
void wakeup_all(void);

/* wakeup_sleep: sleeps so long at most; not at all when they were woken since that count. */
void wakeup_sleep(unsigned count, int64_t ns);

#endif
