/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * One writer per history file. flock(2), which locks of SQLite (fcntl) do not meet; the kernel
 * ends it with the process, however that ends.
 */
#ifndef VPERF_HISTORY_LOCK_H
#define VPERF_HISTORY_LOCK_H

#include "core/error.h"

/*
 * lock_take: locks the file, which is made when it is not there; a descriptor, or -1. It may be
 * closed only when nothing else of this process has the file open: SQLite would lose its locks.
 */
int lock_take(const char *path, struct error *error);

/* lock_holds: the path still names the locked file; also when that cannot be told. */
bool lock_holds(int lock, const char *path);

/* lock_release: takes -1. */
void lock_release(int lock);

#endif
