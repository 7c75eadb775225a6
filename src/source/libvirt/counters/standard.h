/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Counters of vSphere as other sources than it name them: unit, rollup, label, summary. */
#ifndef VPERF_SOURCE_LIBVIRT_STANDARD_H
#define VPERF_SOURCE_LIBVIRT_STANDARD_H

#include "core/counter.h"

/* standard_counter: the counter of this name in libvirt's table, or NULL. */
const struct counter *standard_counter(const char *name);

#endif
