/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/sections.h"

#include <stdlib.h>

#include "core/memory.h"

enum { PERCENTILE = 95 };

static const double kib_per_gb = 1024.0 * 1024.0, mhz_per_ghz = 1000;

static const char demand_meaning[] = "cpu.usagemhz.average of the hosts, of cores x nominal MHz";
static const char consumed_meaning[] = "mem.consumed.average of the hosts, of their memory";
static const char cpu_meaning[] = "cpu.usage.average, of all vCPUs";

/* Median, p95 and peak in percent of the whole. */
static void put_use(struct grid *grid, struct measure *measure, double whole) {
    bool known = measure_known(measure) && whole > 0;
    grid_number(grid, known, known ? 100 * measure_percentile(measure, 50) / whole : 0, 1);
    grid_number(grid, known, known ? 100 * measure_percentile(measure, PERCENTILE) / whole : 0, 1);
    grid_number(grid, known, known ? 100 * measure->peak / whole : 0, 1);
}

static struct grid *list_hosts(struct findings *findings) {
    static const struct grid_column columns[] = {
        {"name", false, NULL},
        {"cores", true, "physical cores of hosts with samples"},
        {"GB", true, "memory of hosts with samples"},
        {"vCPU/core", true, "vCPUs of guests that are on, per core"},
        {"CPU p50", true, demand_meaning},
        {"p95", true, demand_meaning},
        {"peak %", true, demand_meaning},
        {"at", false, "end of the interval with the peak of CPU, UTC"},
        {"mem p50", true, consumed_meaning},
        {"p95", true, consumed_meaning},
        {"peak %", true, consumed_meaning},
        {"active GB", true, "average of mem.active.average of the hosts"},
        {"guests GB", true, "memory that guests which are on are given"},
        {"threads", true, NULL},
    };
    struct grid *grid = grid_new("Hosts and clusters: CPU demand of cores x MHz, memory consumed",
                                 columns, G_N_ELEMENTS(columns));
    for (size_t i = 0; i < findings->capacity_count; i++) {
        struct capacity *one = &findings->capacities[i];
        double cores = (double)one->cores;
        grid_text(grid, one->name);
        grid_number(grid, one->cores > 0, cores, 0);
        grid_number(grid, one->memory_kib > 0, one->memory_kib / kib_per_gb, 1);
        grid_number(grid, one->cores > 0, one->cores ? (double)one->vcpus / cores : 0, 2);
        put_use(grid, &one->demand, one->mhz);
        grid_time(grid, measure_known(&one->demand), one->demand.peak_time);
        put_use(grid, &one->consumed, one->memory_kib);
        grid_number(grid, one->active_kib > 0, one->active_kib / kib_per_gb, 1);
        grid_number(grid, true, one->allocated_kib / kib_per_gb, 1);
        grid_number(grid, one->threads > 0, (double)one->threads, 0);
        grid_end_row(grid, NULL, &one->timeline);
    }
    return grid;
}

static void put_headroom(struct grid *grid, const struct capacity *one, size_t spare,
                         const struct headroom *headroom) {
    bool known = headroom->has_mhz && headroom->has_memory;
    char *failed = memory_printf("%zu of %zu", spare, one->hosts);
    grid_text(grid, one->name);
    grid_text(grid, failed);
    grid_number(grid, headroom->has_mhz, headroom->mhz / mhz_per_ghz, 1);
    grid_number(grid, headroom->has_memory, headroom->memory_kib / kib_per_gb, 1);
    grid_text(grid, !known ? NULL : headroom->holds_peak ? "yes" : "no");
    grid_number(grid, headroom->has_more, headroom->more_average, 0);
    grid_number(grid, headroom->has_more, headroom->more_large, 0);
    grid_end_row(grid, NULL, NULL);
    free(failed);
}

static struct grid *list_headroom(struct findings *findings) {
    static const struct grid_column columns[] = {
        {"name", false, NULL},
        {"failed", false, "the largest hosts, of CPU and of memory each"},
        {"CPU GHz", true, "cores x nominal MHz less p95 of demand"},
        {"GB", true, "memory less p95 of what is consumed"},
        {"peak fits", false, "the highest demands of CPU and memory fit as well"},
        {"more average guests", true, "whole guests like the average one"},
        {"large ones", true, "whole guests like the one at the p95 of all guests' p95"},
    };
    struct grid *grid =
        grid_new("Headroom at the p95 of demand, with no host and with the largest hosts failed",
                 columns, G_N_ELEMENTS(columns));
    for (size_t i = 0; i < findings->capacity_count; i++) {
        const struct capacity *one = &findings->capacities[i];
        put_headroom(grid, one, 0, &one->now);
        if (one->spare)
            put_headroom(grid, one, one->spare, &one->failed);
    }
    return grid;
}

static void put_growth(struct grid *grid, const struct growth *growth, double unit) {
    enum { WEEK = 7 };
    double scale = WEEK / unit;
    grid_number(grid, growth->known, growth->trend.slope * scale, 2);
    grid_number(grid, growth->known, growth->trend.low * scale, 2);
    grid_number(grid, growth->known, growth->trend.high * scale, 2);
    grid_number(grid, growth->ends, growth->days, 0);
    grid_number(grid, growth->ends, growth->days_low, 0);
    grid_number(grid, growth->ends, growth->days_high, 0);
}

static struct grid *list_trends(struct findings *findings) {
    static const char slope[] = "median of the slopes between all pairs of days, without the cycle "
                                "of the week; low and high hold it in 95 % of cases";
    static const char days[] = "headroom (with the spare hosts failed) / slope; - when demand is "
                               "flat or shrinks, as far as the days tell";
    static const struct grid_column columns[] = {
        {"name", false, NULL}, {"GHz/week", true, slope}, {"low", true, slope},
        {"high", true, slope}, {"days left", true, days}, {"from", true, days},
        {"to", true, days},    {"GB/week", true, slope},  {"low", true, slope},
        {"high", true, slope}, {"days left", true, days}, {"from", true, days},
        {"to", true, days},
    };
    struct grid *grid = grid_new("Trend of daily averages", columns, G_N_ELEMENTS(columns));
    for (size_t i = 0; i < findings->capacity_count; i++) {
        const struct capacity *one = &findings->capacities[i];
        grid_text(grid, one->name);
        put_growth(grid, &one->mhz_growth, mhz_per_ghz);
        put_growth(grid, &one->memory_growth, kib_per_gb);
        grid_end_row(grid, NULL, NULL);
    }
    return grid;
}

static void put_percents(struct grid *grid, struct measure *measure) {
    bool known = measure_known(measure);
    grid_number(grid, known, known ? measure_average(measure) : 0, 2);
    grid_number(grid, known, known ? measure_percentile(measure, 50) : 0, 2);
    grid_number(grid, known, known ? measure_percentile(measure, PERCENTILE) : 0, 2);
    grid_number(grid, known, known ? measure_percentile(measure, 99) : 0, 2);
    grid_number(grid, known, known ? measure->peak : 0, 2);
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
    grid_number(grid, measure_known(cpu), (double)cpu->seconds_above, 0);
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

static struct grid *list_guests(struct findings *findings, size_t rows) {
    char *above = memory_printf(">%g %% s", findings->order.rules.value[RULE_CPU_LIMIT]);
    const struct grid_column columns[] = {
        {"name", false, NULL},
        {"vCPUs", true, NULL},
        {"CPU avg %", true, cpu_meaning},
        {"p50", true, cpu_meaning},
        {"p95", true, cpu_meaning},
        {"p99", true, cpu_meaning},
        {"peak", true, cpu_meaning},
        {"at", false, "end of the interval with the peak of CPU, UTC"},
        {above, true, "seconds of the samples of cpu.usage.average above the limit"},
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

static struct grid *list_sizes(struct findings *findings, size_t rows) {
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
    for (size_t class = 0; class < G_N_ELEMENTS(order); class ++)
        for (size_t i = 0; i < findings->guest_count && grid->rows->len < rows; i++)
            if (findings->guests[i].advice.class == order[class])
                put_advice(grid, &findings->guests[i]);
    grid->all = findings->guest_count;
    return grid;
}

static bool is_contended(const struct finding *finding) {
    const struct measure *measures = finding->guest->measures;
    return measures[USAGE_READY].peak > 0 || measures[USAGE_COSTOP].peak > 0 ||
           measures[USAGE_BALLOON].peak > 0 || measures[USAGE_SWAPPED].peak > 0 ||
           measures[USAGE_DROPS].peak > 0;
}

static int compare_ready(const void *a, const void *b) {
    const struct finding *const *left = a, *const *right = b;
    double mine = (*left)->guest->measures[USAGE_READY].peak;
    double other = (*right)->guest->measures[USAGE_READY].peak;
    if (mine != other)
        return mine < other ? 1 : -1;
    return entity_compare((*left)->guest->entity, (*right)->guest->entity);
}

static void put_peak(struct grid *grid, const struct measure *measure, double unit, int decimals) {
    grid_number(grid, measure_known(measure), measure->peak / unit, decimals);
}

static void put_contended(struct grid *grid, const struct finding *one) {
    const struct usage_entity *guest = one->guest;
    struct measure *measures = one->guest->measures, *ready = &measures[USAGE_READY];
    bool latency = weighted_mean_known(&guest->latency);
    grid_text(grid, guest->entity->name);
    put_peak(grid, ready, 1, 2);
    grid_time(grid, measure_known(ready), ready->peak_time);
    put_percentile(grid, ready, PERCENTILE, 1, 2);
    grid_number(grid, measure_known(ready), (double)ready->seconds_above, 0);
    put_peak(grid, &measures[USAGE_COSTOP], 1, 2);
    put_peak(grid, &measures[USAGE_BALLOON], kib_per_gb, 1);
    put_peak(grid, &measures[USAGE_SWAPPED], kib_per_gb, 1);
    grid_number(grid, latency, weighted_mean_value(&guest->latency), 1);
    grid_number(grid, latency, guest->latency_peak, 0);
    put_peak(grid, &measures[USAGE_DROPS], 1, 2);
    grid_end_row(grid, NULL, NULL);
}

static struct grid *list_contention(struct findings *findings, size_t rows) {
    char *above = memory_printf(">%g %% s", findings->order.rules.value[RULE_READY_LIMIT]);
    const struct grid_column columns[] = {
        {"name", false, NULL},
        {"ready %", true, "peak of cpu.ready.summation / interval / vCPUs"},
        {"at", false, "end of the interval with the peak of ready, UTC"},
        {"p95", true, "of ready"},
        {above, true, "seconds of the samples of ready above the limit"},
        {"co-stop", true, "peak of cpu.costop.summation / interval / vCPUs, percent"},
        {"balloon GB", true, "peak of mem.vmmemctl.average"},
        {"swap GB", true, "peak of mem.swapped.average"},
        {"latency ms", true, "virtualDisk.total…Latency.average, mean weighted by requests"},
        {"peak", true, "highest latency of a disk in an interval with requests"},
        {"drops/s", true, "peak of net.droppedRx.summation / interval"},
    };
    struct grid *grid = grid_new("Contention: highest values", columns, G_N_ELEMENTS(columns));
    GPtrArray *list = g_ptr_array_new();
    for (size_t i = 0; i < findings->guest_count; i++)
        if (is_contended(&findings->guests[i]))
            g_ptr_array_add(list, &findings->guests[i]);
    g_ptr_array_sort(list, compare_ready);
    for (guint i = 0; i < list->len && i < rows; i++)
        put_contended(grid, g_ptr_array_index(list, i));
    grid->all = list->len;
    g_ptr_array_free(list, TRUE);
    free(above);
    return grid;
}

GPtrArray *sections_list(struct findings *findings, size_t limit) {
    GPtrArray *list = g_ptr_array_new_with_free_func(grid_free);
    size_t rows = findings->order.top ? findings->order.top : limit;
    if (findings->capacity_count) {
        g_ptr_array_add(list, list_hosts(findings));
        g_ptr_array_add(list, list_headroom(findings));
    }
    if (findings_has_trend(findings))
        g_ptr_array_add(list, list_trends(findings));
    if (findings->guest_count) {
        g_ptr_array_add(list, list_guests(findings, rows));
        g_ptr_array_add(list, list_sizes(findings, rows));
        g_ptr_array_add(list, list_contention(findings, rows));
    }
    return list;
}
