/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* libvirt's last error made into ours: one kind, one line, no password. */
#ifndef VPERF_SOURCE_LIBVIRT_FAILURE_H
#define VPERF_SOURCE_LIBVIRT_FAILURE_H

#include "core/error.h"
#include "core/target.h"

/* failure_silence: libvirt prints nothing by itself; for the whole process. */
void failure_silence(void);

/*
 * failure_to_open: why no connection to the target came about; the secret, which may be NULL, is
 * left out. Always false.
 */
bool failure_to_open(struct error *error, const struct target *target, const char *secret);

/* failure_of: why a call on a connection failed; what names it in the message. Always false. */
bool failure_of(struct error *error, const char *what);

/* failure_code: libvirt's number of the last error, 0 for none. */
int failure_code(void);

#endif
