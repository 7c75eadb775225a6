/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The implementations that sink_table lists, one file each. */
#ifndef VPERF_SINK_FORMATS_H
#define VPERF_SINK_FORMATS_H

#include "sink/sink.h"

/* sink_csv: one row per sample, RFC 4180. */
extern const struct sink_ops sink_csv;

/* sink_wide: CSV with one row per time and entity, and a column for each counter and instance. */
extern const struct sink_ops sink_wide;

/* sink_jsonl: one JSON object per sample and line. */
extern const struct sink_ops sink_jsonl;

/* sink_influx: InfluxDB's line protocol, in the schema of telegraf's vSphere input. */
extern const struct sink_ops sink_influx;

/* sink_openmetrics: OpenMetrics 1.0; the series of a metric stand together. */
extern const struct sink_ops sink_openmetrics;

/* sink_prometheus: the older text format of Prometheus, with the newest sample of each series. */
extern const struct sink_ops sink_prometheus;

/* sink_table_format: lines for reading, in columns that fit the terminal. */
extern const struct sink_ops sink_table_format;

#endif
