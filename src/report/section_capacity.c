/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/section_lists.h"

#include <math.h>
#include <stdlib.h>

#include "core/memory.h"

enum { PERCENTILE = 95 };

static const double kib_per_gb = 1024.0 * 1024.0, mhz_per_ghz = 1000;

static const char demand_meaning[] = "cpu.usagemhz.average of the hosts, of cores x nominal MHz";
static const char consumed_meaning[] = "mem.consumed.average of the hosts, of their memory";

static double share_of(struct measure *measure, double whole) {
    return measure_known(measure) && whole > 0 ? measure_percentile(measure, PERCENTILE) / whole
                                               : -1;
}

/* Of what there is, by the resource that is scarcer; negative when neither is known. */
static double fullness_of(struct capacity *one) {
    return MAX(share_of(&one->demand, one->mhz), share_of(&one->consumed, one->memory_kib));
}

static int compare_kinds(const struct capacity *left, const struct capacity *right) {
    return (left->host != NULL) - (right->host != NULL);
}

static gint compare_fullness(gconstpointer a, gconstpointer b) {
    struct capacity *left = *(struct capacity *const *)a, *right = *(struct capacity *const *)b;
    double mine = fullness_of(left), other = fullness_of(right);
    int kinds = compare_kinds(left, right);
    if (kinds || mine != other)
        return kinds ? kinds : mine < other ? 1 : -1;
    return left < right ? -1 : left > right; /* by name */
}

GPtrArray *section_capacities(const struct findings *findings) {
    GPtrArray *list = g_ptr_array_sized_new((guint)findings->capacity_count);
    for (size_t i = 0; i < findings->capacity_count; i++)
        g_ptr_array_add(list, &findings->capacities[i]);
    g_ptr_array_sort(list, compare_fullness);
    return list;
}

/* Median, p95 and peak in percent of the whole. */
static void put_use(struct grid *grid, struct measure *measure, double whole) {
    bool known = measure_known(measure) && whole > 0;
    grid_number(grid, known, known ? 100 * measure_percentile(measure, 50) / whole : 0, 1);
    grid_number(grid, known, known ? 100 * measure_percentile(measure, PERCENTILE) / whole : 0, 1);
    grid_number(grid, known, known ? 100 * measure->peak / whole : 0, 1);
}

/* Of a host; there is no such figure of a cluster. */
static void put_utilization(struct grid *grid, const struct capacity *one,
                            enum usage_metric metric) {
    struct measure *measure = one->host ? &one->host->measures[metric] : NULL;
    bool known = measure && measure_known(measure);
    grid_number(grid, known, known ? measure_percentile(measure, PERCENTILE) : 0, 1);
}

static const struct grid_column host_columns[] = {
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
    {"at", false, "end of the interval with the peak of memory, UTC"},
    {"cores p95 %", true,
     "p95 of cpu.coreUtilization.average: time in which cores ran any of their threads, which "
     "turbo does not distort, nor hyper-threading"},
    {"threads p95 %", true,
     "p95 of cpu.utilization.average: time of all threads, which turbo and hyper-threading do "
     "not distort"},
    {"active GB", true, "average of mem.active.average of the hosts"},
    {"guests GB", true, "memory that guests which are on are given"},
    {"threads", true, NULL},
};

static void put_host(struct grid *grid, struct capacity *one) {
    double cores = (double)one->cores;
    grid_text(grid, one->name);
    grid_number(grid, one->cores > 0, cores, 0);
    grid_number(grid, one->memory_kib > 0, one->memory_kib / kib_per_gb, 1);
    grid_number(grid, one->cores > 0, one->cores ? (double)one->vcpus / cores : 0, 2);
    put_use(grid, &one->demand, one->mhz);
    grid_time(grid, measure_known(&one->demand), one->demand.peak_time);
    put_use(grid, &one->consumed, one->memory_kib);
    grid_time(grid, measure_known(&one->consumed), one->consumed.peak_time);
    put_utilization(grid, one, USAGE_CORES);
    put_utilization(grid, one, USAGE_UTILIZATION);
    grid_number(grid, one->active_kib > 0, one->active_kib / kib_per_gb, 1);
    grid_number(grid, one->hosts > 0, one->allocated_kib / kib_per_gb, 1);
    grid_number(grid, one->threads > 0, (double)one->threads, 0);
    grid_end_row(grid, NULL, &one->timeline);
}

struct grid *section_hosts(struct findings *findings, size_t rows) {
    struct grid *grid =
        grid_new("Hosts and clusters: fullest first; CPU demand of cores x MHz, memory consumed",
                 host_columns, G_N_ELEMENTS(host_columns));
    GPtrArray *list = section_capacities(findings);
    for (guint i = 0; i < list->len && i < rows; i++)
        put_host(grid, g_ptr_array_index(list, i));
    grid->all = list->len;
    g_ptr_array_free(list, TRUE);
    return grid;
}

static void put_headroom(struct grid *grid, const struct capacity *one, size_t spare,
                         const struct headroom *headroom) {
    bool known = headroom->has_mhz && headroom->has_memory;
    char *failed = memory_printf("%zu of %zu", spare, one->hosts);
    grid_text(grid, one->name);
    grid_text(grid, one->hosts ? failed : NULL);
    grid_number(grid, headroom->has_mhz, headroom->mhz / mhz_per_ghz, 1);
    grid_number(grid, headroom->has_memory, headroom->memory_kib / kib_per_gb, 1);
    grid_text(grid, !known ? NULL : headroom->holds_peak ? "yes" : "no");
    grid_number(grid, headroom->has_more, headroom->more_average, 0);
    grid_number(grid, headroom->has_more, headroom->more_large, 0);
    grid_end_row(grid, NULL, NULL);
    free(failed);
}

/* A cluster has two rows, which stay together. */
static size_t headroom_rows(const struct capacity *one) {
    return one->spare ? 2 : 1;
}

struct grid *section_headroom(struct findings *findings, size_t rows) {
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
        grid_new("Headroom: left at the p95 of demand, with no host and with the largest failed",
                 columns, G_N_ELEMENTS(columns));
    GPtrArray *list = section_capacities(findings);
    size_t all = 0;
    for (guint i = 0; i < list->len; i++) {
        const struct capacity *one = g_ptr_array_index(list, i);
        all += headroom_rows(one);
        if (i && all > rows)
            continue;
        put_headroom(grid, one, 0, &one->now);
        if (one->spare)
            put_headroom(grid, one, one->spare, &one->failed);
    }
    grid->all = all;
    g_ptr_array_free(list, TRUE);
    return grid;
}

/* Days until demand takes all; infinite when it may never. */
static double days_of(const struct capacity *one) {
    const struct growth *mhz = &one->mhz_growth, *memory = &one->memory_growth;
    return MIN(mhz->ends ? mhz->days : INFINITY, memory->ends ? memory->days : INFINITY);
}

static gint compare_days(gconstpointer a, gconstpointer b) {
    const struct capacity *left = *(struct capacity *const *)a;
    const struct capacity *right = *(struct capacity *const *)b;
    double mine = days_of(left), other = days_of(right);
    int kinds = compare_kinds(left, right);
    if (kinds || mine != other)
        return kinds ? kinds : mine < other ? -1 : 1;
    return compare_fullness(a, b);
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

struct grid *section_trends(struct findings *findings, size_t rows) {
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
    struct grid *grid =
        grid_new("Trend of daily averages: fewest days left first", columns, G_N_ELEMENTS(columns));
    GPtrArray *list = section_capacities(findings);
    g_ptr_array_sort(list, compare_days);
    for (guint i = 0; i < list->len && i < rows; i++) {
        const struct capacity *one = g_ptr_array_index(list, i);
        grid_text(grid, one->name);
        put_growth(grid, &one->mhz_growth, mhz_per_ghz);
        put_growth(grid, &one->memory_growth, kib_per_gb);
        grid_end_row(grid, NULL, NULL);
    }
    grid->all = list->len;
    g_ptr_array_free(list, TRUE);
    return grid;
}
