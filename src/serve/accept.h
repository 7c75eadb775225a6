/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a client wants to have, by the headers Accept and Accept-Encoding (RFC 9110, 12.5). */
#ifndef VPERF_SERVE_ACCEPT_H
#define VPERF_SERVE_ACCEPT_H

#include <stdbool.h>

/*
 * accept_quality: the weight of the name in a header, in thousandths, the highest if it comes more
 * than once; -1 when it is not there. The header may be NULL.
 */
int accept_quality(const char *header, const char *name);

/*
 * accept_openmetrics: Accept asks for OpenMetrics at least as much as for text/plain; without one,
 * and where neither is wanted, the old text format is given, as Prometheus' own libraries do.
 */
bool accept_openmetrics(const char *accept);

/* accept_gzip: Accept-Encoding allows gzip. */
bool accept_gzip(const char *accept_encoding);

#endif
