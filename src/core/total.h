/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What the samples of a summation add up to: a counter, as monitoring systems read it. */
#ifndef VPERF_CORE_TOTAL_H
#define VPERF_CORE_TOTAL_H

#include <stdint.h>

/*
 * total_add: the total with one more value, INT64_MAX at most. A counter that shrinks would seem to
 * begin anew: what is below 0 is not added.
 */
int64_t total_add(int64_t total, int64_t value);

#endif
