/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The arithmetic behind the counters. A formula gives its values to an emitter and gives nothing
 * for what is absent. All divide once, at the end, and round down, as ESXi does.
 */
#ifndef VPERF_SOURCE_LIBVIRT_FORMULA_H
#define VPERF_SOURCE_LIBVIRT_FORMULA_H

#include "source/libvirt/sample/rates.h"

enum formula_scope { SCOPE_BOTH, SCOPE_AGGREGATE };

struct emitter {
    void *context;
    /* value: instance "" is the aggregate; the text is borrowed for the call. */
    void (*value)(void *context, const char *instance, int64_t value);
};

struct guest_formula {
    void (*compute)(const struct guest_pair *pair, const struct guest_formula *formula,
                    const struct emitter *emitter);
    enum device_kind kind;
    enum formula_scope scope;
    int first; /* fields that are added up; 0 for none */
    int second;
    int below; /* the field that a ratio divides by */
    int64_t divisor;
};

struct host_formula {
    void (*compute)(const struct host_pair *pair, const struct host_formula *formula,
                    const struct emitter *emitter);
    enum device_kind kind;
    int first;
    int second;
    int64_t divisor;
};

/* formula_give: passes a value on, unless it is absent. */
void formula_give(const struct emitter *emitter, const char *instance, int64_t value);

/* formula_divide: the quotient rounded down; ABSENT when it is not defined or negative. */
int64_t formula_divide(__int128 dividend, __int128 divisor);

/* formula_device_growth: D(first + second) of one device; ABSENT when one of them is. */
__int128 formula_device_growth(const struct device_pair *device, int first, int second);

/* formula_consumed: host memory in KiB behind the guest; ABSENT when it cannot be told. */
int64_t formula_consumed(const struct guest_sample *guest);

/* formula_balloon: KiB that the guest was not given; ABSENT when it cannot be told. */
int64_t formula_balloon(const struct guest_sample *guest);

#define GUEST_FORMULA(name)                                                                        \
    void name(const struct guest_pair *pair, const struct guest_formula *formula,                  \
              const struct emitter *emitter)
#define HOST_FORMULA(name)                                                                         \
    void name(const struct host_pair *pair, const struct host_formula *formula,                    \
              const struct emitter *emitter)

/* Of the guest as a whole, named by formula->first and second. */
GUEST_FORMULA(formula_value);  /* first / divisor */
GUEST_FORMULA(formula_change); /* D(first + second) / divisor */

/* Of each device of formula->kind, and their sum as the aggregate. */
GUEST_FORMULA(formula_device_value);  /* first / divisor */
GUEST_FORMULA(formula_device_change); /* D(first + second) / divisor */
GUEST_FORMULA(formula_device_rate);   /* D(first + second) per second / divisor */
GUEST_FORMULA(formula_device_ratio);  /* D(first) / D(below) / divisor; 0 when D(below) is 0 */
GUEST_FORMULA(formula_device_share);  /* D(first) / elapsed ns */

/* One counter each; its row in counters_*.c says what it computes. */
GUEST_FORMULA(formula_cpu_usage);
GUEST_FORMULA(formula_cpu_usagemhz);
GUEST_FORMULA(formula_cpu_readiness);
GUEST_FORMULA(formula_cpu_used);
GUEST_FORMULA(formula_cpu_system);
GUEST_FORMULA(formula_cpu_wait);
GUEST_FORMULA(formula_cpu_idle);
GUEST_FORMULA(formula_memory_usage);
GUEST_FORMULA(formula_memory_consumed);
GUEST_FORMULA(formula_memory_balloon);
GUEST_FORMULA(formula_memory_used);
GUEST_FORMULA(formula_report_change);
GUEST_FORMULA(formula_report_rate);
GUEST_FORMULA(formula_highest_latency);

HOST_FORMULA(formula_host_utilization);
HOST_FORMULA(formula_host_usagemhz);
HOST_FORMULA(formula_host_cpu_change); /* D(first + second) / divisor, per CPU too */
HOST_FORMULA(formula_host_memory_usage);
HOST_FORMULA(formula_host_memory_consumed);
HOST_FORMULA(formula_host_memory_total);
HOST_FORMULA(formula_host_pages);        /* (first + second) pages in KiB */
HOST_FORMULA(formula_host_guest_value);  /* sum over guests of first */
HOST_FORMULA(formula_host_guest_change); /* sum over guests and devices of D(first) / divisor */
HOST_FORMULA(formula_host_guest_rate);   /* the same of D(first + second) per second */
HOST_FORMULA(formula_host_guest_consumed);
HOST_FORMULA(formula_host_guest_balloon);

#endif
