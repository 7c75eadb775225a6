/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which series capacity reports read: they share blocks, so that a report reads few others. */
#ifndef VPERF_HISTORY_REPORTED_H
#define VPERF_HISTORY_REPORTED_H

#include <stdbool.h>

/* reported_has: the series with this counter and instance is one of them. */
bool reported_has(const char *counter, const char *instance);

#endif
