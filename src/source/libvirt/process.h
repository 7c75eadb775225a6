/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A helper process: how it is found, started and ended. */
#ifndef VPERF_SOURCE_LIBVIRT_PROCESS_H
#define VPERF_SOURCE_LIBVIRT_PROCESS_H

#include <sys/types.h>

#include "core/error.h"
#include "source/libvirt/stream.h"

enum { HELPER_SOCKET = 3 }; /* the descriptor that it talks over */

struct process {
    pid_t pid;
    struct stream stream;
};

/*
 * process_path: the helper's executable: beside this program, in ../libexec/vperf seen from there,
 * or where it was to be installed. Owned by the caller.
 */
char *process_path(void);

/* process_start: starts the executable with one end of a socket. False with the error. */
bool process_start(struct process *process, const char *path, struct error *error);

/*
 * process_end: lets the process end within so many ns, then kills it and what it started, and frees
 * what it holds.
 * Returns its status as waitpid does; 0 when that was done before.
 */
int process_end(struct process *process, int64_t patience_ns);

#endif
