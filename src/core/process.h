/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A helper process: how it is found, started and ended. */
#ifndef VPERF_CORE_PROCESS_H
#define VPERF_CORE_PROCESS_H

#include <sys/types.h>

#include "core/error.h"
#include "core/helper.h"
#include "core/stream.h"

/* A kind of helper. */
struct process_kind {
    const char *program; /* the name of its executable, such as vperf-libvirt */
    const char *title;   /* for people: "the libvirt helper" */
};

struct process {
    pid_t pid;
    struct stream stream;
};

/*
 * process_path: the executable: beside this program, in ../libexec/vperf seen from there, or where
 * it was to be installed. Owned by the caller.
 */
char *process_path(const char *program);

/*
 * process_become: this process goes on as the executable, with these arguments behind the
 * name that vperf was called by. Returns with the error only.
 */
void process_become(const char *program, char **arguments, struct error *error);

/*
 * process_start: starts the executable, which is of this kind, with one end of a socket. It gets
 * the environment without the secrets in it. False with the error.
 */
bool process_start(struct process *process, const struct process_kind *kind, const char *path,
                   struct error *error);

/*
 * process_end: lets the process end within so many ns, and within 2 s after a signal that asks us
 * to end, then kills it and what it started, and frees what it holds. Returns its status as waitpid
 * does; 0 when that was done before.
 */
int process_end(struct process *process, int64_t patience_ns);

#endif
