/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Data sources of VMs that XAPI records only when it is told to: a write on the pool. */
#ifndef VPERF_SOURCE_XAPI_RUNSTATES_H
#define VPERF_SOURCE_XAPI_RUNSTATES_H

#include "source/xapi/xapi.h"

/*
 * runstates_enable: XAPI records from now on what the wanted counters need, of VMs that are
 * selected and run; of each one once. What it refuses is told, and not asked for again.
 */
void runstates_enable(struct xapi *xapi, const struct selection *selection, const bool *wanted,
                      const struct host_rows *rows);

/*
 * runstates_explain: tells once why there is no ready time, if a counter that was chosen is made of
 * it and no running guest has it.
 */
void runstates_explain(struct xapi *xapi, const struct selection *selection, const bool *wanted,
                       const struct host_rows *rows);

#endif
