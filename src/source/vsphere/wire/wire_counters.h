/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The catalogue of counters. */
#ifndef VPERF_SOURCE_VSPHERE_WIRE_COUNTERS_H
#define VPERF_SOURCE_VSPHERE_WIRE_COUNTERS_H

#include "source/vsphere/wire/wire.h"

/*
 * wire_counters_read: reads an ArrayOfPerfCounterInfo from behind its start tag, end tag included,
 * for the visitor of wire_counters_to(). False with soap->error.
 */
bool wire_counters_read(struct soap *soap, const char *tag);

#endif
