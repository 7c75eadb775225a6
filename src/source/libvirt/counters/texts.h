/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What the table of counters says of QEMU, said of another driver. */
#ifndef VPERF_SOURCE_LIBVIRT_TEXTS_H
#define VPERF_SOURCE_LIBVIRT_TEXTS_H

#include "core/counter.h"

/* texts_apply: gives the counter the formula and fidelity that it has with this driver. */
void texts_apply(struct counter *counter, const char *driver);

#endif
