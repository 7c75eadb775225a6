/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One poll: libvirt's numbers of all running guests and of the host, at one moment. */
#ifndef VPERF_SOURCE_LIBVIRT_STATS_H
#define VPERF_SOURCE_LIBVIRT_STATS_H

#include "source/libvirt/helper/connection.h"
#include "source/libvirt/sample/sample.h"

/*
 * stats_poll: fills an empty snapshot with one bulk call, or with a few calls a guest where the
 * driver has no bulk call; blocks as long as libvirt does. A guest that fails is noted in the
 * snapshot; false when all is lost, with the error.
 */
bool stats_poll(struct connection *connection, const struct sample_wish *wish,
                struct snapshot *snapshot, struct error *error);

/*
 * stats_any_blocked: a running guest has been occupied by one command for longer than limit_ns.
 * False when that cannot be found out.
 */
bool stats_any_blocked(struct connection *connection, int64_t limit_ns);

#endif
