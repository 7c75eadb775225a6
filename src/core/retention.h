/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* How long a history keeps what, before its newest sample, or the present. */
#ifndef VPERF_CORE_RETENTION_H
#define VPERF_CORE_RETENTION_H

#include <stdint.h>

struct retention {
    int64_t samples_seconds; /* every sample */
    int64_t hours_seconds;   /* what is kept of each hour, gaps and events; at least as long as its
                                samples */
};

#endif
