/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Right-sizing: what a guest should have by what it used, as pure functions. Rules in one place,
 * each with a default and where that comes from; the command line changes them.
 */
#ifndef VPERF_REPORT_SIZING_H
#define VPERF_REPORT_SIZING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum sizing_rule {
    RULE_CPU_PERCENTILE,
    RULE_CPU_TARGET,
    RULE_CPU_PEAK,
    RULE_CPU_LIMIT,
    RULE_CPU_STEP,
    RULE_MEMORY_PERCENTILE,
    RULE_MEMORY_TARGET,
    RULE_MEMORY_STEP,
    RULE_DEAD_BAND,
    RULE_IDLE_CPU,
    RULE_IDLE_DISK,
    RULE_IDLE_NET,
    RULE_OFF_DAYS,
    RULE_MIN_DAYS,
    RULE_MIN_COVERAGE,
    RULE_READY_LIMIT,
    RULE_LATENCY_LIMIT,
    RULE_RECLAIM_LIMIT,
    RULE_DROPS_LIMIT,
    SIZING_RULES, /* their number */
};

struct sizing_rule_info {
    const char *name;
    double value; /* the default */
    double least;
    double most;
    const char *meaning; /* with its unit */
    const char *source;  /* of the default */
};

/* sizing_rule_table: one row per rule. */
extern const struct sizing_rule_info sizing_rule_table[SIZING_RULES];

/* The values of all rules. */
struct sizing_rules {
    double value[SIZING_RULES];
};

/* sizing_rules_init: the defaults. */
void sizing_rules_init(struct sizing_rules *rules);

/* sizing_rules_parse: sets those of a list such as "cpu-target=70,min-days=14"; ERROR_USAGE names
 * the wrong one, and those that there are.
 */
bool sizing_rules_parse(struct sizing_rules *rules, const char *list, struct error *error)
    __attribute__((warn_unused_result));

/* What is known of a guest's memory. */
enum memory_basis {
    MEMORY_UNKNOWN,
    MEMORY_NEED,   /* what the guest itself says that it needs */
    MEMORY_BOUNDS, /* the need lies between what is active and what is consumed */
};

/* What a guest was seen to use. Percent of its vCPUs; memory in KiB. */
struct sizing_guest {
    double off_days; /* since its last sample; negative when not known */
    double days;     /* that the window has */
    double coverage; /* percent of them */
    int64_t memory_kib;
    double cpu_percentile; /* of RULE_CPU_PERCENTILE */
    double cpu_peak;
    double memory_low;      /* at RULE_MEMORY_PERCENTILE: the need, or what is active */
    double memory_high;     /* the same: the need, or what is consumed */
    double disk_percentile; /* KB/s, of RULE_CPU_PERCENTILE */
    double net_percentile;
    double consumed_kib; /* average; 0 when not known */
    enum memory_basis basis;
    int32_t cpus; /* 0 when not known */
    bool off;
    bool has_cpu;
    bool has_disk;
    bool has_net;
};

enum sizing_class {
    CLASS_OFF,
    CLASS_UNKNOWN, /* too little is known for advice */
    CLASS_IDLE,
    CLASS_UNDERSIZED, /* any dimension is short */
    CLASS_OVERSIZED,  /* one is too large, and none is known to be short */
    CLASS_RIGHT,
    SIZING_CLASSES, /* their number */
};

/* What is advised. A size of 0: no advice for this dimension. */
struct sizing_advice {
    enum sizing_class class;
    int32_t cpus;
    int64_t memory_kib;
    double reclaimed_kib; /* host memory that smaller memory frees: consumed minus the new size */
    char rule[256];       /* the figures and rules behind it, one sentence */
};

/* sizing_class_name: off, unknown, idle, undersized, oversized or right. */
const char *sizing_class_name(enum sizing_class class);

/*
 * sizing_advise: the class of a guest, the first one that holds, and the sizes of the rules:
 * vCPUs = the percentile over the target, at least what holds the peak below cpu-peak; memory = the
 * percentile over the target; both rounded up to steps. A size changes when it differs by a step
 * and by the dead band, and a smaller one holds the need plus the dead band: a month whose need
 * differs by less from the one before does not contradict it.
 */
struct sizing_advice sizing_advise(const struct sizing_guest *guest,
                                   const struct sizing_rules *rules);

#endif
