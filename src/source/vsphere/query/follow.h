/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The wait for the sample of an interval that has just begun. */
#ifndef VPERF_SOURCE_VSPHERE_FOLLOW_H
#define VPERF_SOURCE_VSPHERE_FOLLOW_H

#include "source/vsphere/query/batches.h"

/*
 * follow_await: when the selection follows an interval, waits until the server has the sample of
 * the order's span, for one entity of each host. When it does not come in time, the span is made
 * longer, so that it holds the newest sample before, and a warning says so. False when interrupted,
 * or when the server is lost.
 */
bool follow_await(struct channel *channel, struct batches_order *order, struct error *error);

#endif
