/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Numbers and times as text, the same in every format. */
#ifndef VPERF_CORE_VALUE_H
#define VPERF_CORE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/series.h"

enum { VALUE_TEXT_SIZE = 32, TIME_TEXT_SIZE = 32 };

/* 2048 file systems of 64 TB, the most that a host has: a larger number is one of bytes. */
enum { VALUE_MOST_TERABYTES = 2048 * 64 };

/*
 * value_text: the value as a decimal number. Unless raw, a percent counter is divided by 100 and
 * shown with two decimals: 459 is 4.59. Returns the length.
 */
size_t value_text(char text[VALUE_TEXT_SIZE], int64_t value, const struct counter *counter,
                  bool raw);

/* value_is_hundredths: the counter's raw values are hundredths of its unit: it is a percent. */
bool value_is_hundredths(const struct counter *counter);

/* value_digits: as value_text for who knows whether it is shown in hundredths; without an end. */
size_t value_digits(char text[VALUE_TEXT_SIZE], int64_t value, bool hundredths);

/*
 * value_unit: the unit of the series' values: that of its counter, unless one cannot be meant in
 * it: ESXi 6.5 sends bytes of mem.vmfs.pbc.workingSet and declares teraBytes. Raw, it is declared.
 */
const char *value_unit(const struct series *series, bool raw);

/*
 * time_text: RFC 3339 in UTC with seconds, 2026-11-21T19:17:20Z. Returns the length. Empty outside
 * the years 0 to 9999, which RFC 3339 cannot express.
 */
size_t time_text(char text[TIME_TEXT_SIZE], int64_t seconds);

#endif
