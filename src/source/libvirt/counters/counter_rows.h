/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* How a row of the table of counters is written. */
#ifndef VPERF_SOURCE_LIBVIRT_COUNTER_ROWS_H
#define VPERF_SOURCE_LIBVIRT_COUNTER_ROWS_H

#include "source/libvirt/counters/counters.h"

/* What a raw number is divided by. */
enum { KIB = 1024, MICROSECOND = 1000, MILLISECOND = 1000000, SECOND = 1000000000 };

/* As FORM_BUSY and FORM_DIFFERENCE take them: the busy times first; memory less what is free. */
#define HOST_CPU_TIMES HOST_CPU_USER, HOST_CPU_KERNEL, HOST_CPU_IDLE, HOST_CPU_IOWAIT
#define HOST_MEMORY_PARTS                                                                          \
    HOST_MEMORY_TOTAL, HOST_MEMORY_FREE, HOST_MEMORY_BUFFERS, HOST_MEMORY_CACHED

#define COUNTER(rollup_, stats_, name_, unit_, fidelity_, label_, summary_, formula_, ...)         \
    {                                                                                              \
        .counter = {.name = name_,                                                                 \
                    .unit = unit_,                                                                 \
                    .rollup = rollup_,                                                             \
                    .stats = stats_,                                                               \
                    .label = label_,                                                               \
                    .summary = summary_,                                                           \
                    .formula = formula_,                                                           \
                    .fidelity = fidelity_},                                                        \
        __VA_ARGS__                                                                                \
    }

/* By the last part of the name, and by what an average is of: a rate, or what is at the moment. */
#define RATE(...) COUNTER("average", "rate", __VA_ARGS__)
#define AVERAGE(...) COUNTER("average", "absolute", __VA_ARGS__)
#define SUMMATION(...) COUNTER("summation", "delta", __VA_ARGS__)
#define LATEST(...) COUNTER("latest", "absolute", __VA_ARGS__)

#endif
