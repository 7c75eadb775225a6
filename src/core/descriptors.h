/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The three descriptors that a program is started with, or without. */
#ifndef VPERF_CORE_DESCRIPTORS_H
#define VPERF_CORE_DESCRIPTORS_H

#include <stdbool.h>

/*
 * descriptors_fill: opens /dev/null in place of a closed stdin, stdout or stderr, so that what is
 * opened next does not get what is written there. Writing to the stdout of a caller who closed it
 * goes on to fail. False with errno when there is no /dev/null.
 */
bool descriptors_fill(void);

/* descriptors_stdout_closed: stdout was closed, or is open for reading only. */
bool descriptors_stdout_closed(void);

#endif
