/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Whether a terminal is to show colours. */
#ifndef VPERF_CORE_COLOR_H
#define VPERF_CORE_COLOR_H

#include <stdbool.h>

/*
 * color_wanted: TERM names a terminal that is not dumb, and NO_COLOR (https://no-color.org) is
 * unset or empty. Whether there is a terminal is the caller's to know.
 */
bool color_wanted(void);

#endif
