/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Clocks that do not jump: for intervals and time limits, not for dates. */
#ifndef VPERF_CORE_CLOCK_H
#define VPERF_CORE_CLOCK_H

#include <stdint.h>

/* clock_now_ns: nanoseconds since an arbitrary moment; stands still while the machine sleeps. */
int64_t clock_now_ns(void);

/* clock_now_ms: the same in milliseconds. */
int64_t clock_now_ms(void);

/* clock_boot_ns: nanoseconds since an arbitrary moment; goes on while the machine sleeps. */
int64_t clock_boot_ns(void);

#endif
