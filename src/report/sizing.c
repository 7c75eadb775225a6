/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/sizing.h"

#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "report/words.h"

enum { KIB_PER_MB = 1024, MAX_CPUS = 100000 };

const struct sizing_rule_info sizing_rule_table[SIZING_RULES] = {
    [RULE_CPU_PERCENTILE] = {"cpu-percentile", 95, 50, 100,
                             "percentile of CPU usage, and of disk and network of the idle",
                             "Azure Advisor, Oracle Cloud Advisor, ITRS: p95"},
    [RULE_CPU_TARGET] = {"cpu-target", 80, 10, 100, "percent of the vCPUs at this percentile",
                         "Azure Advisor: p95 at most 80 %"},
    [RULE_CPU_PEAK] = {"cpu-peak", 100, 10, 1000, "percent of fewer vCPUs at the peak",
                       "nothing that was used is taken away"},
    [RULE_CPU_LIMIT] = {"cpu-limit", 90, 1, 1000, "percent of the vCPUs; time above it is told",
                        "vSphere's host alarm: 90 %"},
    [RULE_CPU_STEP] = {"cpu-step", 1, 1, 64, "vCPUs: sizes are multiples", "one vCPU"},
    [RULE_MEMORY_PERCENTILE] = {"memory-percentile", 99, 50, 100, "percentile of memory needed",
                                "ITRS: p99"},
    [RULE_MEMORY_TARGET] = {"memory-target", 80, 10, 100, "percent of the memory at it",
                            "Azure Advisor: at most 80 %"},
    [RULE_MEMORY_STEP] = {"memory-step", 2048, 1, 1048576, "MB: sizes are multiples",
                          "usual guard rail: no change below 2 GB"},
    [RULE_DEAD_BAND] = {"dead-band", 10, 0, 100, "percent by which a size has to differ",
                        "Kubernetes VPA: 10 %"},
    [RULE_IDLE_CPU] = {"idle-cpu", 5, 0, 100, "percent of the vCPUs that the idle stay below",
                       "BMC: 5 % in 95 % of the time"},
    [RULE_IDLE_DISK] = {"idle-disk", 100, 0, 1e9, "KB/s of disks", "BMC: 100"},
    [RULE_IDLE_NET] = {"idle-net", 200, 0, 1e9, "KB/s of networks", "BMC: 200"},
    [RULE_OFF_DAYS] = {"off-days", 21, 0, 3650, "days without a sample of a guest that is off",
                       "Nutanix: 21 days"},
    [RULE_MIN_DAYS] = {"min-days", 7, 0, 3650, "days of the window that advice needs",
                       "BMC: an age of 7 days"},
    [RULE_MIN_COVERAGE] = {"min-coverage", 50, 0, 100, "percent of it that samples cover",
                           "RRDtool: unknown when more than half is missing"},
    [RULE_READY_LIMIT] = {"ready-limit", 5, 0, 100,
                          "percent ready, or co-stopped, per vCPU; time above it is told",
                          "common band: 5 to 10 % is significant"},
    [RULE_LATENCY_LIMIT] = {"latency-limit", 50, 0, 1e6,
                            "ms of a disk in an interval; what is above is contention",
                            "vCheck: 50 ms"},
    [RULE_RECLAIM_LIMIT] = {"reclaim-limit", 10, 0, 100,
                            "percent of a guest's memory ballooned, or swapped, beside which "
                            "contention is ordered",
                            "no usual value: the dead band of sizes"},
    [RULE_DROPS_LIMIT] = {"drops-limit", 1, 0, 1e9,
                          "packets dropped per second, beside which contention is ordered",
                          "no usual value"},
};

void sizing_rules_init(struct sizing_rules *rules) {
    for (size_t i = 0; i < SIZING_RULES; i++)
        rules->value[i] = sizing_rule_table[i].value;
}

static bool reject(const char *word, struct error *error) {
    GString *known = g_string_new(NULL);
    for (size_t i = 0; i < SIZING_RULES; i++)
        g_string_append_printf(known, "%s%s", i ? ", " : "", sizing_rule_table[i].name);
    error_set(error, ERROR_USAGE, "--rule '%s': expected NAME=NUMBER with one of %s", word,
              known->str);
    g_string_free(known, TRUE);
    return false;
}

static bool parse_rule(struct sizing_rules *rules, const char *word, struct error *error) {
    size_t length = strcspn(word, "="), rule = 0;
    char *end = NULL;
    while (rule < SIZING_RULES && (strlen(sizing_rule_table[rule].name) != length ||
                                   strncmp(sizing_rule_table[rule].name, word, length) != 0))
        rule++;
    if (rule == SIZING_RULES || !word[length])
        return reject(word, error);
    const struct sizing_rule_info *info = &sizing_rule_table[rule];
    double value = g_ascii_strtod(word + length + 1, &end);
    if (end == word + length + 1 || *end || !(value >= info->least && value <= info->most))
        return error_set(error, ERROR_USAGE, "--rule '%s': expected a number from %g to %g", word,
                         info->least, info->most);
    rules->value[rule] = value;
    return true;
}

bool sizing_rules_parse(struct sizing_rules *rules, const char *list, struct error *error) {
    char **words = g_strsplit(list, ",", -1);
    bool good = *words != NULL || reject("", error);
    for (char **word = words; good && *word; word++)
        good = parse_rule(rules, *word, error);
    g_strfreev(words);
    return good;
}

const char *sizing_class_name(enum sizing_class class) {
    static const char *const names[SIZING_CLASSES] = {
        [CLASS_OFF] = "off",
        [CLASS_UNKNOWN] = "unknown",
        [CLASS_IDLE] = "idle",
        [CLASS_UNDERSIZED] = "undersized",
        [CLASS_OVERSIZED] = "oversized",
        [CLASS_RIGHT] = "right",
    };
    return names[class];
}

/* One dimension: what it has, what it should have, and whether that is worth a change. */
struct dimension {
    double has;
    double needs; /* exactly */
    double size;  /* in steps, when it is to change */
    bool is_short;
    bool is_large;
};

static double round_up(double value, double step) {
    /* A sum that is a step but for the last bits is that step. */
    return MAX(ceil(value / step - 1e-9), 1) * step;
}

static double band(const struct sizing_rules *rules) {
    return rules->value[RULE_DEAD_BAND] / 100;
}

/* A smaller one holds what is needed and the dead band: what is taken is not missed next month. */
static void judge(struct dimension *dimension, double kept, double step,
                  const struct sizing_rules *rules) {
    double larger = round_up(dimension->needs, step);
    double smaller = MAX(round_up(dimension->needs * (1 + band(rules)), step), kept);
    dimension->is_short =
        larger > dimension->has && dimension->needs > dimension->has * (1 + band(rules));
    dimension->is_large = !dimension->is_short && smaller <= dimension->has - step &&
                          smaller <= dimension->has * (1 - band(rules));
    dimension->size = dimension->is_short ? larger : smaller;
}

static struct dimension judge_cpu(const struct sizing_guest *guest,
                                  const struct sizing_rules *rules) {
    struct dimension cpu = {.has = guest->cpus};
    if (!guest->has_cpu || guest->cpus <= 0)
        return cpu;
    double step = rules->value[RULE_CPU_STEP];
    cpu.needs = guest->cpu_percentile * guest->cpus / rules->value[RULE_CPU_TARGET];
    /* The peak keeps vCPUs, and asks for none. */
    double kept = round_up(guest->cpu_peak * guest->cpus / rules->value[RULE_CPU_PEAK], step);
    judge(&cpu, kept, step, rules);
    cpu.size = MIN(cpu.size, MAX_CPUS);
    return cpu;
}

static struct dimension judge_memory(const struct sizing_guest *guest,
                                     const struct sizing_rules *rules) {
    struct dimension memory = {.has = (double)guest->memory_kib};
    double target = rules->value[RULE_MEMORY_TARGET] / 100;
    double step = rules->value[RULE_MEMORY_STEP] * KIB_PER_MB;
    if (guest->basis == MEMORY_UNKNOWN || guest->memory_kib <= 0)
        return memory;
    memory.needs = guest->memory_low / target;
    judge(&memory, 0, step, rules);
    memory.is_large = false;
    if (memory.is_short)
        return memory;
    memory.needs = guest->memory_high / target;
    judge(&memory, 0, step, rules);
    memory.is_short = false;
    return memory;
}

static bool is_below(bool known, double value, double limit) {
    return known && value < limit;
}

static bool is_idle(const struct sizing_guest *guest, const struct sizing_rules *rules) {
    return is_below(guest->has_cpu, guest->cpu_percentile, rules->value[RULE_IDLE_CPU]) &&
           is_below(guest->has_disk, guest->disk_percentile, rules->value[RULE_IDLE_DISK]) &&
           is_below(guest->has_net, guest->net_percentile, rules->value[RULE_IDLE_NET]);
}

static void explain_young(const struct sizing_guest *guest, double days,
                          struct sizing_advice *advice) {
    enum { DAY_SECONDS = 86400 };
    /* Just below the limit is not the limit. */
    char *known = guest->days < 2 ? words_duration(guest->days * DAY_SECONDS)
                                  : memory_printf("%.3g days", floor(guest->days * 100) / 100);
    snprintf(advice->rule, sizeof advice->rule, "no advice: %s of history, min-days is %g", known,
             days);
    free(known);
}

/* What makes advice impossible; false when nothing does. */
static bool explain_unknown(const struct sizing_guest *guest, const struct sizing_rules *rules,
                            struct sizing_advice *advice) {
    double days = rules->value[RULE_MIN_DAYS], coverage = rules->value[RULE_MIN_COVERAGE];
    if (!guest->has_cpu || guest->cpus <= 0)
        snprintf(advice->rule, sizeof advice->rule, "no advice: no CPU usage is known");
    else if (guest->days < days)
        explain_young(guest, days, advice);
    else if (guest->coverage < coverage)
        snprintf(advice->rule, sizeof advice->rule,
                 "no advice: samples cover %.1f %%, min-coverage is %g", guest->coverage, coverage);
    else
        return false;
    return true;
}

static void explain_off(const struct sizing_guest *guest, const struct sizing_rules *rules,
                        struct sizing_advice *advice) {
    if (guest->off_days < 0)
        snprintf(advice->rule, sizeof advice->rule, "powered off, since when is not known");
    else
        snprintf(advice->rule, sizeof advice->rule, "powered off for %.1f days, off-days is %g",
                 guest->off_days, rules->value[RULE_OFF_DAYS]);
}

static void explain_idle(const struct sizing_guest *guest, const struct sizing_rules *rules,
                         struct sizing_advice *advice) {
    snprintf(advice->rule, sizeof advice->rule,
             "p%g of CPU %.1f %% < %g, disk %.0f < %g, net %.0f KB/s < %g",
             rules->value[RULE_CPU_PERCENTILE], guest->cpu_percentile, rules->value[RULE_IDLE_CPU],
             guest->disk_percentile, rules->value[RULE_IDLE_DISK], guest->net_percentile,
             rules->value[RULE_IDLE_NET]);
}

static void explain_memory(const struct sizing_guest *guest, const struct sizing_rules *rules,
                           char *text, size_t size) {
    double low = guest->memory_low / KIB_PER_MB, high = guest->memory_high / KIB_PER_MB;
    double percentile = rules->value[RULE_MEMORY_PERCENTILE];
    double target = rules->value[RULE_MEMORY_TARGET];
    if (guest->basis == MEMORY_NEED)
        snprintf(text, size, "memory p%g %.0f MB / %g %%", percentile, low, target);
    else if (guest->basis == MEMORY_BOUNDS)
        snprintf(text, size, "memory need between p%g active %.0f and consumed %.0f MB / %g %%",
                 percentile, low, high, target);
    else
        snprintf(text, size, "memory need not known");
}

static void explain_sizes(const struct sizing_guest *guest, const struct sizing_rules *rules,
                          struct sizing_advice *advice) {
    char memory[128];
    explain_memory(guest, rules, memory, sizeof memory);
    snprintf(advice->rule, sizeof advice->rule,
             "CPU p%g %.1f %% x %d / %g %% = %.1f, peak %.1f %% / %g %% = %.1f; %s",
             rules->value[RULE_CPU_PERCENTILE], guest->cpu_percentile, guest->cpus,
             rules->value[RULE_CPU_TARGET],
             guest->cpu_percentile * guest->cpus / rules->value[RULE_CPU_TARGET], guest->cpu_peak,
             rules->value[RULE_CPU_PEAK],
             guest->cpu_peak * guest->cpus / rules->value[RULE_CPU_PEAK], memory);
}

/* Fewer vCPUs free no MHz: only memory that is consumed beyond the new size comes back. */
static void set_sizes(const struct sizing_guest *guest, const struct dimension *cpu,
                      const struct dimension *memory, struct sizing_advice *advice) {
    bool undersized = advice->class == CLASS_UNDERSIZED;
    if (undersized ? cpu->is_short : cpu->is_large)
        advice->cpus = (int32_t)cpu->size;
    if (undersized ? memory->is_short : memory->is_large)
        advice->memory_kib = (int64_t)memory->size;
    if (!undersized && advice->memory_kib)
        advice->reclaimed_kib = MAX(guest->consumed_kib - memory->size, 0);
}

struct sizing_advice sizing_advise(const struct sizing_guest *guest,
                                   const struct sizing_rules *rules) {
    struct sizing_advice advice = {.class = CLASS_UNKNOWN};
    if (guest->off && (guest->off_days < 0 || guest->off_days >= rules->value[RULE_OFF_DAYS])) {
        advice.class = CLASS_OFF;
        explain_off(guest, rules, &advice);
        return advice;
    }
    if (explain_unknown(guest, rules, &advice))
        return advice;
    if (is_idle(guest, rules)) {
        advice.class = CLASS_IDLE;
        explain_idle(guest, rules, &advice);
        return advice;
    }
    struct dimension cpu = judge_cpu(guest, rules), memory = judge_memory(guest, rules);
    advice.class = cpu.is_short || memory.is_short   ? CLASS_UNDERSIZED
                   : cpu.is_large || memory.is_large ? CLASS_OVERSIZED
                                                     : CLASS_RIGHT;
    set_sizes(guest, &cpu, &memory, &advice);
    explain_sizes(guest, rules, &advice);
    return advice;
}
