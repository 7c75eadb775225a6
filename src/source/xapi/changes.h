/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What has changed in a pool since its records were read, and their reading anew. */
#ifndef VPERF_SOURCE_XAPI_CHANGES_H
#define VPERF_SOURCE_XAPI_CHANGES_H

#include "source/xapi/round.h"

/*
 * changes_renew: reads records that are older than this, and tells who came, ended or left. False
 * when they stay as they are, also because they cannot be read.
 */
bool changes_renew(struct round *round, int64_t oldest_ns);

/* changes_find: marks the records as outdated when the rows of this round show that they are. */
void changes_find(const struct round *round);

#endif
