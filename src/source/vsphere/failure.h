/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a failed call means to people. */
#ifndef VPERF_SOURCE_VSPHERE_FAILURE_H
#define VPERF_SOURCE_VSPHERE_FAILURE_H

#include "source/vsphere/session.h"

/*
 * failure_describe: turns the state of the soap context after a failed call into an error that
 * names the target, the reason and what to do; keeps the type of a fault in the session. Always
 * false.
 */
bool failure_describe(struct session *session, const char *operation, struct error *error);

#endif
