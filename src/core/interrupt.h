/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Signals that ask for an end as a flag that long work looks at. */
#ifndef VPERF_CORE_INTERRUPT_H
#define VPERF_CORE_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

/*
 * interrupt_install: SIGINT, SIGTERM, and SIGHUP and SIGQUIT unless we were started with these two
 * ignored, set the flag; a second one ends the program at once. That, and a crash, removes what
 * core/remains.h knows.
 */
void interrupt_install(void);

/* interrupt_signals: the set of these four. */
void interrupt_signals(sigset_t *set);

/*
 * interrupt_ignore_failed_writes: a write to a closed pipe or connection, or beyond the largest
 * size of a file, fails instead of killing us.
 */
void interrupt_ignore_failed_writes(void);

/* interrupt_requested: a signal has come. */
bool interrupt_requested(void);

#endif
