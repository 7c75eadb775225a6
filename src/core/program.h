/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* How a program of vperf begins. */
#ifndef VPERF_CORE_PROGRAM_H
#define VPERF_CORE_PROGRAM_H

#include <stdbool.h>

/*
 * program_begin: the standard descriptors are open, characters are UTF-8, writes that fail do not
 * end the program, threads share a heap; the process has the name that vperf was called by, also in
 * a program that vperf became. False after a message when there is no /dev/null.
 */
bool program_begin(void) __attribute__((warn_unused_result));

#endif
