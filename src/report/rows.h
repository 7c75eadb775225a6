/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The forms that programs read: one wide row per entity; what a type does not have is none. */
#ifndef VPERF_REPORT_ROWS_H
#define VPERF_REPORT_ROWS_H

#include "report/findings.h"
#include "report/grid.h"

/* rows_list: clusters, hosts, guests, then datastores and file systems; the first column is the
 * type. The caller frees it. */
struct grid *rows_list(struct findings *findings);

#endif
