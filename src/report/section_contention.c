/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/section_lists.h"

#include <stdlib.h>

#include "core/memory.h"

enum { PERCENTILE = 95, MINUTE_SECONDS = 60 };

static const double kib_per_gb = 1024.0 * 1024.0, mhz_per_ghz = 1000;

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

/* Who used most CPU on the same host when the guest waited most. */
static void put_neighbour(struct grid *grid, const struct findings *findings,
                          const struct usage_entity *guest) {
    const struct measure *ready = &guest->measures[USAGE_READY];
    double mhz = 0;
    const struct usage_entity *noisy = NULL;
    if (measure_known(ready) && ready->peak > 0)
        noisy = neighbours_find(usage_neighbours(findings->usage), guest->entity, guest->waited_on,
                                ready->peak_time, guest, &mhz);
    grid_text(grid, noisy ? noisy->entity->name : NULL);
    grid_number(grid, noisy, mhz / mhz_per_ghz, 1);
}

static void put_peak_at(struct grid *grid, const struct measure *measure, double unit,
                        int decimals) {
    put_peak(grid, measure, unit, decimals);
    grid_time(grid, measure_known(measure) && measure->peak > 0, measure->peak_time);
}

static void put_contended(struct grid *grid, const struct findings *findings,
                          const struct finding *one) {
    const struct usage_entity *guest = one->guest;
    struct measure *measures = one->guest->measures, *ready = &measures[USAGE_READY];
    bool latency = weighted_mean_known(&guest->latency);
    grid_text(grid, guest->entity->name);
    put_peak(grid, ready, 1, 2);
    grid_time(grid, measure_known(ready), ready->peak_time);
    grid_number(grid, measure_known(ready), measure_percentile(ready, PERCENTILE), 2);
    grid_number(grid, measure_known(ready), (double)ready->seconds_above / MINUTE_SECONDS, 1);
    put_neighbour(grid, findings, guest);
    put_peak_at(grid, &measures[USAGE_COSTOP], 1, 2);
    put_peak_at(grid, &measures[USAGE_BALLOON], kib_per_gb, 1);
    put_peak_at(grid, &measures[USAGE_SWAPPED], kib_per_gb, 1);
    grid_number(grid, latency, weighted_mean_value(&guest->latency), 1);
    grid_number(grid, latency, guest->latency_peak, 0);
    grid_time(grid, latency, guest->latency_peak_time);
    put_peak_at(grid, &measures[USAGE_DROPS], 1, 2);
    grid_end_row(grid, NULL, NULL);
}

struct grid *section_contention(struct findings *findings, size_t rows) {
    static const char at[] = "end of the interval with this peak, UTC";
    char *above = memory_printf("min >%g %%", findings->order.rules.value[RULE_READY_LIMIT]);
    const struct grid_column columns[] = {
        {"name", false, NULL},
        {"ready %", true, "peak of cpu.ready.summation / interval / vCPUs"},
        {"at", false, "end of the interval with the peak of ready, UTC"},
        {"p95", true, "of ready"},
        {above, true, "minutes of the samples of ready above the limit"},
        {"noisy beside it", false, "the other guest of its host that used most CPU at that time"},
        {"GHz", true, "cpu.usagemhz.average of that guest then"},
        {"co-stop", true, "peak of cpu.costop.summation / interval / vCPUs, percent"},
        {"at", false, at},
        {"balloon GB", true, "peak of mem.vmmemctl.average"},
        {"at", false, at},
        {"swap GB", true, "peak of mem.swapped.average"},
        {"at", false, at},
        {"latency ms", true, "virtualDisk.total…Latency.average, mean weighted by requests"},
        {"peak", true, "highest latency of a disk in an interval with requests"},
        {"at", false, at},
        {"drops/s", true, "peak of net.droppedRx.summation / interval"},
        {"at", false, at},
    };
    struct grid *grid = grid_new("Contention: highest values", columns, G_N_ELEMENTS(columns));
    GPtrArray *list = g_ptr_array_new();
    for (size_t i = 0; i < findings->guest_count; i++)
        if (is_contended(&findings->guests[i]))
            g_ptr_array_add(list, &findings->guests[i]);
    g_ptr_array_sort(list, compare_ready);
    for (guint i = 0; i < list->len && i < rows; i++)
        put_contended(grid, findings, g_ptr_array_index(list, i));
    grid->all = list->len;
    g_ptr_array_free(list, TRUE);
    free(above);
    return grid;
}
