/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* SIGINT and SIGTERM as a flag that long work looks at. */
#ifndef VPERF_CORE_INTERRUPT_H
#define VPERF_CORE_INTERRUPT_H

#include <stdbool.h>

/* interrupt_install: SIGINT and SIGTERM set the flag; a second one ends the program at once. */
void interrupt_install(void);

/* interrupt_ignore_sigpipe: a write to a closed pipe or connection fails instead of killing us. */
void interrupt_ignore_sigpipe(void);

/* interrupt_requested: a signal has come. */
bool interrupt_requested(void);

#endif
