/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* How long a server keeps archived samples. */
#ifndef VPERF_SOURCE_VSPHERE_ARCHIVES_H
#define VPERF_SOURCE_VSPHERE_ARCHIVES_H

#include "source/vsphere/query/span.h"

/*
 * archives_check: warns when the span begins before the samples that the server still keeps.
 * ERROR_FAULT when it keeps none of this interval: the message names those it keeps. A
 * server that does not tell (historicalInterval of PerformanceManager) is believed to keep all.
 * *level becomes the statistics level of the interval; 0 when it is not told.
 */
bool archives_check(struct span *span, struct channel *channel, int32_t *level,
                    struct error *error);

#endif
