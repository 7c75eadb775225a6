/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Unfinished files, which a sudden end (a crash, the second signal, no memory) must not leave. */
#ifndef VPERF_CORE_REMAINS_H
#define VPERF_CORE_REMAINS_H

/* remains_add: a sudden end removes this file; of more than a few dozen, the first ones. */
void remains_add(const char *path);

/* remains_drop: the file has been removed, or is finished and has another name. */
void remains_drop(const char *path);

/* remains_remove: removes the files; for signal handlers too. */
void remains_remove(void);

#endif
