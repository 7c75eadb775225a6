/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The processes that another one started. */
#ifndef VPERF_CORE_CHILDREN_H
#define VPERF_CORE_CHILDREN_H

#include <sys/types.h>

/*
 * children_kill: kills what the main thread of this process started, and what these started; not
 * the process itself. It stays in its process group, so that ssh can prompt on the terminal: a
 * group of its own would be stopped by that. Safe in a signal handler.
 */
void children_kill(pid_t pid);

#endif
