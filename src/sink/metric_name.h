/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What a counter is called in Prometheus and OpenMetrics, and how its raw values become base units:
 * cpu.usage.average in hundredths of a percent is vperf_cpu_usage_ratio, cpu.ready.summation in
 * milliseconds is the counter vperf_cpu_ready_seconds_total. The rollup is in the name when it is
 * neither average nor latest, and where the name would be another counter's or a reserved one.
 */
#ifndef VPERF_SINK_METRIC_NAME_H
#define VPERF_SINK_METRIC_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/counter.h"

/* How raw values scale: value * multiplier / 10^decimals is in the base unit. */
struct metric_scale {
    int64_t multiplier;
    unsigned decimals;
};

struct metric {
    char *name;       /* of the family: without _total */
    const char *unit; /* the base unit that the name ends with: ratio, bytes, …; "" for none */
    char *help;
    bool total; /* a counter: its samples, which are called NAME_total, add up what came so far */
    struct metric_scale scale;
};

enum { METRIC_TEXT_SIZE = 64 };

/* metric_init: the metric of the counter; with_rollup: its rollup is in the name in any case. */
void metric_init(struct metric *metric, const struct counter *counter, bool with_rollup);

/* metric_adds_up: the counter's metric is a total: it counts an amount per interval. */
bool metric_adds_up(const struct counter *counter);

/* metric_done: frees the strings. */
void metric_done(struct metric *metric);

/*
 * metric_text: the raw value in the base unit, without noise: 459 hundredths of a percent are
 * 0.0459. Returns the length; there is no end. What is declared in teraBytes and cannot be is in
 * bytes, see value_unit.
 */
size_t metric_text(char text[METRIC_TEXT_SIZE], struct metric_scale scale, int64_t value);

/* metric_number: the same as a number. */
double metric_number(struct metric_scale scale, int64_t value);

#endif
