/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/section_lists.h"

/* Those with the highest and the lowest average. */
static void put_hours(struct grid *grid, const struct capacity *one) {
    size_t found[2] = {0, 0};
    bool known = hours_extremes(&one->hours, &found[0], &found[1]);
    grid_text(grid, one->name);
    for (size_t i = 0; i < G_N_ELEMENTS(found); i++) {
        char name[HOURS_NAME_SIZE];
        hours_name(name, found[i]);
        grid_text(grid, known ? name : NULL);
        grid_number(grid, known, weighted_mean_value(&one->hours.means[found[i]]), 1);
    }
    bool days = !known && one->hours.has_days;
    grid_number(grid, !days, (double)hours_missing(&one->hours), 0);
    grid_end_row(
        grid, days ? "No hours of the week: its samples are averages of whole days." : NULL, NULL);
    if (known)
        grid_set_hours(grid, &one->hours);
}

struct grid *section_hours(struct findings *findings, size_t rows) {
    static const char meaning[] = "average of cpu.usagemhz.average of the hosts in this hour (UTC) "
                                  "of all weeks, of cores x nominal MHz";
    static const struct grid_column columns[] = {
        {"name", false, NULL},
        {"busiest hour", false, meaning},
        {"CPU %", true, meaning},
        {"quietest", false, meaning},
        {"CPU %", true, meaning},
        {"hours not known", true, "of the 168 of a week: they have no sample"},
    };
    struct grid *grid = grid_new("Hours of the week: CPU demand of clusters and hosts", columns,
                                 G_N_ELEMENTS(columns));
    GPtrArray *list = section_capacities(findings);
    for (guint i = 0; i < list->len && i < rows; i++)
        put_hours(grid, g_ptr_array_index(list, i));
    grid->all = list->len;
    g_ptr_array_free(list, TRUE);
    return grid;
}
