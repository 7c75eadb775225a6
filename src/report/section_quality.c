/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/section_lists.h"

#include <stdlib.h>

#include "core/memory.h"

enum { MINUTE_SECONDS = 60 };

/* What samples of CPU usage cover of the window. */
static double coverage_of(const struct findings *findings, const struct usage_entity *one) {
    return measure_coverage(&one->measures[USAGE_CPU], findings->window_seconds);
}

static gint compare_coverage(gconstpointer a, gconstpointer b, gpointer context) {
    const struct usage_entity *left = *(struct usage_entity *const *)a;
    const struct usage_entity *right = *(struct usage_entity *const *)b;
    double mine = coverage_of(context, left), other = coverage_of(context, right);
    if (mine != other)
        return mine < other ? -1 : 1;
    return entity_compare(left->entity, right->entity);
}

static void put_coverage(struct grid *grid, const struct findings *findings,
                         const struct usage_entity *one) {
    const struct measure *cpu = &one->measures[USAGE_CPU];
    bool known = measure_known(cpu);
    grid_text(grid, one->entity->name);
    grid_text(grid, entity_type_name(one->entity->type));
    grid_number(grid, true, coverage_of(findings, one), 1);
    grid_time(grid, known, cpu->begin_time);
    grid_time(grid, known, cpu->last_time);
    grid_number(grid, known, cpu->shortest, 0);
    grid_number(grid, known, cpu->longest, 0);
    grid_text(grid, entity_state_name(one->entity->state));
    grid_end_row(grid, NULL, NULL);
}

struct grid *section_coverage(struct findings *findings, size_t rows) {
    static const double whole = 99.5;
    static const struct grid_column columns[] = {
        {"name", false, NULL},
        {"type", false, NULL},
        {"covered %", true, "seconds of the samples of cpu.usage.average / seconds of the window"},
        {"from", false, "beginning of the first interval, UTC"},
        {"until", false, "end of the last one, UTC"},
        {"interval s", true, "the shortest"},
        {"longest s", true, "interval"},
        {"state", false, NULL},
    };
    struct grid *grid = grid_new("Coverage: guests and hosts with less than 99.5 % of the window",
                                 columns, G_N_ELEMENTS(columns));
    GPtrArray *list = g_ptr_array_new();
    for (size_t i = 0; i < usage_count(findings->usage); i++) {
        struct usage_entity *one = usage_at(findings->usage, i);
        bool counts = one->entity->type == ENTITY_VM || one->entity->type == ENTITY_HOST;
        if (counts && coverage_of(findings, one) < whole)
            g_ptr_array_add(list, one);
    }
    g_ptr_array_sort_with_data(list, compare_coverage, findings);
    for (guint i = 0; i < list->len && i < rows; i++)
        put_coverage(grid, findings, g_ptr_array_index(list, i));
    grid->all = list->len;
    g_ptr_array_free(list, TRUE);
    return grid;
}

static void put_counter(struct grid *grid, const struct findings *findings,
                        enum usage_metric metric) {
    size_t known = 0, approximate = 0;
    for (size_t i = 0; i < findings->guest_count; i++) {
        const struct measure *measure = &findings->guests[i].guest->measures[metric];
        known += measure_known(measure);
        approximate += measure_known(measure) && measure->approximate;
    }
    grid_text(grid, usage_metric_counter(metric));
    grid_number(grid, true, (double)known, 0);
    grid_number(grid, true, (double)(findings->guest_count - known), 0);
    grid_number(grid, true, (double)approximate, 0);
    grid_end_row(grid, NULL, NULL);
}

struct grid *section_counters(struct findings *findings, size_t rows) {
    static const struct grid_column columns[] = {
        {"counter", false, NULL},
        {"guests with it", true, "with samples in the window"},
        {"without", true, "off, or their hypervisor has no such counter"},
        {"approximate", true, "of those with it: 'vperf counters' tells the formulas"},
    };
    (void)rows;
    struct grid *grid =
        grid_new("Counters: what is known of guests", columns, G_N_ELEMENTS(columns));
    for (int i = 0; i < USAGE_METRICS; i++)
        if (usage_metric_of_guests((enum usage_metric)i))
            put_counter(grid, findings, (enum usage_metric)i);
    return grid;
}

struct grid *section_gaps(struct findings *findings, size_t rows) {
    static const struct grid_column columns[] = {
        {"name", false, NULL},
        {"type", false, NULL},
        {"after", false, "the last sample before, UTC"},
        {"until", false, "the last one that is missing, UTC"},
        {"minutes", true, NULL},
        {"interval s", true, "of the samples that are missing"},
        {"reason", false, NULL},
    };
    struct grid *grid =
        grid_new("Gaps: samples that the history lacks", columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < findings->gaps->len && i < rows; i++) {
        const struct findings_gap *gap = g_ptr_array_index(findings->gaps, i);
        grid_text(grid, gap->name);
        grid_text(grid, gap->type);
        grid_time(grid, true, gap->after);
        grid_time(grid, true, gap->until);
        grid_number(grid, true, (double)(gap->until - gap->after) / MINUTE_SECONDS, 1);
        grid_number(grid, true, gap->interval, 0);
        grid_text(grid, gap->reason);
        grid_end_row(grid, NULL, NULL);
    }
    grid->all = findings->gaps->len;
    return grid;
}
