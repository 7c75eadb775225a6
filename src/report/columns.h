/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Series as a report works on them: times and values apart, whatever their source gives. */
#ifndef VPERF_REPORT_COLUMNS_H
#define VPERF_REPORT_COLUMNS_H

#include "core/series.h"

struct columns;

/* columns_new: owned by the caller. */
struct columns *columns_new(void);

/* columns_free: takes NULL. */
void columns_free(struct columns *columns);

/* columns_of: the series with columns, which are borrowed until the next call. */
struct series columns_of(struct columns *columns, const struct series *series);

#endif
