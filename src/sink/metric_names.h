/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Names of metrics that no two counters share: which counter has which name. The first one keeps
 * it for as long as the names are kept.
 */
#ifndef VPERF_SINK_METRIC_NAMES_H
#define VPERF_SINK_METRIC_NAMES_H

#include "sink/metric_name.h"

struct metric_names;

/* metric_names_new: no names yet; the caller owns it. */
struct metric_names *metric_names_new(void);

/* metric_names_free: takes NULL. */
void metric_names_free(struct metric_names *names);

/*
 * metric_names_init: metric_init under a name of the counter's own: where another counter has the
 * name, the rollup is in it, and if need be a number. Servers that declare other units of one
 * counter share its name; the scale is of each.
 */
void metric_names_init(struct metric_names *names, struct metric *metric,
                       const struct counter *counter);

#endif
