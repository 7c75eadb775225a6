/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/section_lists.h"

#include <stdlib.h>

#include "core/memory.h"

enum { PERCENTILE = 95, MINUTE_SECONDS = 60 };

static const double kib_per_gb = 1024.0 * 1024.0;

static const char cpu_meaning[] = "cpu.usage.average, of all vCPUs";

static void put_percents(struct grid *grid, struct measure *measure) {
    bool known = measure_known(measure);
    grid_number(grid, known, known ? measure_average(measure) : 0, 1);
    grid_number(grid, known, known ? measure_percentile(measure, 50) : 0, 1);
    grid_number(grid, known, known ? measure_percentile(measure, PERCENTILE) : 0, 1);
    grid_number(grid, known, known ? measure_percentile(measure, 99) : 0, 1);
    grid_number(grid, known, known ? measure->peak : 0, 1);
}

static void put_percentile(struct grid *grid, struct measure *measure, double percent, double unit,
                           int decimals) {
    bool known = measure_known(measure);
    grid_number(grid, known, known ? measure_percentile(measure, percent) / unit : 0, decimals);
}

static void put_guest(struct grid *grid, const struct finding *one) {
    const struct entity *entity = one->guest->entity;
    struct measure *measures = one->guest->measures, *cpu = &measures[USAGE_CPU];
    grid_text(grid, entity->name);
    grid_number(grid, entity->cpus > 0, entity->cpus, 0);
    put_percents(grid, cpu);
    grid_time(grid, measure_known(cpu), cpu->peak_time);
    bool cores = measure_known(cpu) && entity->cpus > 0;
    grid_number(grid, cores, cores ? measure_percentile(cpu, PERCENTILE) * entity->cpus / 100 : 0,
                2);
    grid_number(grid, measure_known(cpu), (double)cpu->seconds_above / MINUTE_SECONDS, 1);
    put_percentile(grid, &measures[USAGE_READY], PERCENTILE, 1, 2);
    grid_number(grid, true, one->coverage, 0);
    grid_number(grid, entity->memory_kib > 0, (double)entity->memory_kib / kib_per_gb, 1);
    put_percentile(grid, &measures[USAGE_NEED], 99, kib_per_gb, 1);
    put_percentile(grid, &measures[USAGE_CONSUMED], PERCENTILE, kib_per_gb, 1);
    put_percentile(grid, &measures[USAGE_ACTIVE], PERCENTILE, kib_per_gb, 1);
    put_percentile(grid, &measures[USAGE_DISK], PERCENTILE, 1, 0);
    put_percentile(grid, &measures[USAGE_NET], PERCENTILE, 1, 0);
    grid_end_row(grid, NULL, &one->guest->timeline);
}

struct grid *section_guests(struct findings *findings, size_t rows) {
    char *above = memory_printf("min >%g %%", findings->order.rules.value[RULE_CPU_LIMIT]);
    const struct grid_column columns[] = {
        {"name", false, NULL},
        {"vCPUs", true, NULL},
        {"CPU avg %", true, cpu_meaning},
        {"p50", true, cpu_meaning},
        {"p95", true, cpu_meaning},
        {"p99", true, cpu_meaning},
        {"peak", true, cpu_meaning},
        {"at", false, "end of the interval with the peak of CPU, UTC"},
        {"cores p95", true, "p95 of cpu.usage.average x vCPUs"},
        {above, true, "minutes of the samples of cpu.usage.average above the limit"},
        {"ready p95", true, "cpu.ready.summation / interval / vCPUs, percent"},
        {"covered %", true, "seconds of the samples / seconds of the window"},
        {"GB", true, "memory that it is given"},
        {"needed GB p99", true, "guest.mem.needed; of KVM mem.usage.average of its memory"},
        {"consumed GB p95", true, "mem.consumed.average"},
        {"active GB p95", true, "mem.active.average"},
        {"disk KB/s p95", true, "disk.usage.average"},
        {"net KB/s p95", true, "net.usage.average"},
    };
    struct grid *grid = grid_new("Guests by p95 of CPU", columns, G_N_ELEMENTS(columns));
    for (size_t i = 0; i < findings->guest_count && i < rows; i++)
        put_guest(grid, &findings->guests[i]);
    grid->all = findings->guest_count;
    free(above);
    return grid;
}

/* Average, p95 and peak. */
static void put_three(struct grid *grid, struct measure *measure, double unit, int decimals) {
    bool known = measure_known(measure);
    grid_number(grid, known, measure_average(measure) / unit, decimals);
    put_percentile(grid, measure, PERCENTILE, unit, decimals);
    grid_number(grid, known, measure->peak / unit, decimals);
}

static void put_waiting(struct grid *grid, struct usage_entity *guest) {
    struct measure *measures = guest->measures, *ready = &measures[USAGE_READY];
    bool latency = weighted_mean_known(&guest->latency);
    grid_text(grid, guest->entity->name);
    put_three(grid, ready, 1, 2);
    grid_time(grid, measure_known(ready), ready->peak_time);
    put_three(grid, &measures[USAGE_COSTOP], 1, 2);
    grid_number(grid, latency, weighted_mean_value(&guest->latency), 1);
    grid_number(grid, latency, guest->latency_peak, 0);
    grid_time(grid, latency, guest->latency_peak_time);
    put_three(grid, &measures[USAGE_BALLOON], kib_per_gb, 1);
    put_three(grid, &measures[USAGE_SWAPPED], kib_per_gb, 1);
    put_three(grid, &measures[USAGE_CONSUMED], kib_per_gb, 1);
    put_three(grid, &measures[USAGE_ACTIVE], kib_per_gb, 1);
    put_three(grid, &measures[USAGE_NEED], kib_per_gb, 1);
    grid_end_row(grid, NULL, NULL);
}

static const char ready_meaning[] = "cpu.ready.summation / interval / vCPUs, percent";
static const char costop_meaning[] = "cpu.costop.summation / interval / vCPUs, percent";
static const char balloon_meaning[] = "mem.vmmemctl.average";
static const char swapped_meaning[] = "mem.swapped.average";
static const char consumed_meaning[] = "mem.consumed.average";
static const char active_meaning[] = "mem.active.average";
static const char needed_meaning[] = "guest.mem.needed; of KVM mem.usage.average of its memory";
static const struct grid_column waiting_columns[] = {
    {"name", false, NULL},
    {"ready avg %", true, ready_meaning},
    {"p95", true, ready_meaning},
    {"peak", true, ready_meaning},
    {"at", false, "end of the interval with the peak of ready, UTC"},
    {"co-stop avg %", true, costop_meaning},
    {"p95", true, costop_meaning},
    {"peak", true, costop_meaning},
    {"latency ms", true, "virtualDisk.total…Latency.average, mean weighted by requests"},
    {"peak", true, "highest latency of a disk in an interval with requests"},
    {"at", false, "end of the interval with the peak of latency, UTC"},
    {"balloon GB avg", true, balloon_meaning},
    {"p95", true, balloon_meaning},
    {"peak", true, balloon_meaning},
    {"swap GB avg", true, swapped_meaning},
    {"p95", true, swapped_meaning},
    {"peak", true, swapped_meaning},
    {"consumed GB avg", true, consumed_meaning},
    {"p95", true, consumed_meaning},
    {"peak", true, consumed_meaning},
    {"active GB avg", true, active_meaning},
    {"p95", true, active_meaning},
    {"peak", true, active_meaning},
    {"needed GB avg", true, needed_meaning},
    {"p95", true, needed_meaning},
    {"peak", true, needed_meaning},
};

struct grid *section_waiting(struct findings *findings, size_t rows) {
    struct grid *grid = grid_new("Waiting and memory of guests: in the order of p95 of CPU",
                                 waiting_columns, G_N_ELEMENTS(waiting_columns));
    for (size_t i = 0; i < findings->guest_count && i < rows; i++)
        put_waiting(grid, findings->guests[i].guest);
    grid->all = findings->guest_count;
    return grid;
}

static void put_advice(struct grid *grid, const struct finding *one) {
    const struct entity *entity = one->guest->entity;
    const struct sizing_advice *advice = &one->advice;
    grid_text(grid, entity->name);
    grid_text(grid, sizing_class_name(advice->class));
    grid_number(grid, entity->cpus > 0, entity->cpus, 0);
    grid_number(grid, advice->cpus > 0, advice->cpus, 0);
    grid_number(grid, entity->memory_kib > 0, (double)entity->memory_kib / kib_per_gb, 1);
    grid_number(grid, advice->memory_kib > 0, (double)advice->memory_kib / kib_per_gb, 1);
    grid_number(grid, advice->memory_kib > 0 && advice->class == CLASS_OVERSIZED,
                advice->reclaimed_kib / kib_per_gb, 1);
    grid_end_row(grid, advice->rule, NULL);
}

struct grid *section_sizes(struct findings *findings, size_t rows) {
    static const struct grid_column columns[] = {
        {"name", false, NULL},
        {"class", false, "the first that holds: off, unknown, idle, undersized, oversized, right"},
        {"vCPUs", true, NULL},
        {"advised", true, "the rule is below"},
        {"memory GB", true, NULL},
        {"advised", true, "the rule is below"},
        {"frees GB", true, "consumed memory beyond the new size; fewer vCPUs free no MHz"},
    };
    static const enum sizing_class order[] = {CLASS_UNDERSIZED, CLASS_OVERSIZED, CLASS_IDLE,
                                              CLASS_OFF,        CLASS_UNKNOWN,   CLASS_RIGHT};
    struct grid *grid = grid_new("Right-sizing: - is no change", columns, G_N_ELEMENTS(columns));
    grid->whole = true;
    for (size_t class = 0; class < G_N_ELEMENTS(order); class ++)
        for (size_t i = 0; i < findings->guest_count && grid->rows->len < rows; i++)
            if (findings->guests[i].advice.class == order[class])
                put_advice(grid, &findings->guests[i]);
    grid->all = findings->guest_count;
    return grid;
}
