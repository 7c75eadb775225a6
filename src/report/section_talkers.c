/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/section_lists.h"

enum { PERCENTILE = 95, MOST = 10 };

static const struct kind {
    const char *name;
    enum usage_metric metric;
} kinds[] = {
    {"CPU MHz", USAGE_MHZ},
    {"disk KB/s", USAGE_DISK},
    {"network KB/s", USAGE_NET},
};

/* What a guest used in all: its rate times the seconds that are known. */
static double volume_of(const struct usage_entity *guest, enum usage_metric metric) {
    return guest->measures[metric].mean.sum;
}

static gint compare_volumes(gconstpointer a, gconstpointer b, gpointer metric) {
    const struct usage_entity *left = *(struct usage_entity *const *)a;
    const struct usage_entity *right = *(struct usage_entity *const *)b;
    enum usage_metric which = (enum usage_metric)GPOINTER_TO_INT(metric);
    double mine = volume_of(left, which), other = volume_of(right, which);
    if (mine != other)
        return mine > other ? -1 : 1;
    return entity_compare(left->entity, right->entity);
}

static void put_talker(struct grid *grid, const struct kind *kind, struct usage_entity *guest,
                       double total) {
    struct measure *measure = &guest->measures[kind->metric];
    grid_text(grid, guest->entity->name);
    grid_text(grid, kind->name);
    grid_number(grid, total > 0, 100 * volume_of(guest, kind->metric) / total, 1);
    grid_number(grid, true, measure_average(measure), 0);
    grid_number(grid, true, measure_percentile(measure, PERCENTILE), 0);
    grid_number(grid, true, measure->peak, 0);
    grid_time(grid, true, measure->peak_time);
    grid_text(grid, guest->entity->host);
    grid_end_row(grid, NULL, NULL);
}

static void list_kind(struct grid *grid, const struct findings *findings, const struct kind *kind,
                      size_t most) {
    GPtrArray *guests = g_ptr_array_new();
    double total = 0;
    for (size_t i = 0; i < findings->guest_count; i++) {
        struct usage_entity *guest = findings->guests[i].guest;
        if (guest->measures[kind->metric].peak <= 0)
            continue;
        total += volume_of(guest, kind->metric);
        g_ptr_array_add(guests, guest);
    }
    g_ptr_array_sort_with_data(guests, compare_volumes, GINT_TO_POINTER(kind->metric));
    for (guint i = 0; i < guests->len && i < most; i++)
        put_talker(grid, kind, g_ptr_array_index(guests, i), total);
    g_ptr_array_free(guests, TRUE);
}

struct grid *section_talkers(struct findings *findings, size_t rows) {
    static const char of[] = "cpu.usagemhz.average, disk.usage.average, net.usage.average";
    static const struct grid_column columns[] = {
        {"name", false, NULL},
        {"of", false, of},
        {"share %", true, "of what all guests used in the window"},
        {"average", true, of},
        {"p95", true, of},
        {"peak", true, of},
        {"at", false, "end of the interval with the peak, UTC"},
        {"host", false, "the one that it runs on"},
    };
    struct grid *grid = grid_new("Top talkers: who used most CPU, disk and network", columns,
                                 G_N_ELEMENTS(columns));
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        list_kind(grid, findings, &kinds[i], MIN(rows, MOST));
    return grid;
}
