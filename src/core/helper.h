/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The main function of a helper: a program that vperf starts and talks to over a socket. */
#ifndef VPERF_CORE_HELPER_H
#define VPERF_CORE_HELPER_H

#include <stdbool.h>

#include "core/cancel.h"

enum { HELPER_SOCKET = 3 }; /* the descriptor that it talks over */

/*
 * helper_begin: what a helper does first: it has no descriptors but the socket and the standard
 * ones, its stderr goes to this file, and signals of the terminal are vperf's to answer. False,
 * with a line on stderr, when the program was not started by vperf.
 */
bool helper_begin(const char *program, const char *stderr_file);

/*
 * helper_end_with_parent: from now on the process ends with vperf, also while a call hangs, and so
 * does what it started.
 */
void helper_end_with_parent(void);

/*
 * helper_cancel_with_parent: the same, gently: when vperf is gone, or writes no more, this token is
 * requested, and 7 s later the process is ended.
 */
void helper_cancel_with_parent(struct cancel *cancel);

#endif
