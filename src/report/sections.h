/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The lists of a report, for the forms that people read. */
#ifndef VPERF_REPORT_SECTIONS_H
#define VPERF_REPORT_SECTIONS_H

#include "report/findings.h"
#include "report/grid.h"

/*
 * sections_list: struct grid: those sections for which there is something. Of long ones the first
 * rows, at most so many. What matters first stands left. The caller frees it.
 */
GPtrArray *sections_list(struct findings *findings, size_t rows);

#endif
