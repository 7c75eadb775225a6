/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Clocks that do not jump, for intervals and time limits; and the one for dates, which may. */
#ifndef VPERF_CORE_CLOCK_H
#define VPERF_CORE_CLOCK_H

#include <stdint.h>

/* clock_now_ns: nanoseconds since an arbitrary moment; stands still while the machine sleeps. */
int64_t clock_now_ns(void);

/* clock_now_ms: the same in milliseconds. */
int64_t clock_now_ms(void);

/* clock_boot_ns: nanoseconds since an arbitrary moment; goes on while the machine sleeps. */
int64_t clock_boot_ns(void);

/* clock_real_ns: nanoseconds since 1970, for dates; unlike the others, it may be set. */
int64_t clock_real_ns(void);

#endif
