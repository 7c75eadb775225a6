/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* CLOCK_MONOTONIC, which does not jump: for intervals and time limits, not for dates. */
#ifndef VPERF_CORE_CLOCK_H
#define VPERF_CORE_CLOCK_H

#include <stdint.h>

/* clock_now_ns: nanoseconds since an arbitrary moment. */
int64_t clock_now_ns(void);

/* clock_now_ms: the same in milliseconds. */
int64_t clock_now_ms(void);

#endif
