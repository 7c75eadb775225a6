/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Values of distributions that wait in a temporary file until all of them have come. */
#ifndef VPERF_REPORT_SPILL_H
#define VPERF_REPORT_SPILL_H

#include "core/error.h"
#include "report/statistics.h"

struct spill;

/* spill_new: owned by the caller; the file is made when something waits. */
struct spill *spill_new(void);

/* spill_free: takes NULL. */
void spill_free(struct spill *spill);

/*
 * spill_put: the values go to the file, unless they take little room; more may be added. A file
 * that cannot be written leaves them in memory.
 */
void spill_put(struct spill *spill, struct distribution *distribution);

/* spill_take: all values are in memory again. ERROR_OUTPUT when the file cannot be read. */
bool spill_take(const struct spill *spill, struct distribution *distribution, struct error *error)
    __attribute__((warn_unused_result));

#endif
