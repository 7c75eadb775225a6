/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Files without a name in the directory TMPDIR, or in /tmp. */
#ifndef VPERF_CORE_TEMPORARY_H
#define VPERF_CORE_TEMPORARY_H

#include "core/error.h"

/* temporary_open: a descriptor for reading and writing; -1 with ERROR_OUTPUT. */
int temporary_open(struct error *error);

/* temporary_fail: ERROR_OUTPUT by errno: what ("write", "read") cannot be done. Returns false. */
bool temporary_fail(const char *what, struct error *error);

#endif
