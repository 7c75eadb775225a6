/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* How much a server lets one call ask for. */
#ifndef VPERF_SOURCE_VSPHERE_LIMITS_H
#define VPERF_SOURCE_VSPHERE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "source/vsphere/session/channel.h"

enum limits_verdict {
    LIMITS_PASSED,    /* the call failed for another reason than its size */
    LIMITS_TOO_LARGE, /* the server refuses calls or answers of this size */
    LIMITS_SILENT,    /* there was no answer in time: it may have been too much work */
};

/* limits_judge: what a failed call says about its size. */
enum limits_verdict limits_judge(const struct channel *channel, const struct error *error);

/*
 * limits_query_metrics: the most metrics that one call for archived samples may ask for:
 * config.vpxd.stats.maxQueryMetrics of a vCenter, or what its version is shipped with. SIZE_MAX
 * when there is no limit, as for real-time samples and on ESXi.
 */
size_t limits_query_metrics(struct channel *channel, int32_t interval);

#endif
