/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The samples of each entity in the rows of one visit. */
#ifndef VPERF_SOURCE_XAPI_MEASURE_H
#define VPERF_SOURCE_XAPI_MEASURE_H

#include "source/xapi/round.h"

/* measure_all: emits all of what is selected. False when the output failed. */
bool measure_all(struct round *round, struct error *error);

#endif
