/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What stands behind the figures of a report. */
#ifndef VPERF_REPORT_EXPLAIN_H
#define VPERF_REPORT_EXPLAIN_H

#include "report/grid.h"
#include "report/sizing.h"

struct explain_figure {
    const char *name;
    const char *formula;
    const char *counter; /* what it is computed from */
    const char *source;  /* of the formula; NULL: it is our own definition */
};

/* explain_figures: those of every form of report; a name of NULL ends them. */
extern const struct explain_figure explain_figures[];

/* explain_list: figures, then rules with their values: name, formula, counter, source. The caller
 * frees it. */
struct grid *explain_list(const struct sizing_rules *rules);

#endif
