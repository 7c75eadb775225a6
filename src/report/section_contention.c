/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/section_lists.h"

#include <stdlib.h>

#include "core/memory.h"

enum { PERCENTILE = 95, MINUTE_SECONDS = 60 };

static const double kib_per_gb = 1024.0 * 1024.0, mhz_per_ghz = 1000;

/* How much more than its limit a figure is. */
struct excess {
    const char *of; /* NULL: nothing waited */
    double times;
};

static const struct {
    const char *name;
    enum usage_metric metric;
    enum sizing_rule rule;
    bool of_memory; /* the limit is a percentage of the guest's memory */
} kinds[] = {
    {"ready", USAGE_READY, RULE_READY_LIMIT, false},
    {"co-stop", USAGE_COSTOP, RULE_READY_LIMIT, false},
    {"balloon", USAGE_BALLOON, RULE_RECLAIM_LIMIT, true},
    {"swap", USAGE_SWAPPED, RULE_RECLAIM_LIMIT, true},
    {"drops", USAGE_DROPS, RULE_DROPS_LIMIT, false},
};

/* A limit of 0 is one that everything exceeds. */
static void note_excess(struct excess *excess, const char *of, double value, double limit) {
    static const double least = 1e-3;
    double times = value / MAX(limit, least);
    if (value > 0 && (!excess->of || times > excess->times))
        *excess = (struct excess){of, times};
}

/* By the figure that is worst. Every disk has a latency: it is contention above its limit. */
static struct excess excess_of(const struct usage_entity *guest, const struct sizing_rules *rules) {
    struct excess excess = {NULL, 0};
    double memory = (double)guest->entity->memory_kib;
    double latency_limit = rules->value[RULE_LATENCY_LIMIT];
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        double peak = guest->measures[kinds[i].metric].peak;
        double limit = rules->value[kinds[i].rule];
        if (!kinds[i].of_memory)
            note_excess(&excess, kinds[i].name, peak, limit);
        else if (peak > 0) /* of an unknown memory, all of it */
            note_excess(&excess, kinds[i].name, memory > 0 ? 100 * peak / memory : 100, limit);
    }
    if (guest->latency_peak > latency_limit)
        note_excess(&excess, "latency", guest->latency_peak, latency_limit);
    return excess;
}

struct waiting_guest {
    const struct finding *finding;
    struct excess excess;
};

static gint compare_excess(gconstpointer a, gconstpointer b) {
    const struct waiting_guest *left = a, *right = b;
    if (left->excess.times != right->excess.times)
        return left->excess.times < right->excess.times ? 1 : -1;
    return entity_compare(left->finding->guest->entity, right->finding->guest->entity);
}

/* struct waiting_guest: those of which a figure is farthest above its limit first. */
static GArray *list_waiting(const struct findings *findings) {
    GArray *list = g_array_new(FALSE, FALSE, sizeof(struct waiting_guest));
    for (size_t i = 0; i < findings->guest_count; i++) {
        const struct finding *one = &findings->guests[i];
        struct waiting_guest waiting = {one, excess_of(one->guest, &findings->order.rules)};
        if (waiting.excess.of)
            g_array_append_val(list, waiting);
    }
    g_array_sort(list, compare_excess);
    return list;
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
    const struct neighbours_moment moment = {guest->entity, guest->waited_on, ready->peak_time,
                                             ready->peak_interval};
    if (measure_known(ready) && ready->peak > 0)
        noisy = neighbours_find(usage_neighbours(findings->usage), &moment, guest, &mhz);
    grid_text(grid, noisy ? noisy->entity->name : NULL);
    grid_number(grid, noisy, mhz / mhz_per_ghz, 1);
}

static void put_peak_at(struct grid *grid, const struct measure *measure, double unit,
                        int decimals) {
    put_peak(grid, measure, unit, decimals);
    grid_time(grid, measure_known(measure) && measure->peak > 0, measure->peak_time);
}

static void put_contended(struct grid *grid, const struct findings *findings,
                          const struct waiting_guest *one) {
    struct usage_entity *guest = one->finding->guest;
    struct measure *measures = guest->measures, *ready = &measures[USAGE_READY];
    bool latency = weighted_mean_known(&guest->latency);
    grid_text(grid, guest->entity->name);
    grid_text(grid, one->excess.of);
    grid_number(grid, true, one->excess.times, 2);
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
    static const char limits[] =
        "its peak / its limit: ready-limit (ready and co-stop), reclaim-limit of the memory "
        "(balloon and swap), latency-limit, drops-limit, which are rules";
    char *above = memory_printf("min >%g %%", findings->order.rules.value[RULE_READY_LIMIT]);
    const struct grid_column columns[] = {
        {"name", false, NULL},
        {"worst", false, "the figure of which the peak is farthest above its limit"},
        {"x limit", true, limits},
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
    struct grid *grid = grid_new("Contention: highest values, farthest above the limit first",
                                 columns, G_N_ELEMENTS(columns));
    GArray *list = list_waiting(findings);
    for (guint i = 0; i < list->len && i < rows; i++)
        put_contended(grid, findings, &g_array_index(list, struct waiting_guest, i));
    grid->all = list->len;
    g_array_free(list, TRUE);
    free(above);
    return grid;
}
