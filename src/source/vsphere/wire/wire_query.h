/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The parts of a query that are written beforehand. */
#ifndef VPERF_SOURCE_VSPHERE_WIRE_QUERY_H
#define VPERF_SOURCE_VSPHERE_WIRE_QUERY_H

#include <glib.h>
#include <stdint.h>

/* wire_metric_id: appends the metricId element of a counter and an instance to the XML. */
void wire_metric_id(GString *xml, int32_t counter_id, const char *instance);

#endif
