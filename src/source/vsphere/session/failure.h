/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a failed call means to people. */
#ifndef VPERF_SOURCE_VSPHERE_FAILURE_H
#define VPERF_SOURCE_VSPHERE_FAILURE_H

#include "source/vsphere/session/channel.h"

/*
 * failure_describe: turns the result of a call and the state of its soap context into an error that
 * names the target, the reason and what to do; keeps the type of a fault in the connection. Always
 * false.
 */
bool failure_describe(struct channel *channel, const char *operation, int result,
                      struct error *error);

/* failure_reason: the message of the error without the target's name at its beginning. */
const char *failure_reason(const struct channel *channel, const struct error *error);

/* failure_is_lost_session: the call that just met a fault did so because its login has ended. */
bool failure_is_lost_session(const struct channel *channel);

#endif
