/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One counter of the catalogue in the form that servers send. */
#ifndef VPERF_SOURCE_VSPHERE_WIRE_COUNTER_H
#define VPERF_SOURCE_VSPHERE_WIRE_COUNTER_H

#include "source/vsphere/wire/wire.h"
#include "source/vsphere/wire/wire_scan.h"

/*
 * wire_counter_take: takes a PerfCounterInfo behind its start tag, end tag included, when all of it
 * is in the buffer in the usual form. Its texts lie in the buffer, until more is scanned. False
 * when it is to be read by other means: nothing is taken then.
 */
bool wire_counter_take(struct scan *scan, struct vim_counter *counter);

#endif
