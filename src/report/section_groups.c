/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/section_lists.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static const double kib_per_gb = 1024.0 * 1024.0, mhz_per_ghz = 1000;

/* The guests of one cluster, host or folder. */
struct group {
    enum findings_group kind;
    char *name; /* "" when it is not known */
    size_t guests;
    int64_t vcpus;
    double memory_kib;
    struct weighted_mean cpu; /* percent, weighted by vCPUs and the seconds that are known */
    double mhz;               /* sum of the averages */
    double consumed_kib;
    double needed_kib;
    double freed_kib;
    double ready_peak;
    size_t classes[SIZING_CLASSES];
};

static void free_group(gpointer data) {
    struct group *group = data;
    free(group->name);
    free(group);
}

static struct group *group_for(GPtrArray *groups, enum findings_group kind, const char *name) {
    for (guint i = 0; i < groups->len; i++) {
        struct group *group = g_ptr_array_index(groups, i);
        if (group->kind == kind && g_strcmp0(group->name, name ? name : "") == 0)
            return group;
    }
    struct group *group = memory_alloc(sizeof *group);
    group->kind = kind;
    group->name = memory_strdup(name ? name : "");
    g_ptr_array_add(groups, group);
    return group;
}

static void add_guest(struct group *group, const struct finding *finding) {
    const struct usage_entity *guest = finding->guest;
    const struct measure *measures = guest->measures, *cpu = &measures[USAGE_CPU];
    group->guests++;
    group->vcpus += guest->entity->cpus;
    group->memory_kib += (double)guest->entity->memory_kib;
    weighted_mean_add(&group->cpu, measure_average(cpu),
                      (double)guest->entity->cpus * (double)cpu->seconds);
    group->mhz += measure_average(&measures[USAGE_MHZ]);
    group->consumed_kib += measure_average(&measures[USAGE_CONSUMED]);
    group->needed_kib += measure_average(&measures[USAGE_NEED]);
    group->freed_kib += finding->advice.reclaimed_kib;
    group->ready_peak = MAX(group->ready_peak, measures[USAGE_READY].peak);
    group->classes[finding->advice.class]++;
}

/*
 * A guest counts for each of its tags. What stands between tags may stand in the name of one; a
 * piece without a category belongs to the tag before.
 */
static void add_tags(GPtrArray *groups, const struct finding *finding, const char *tags) {
    char **pieces = g_strsplit(tags, "; ", -1);
    GString *tag = g_string_new(NULL);
    for (char **piece = pieces; *piece; piece++) {
        g_string_append_printf(tag, "%s%s", tag->len ? "; " : "", *piece);
        if (piece[1] && !strchr(piece[1], ':'))
            continue;
        add_guest(group_for(groups, GROUP_TAG, tag->str), finding);
        g_string_truncate(tag, 0);
    }
    g_string_free(tag, TRUE);
    g_strfreev(pieces);
}

static gint compare_groups(gconstpointer a, gconstpointer b) {
    const struct group *left = *(struct group *const *)a, *right = *(struct group *const *)b;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    return g_strcmp0(left->name, right->name);
}

static void put_group(struct grid *grid, const struct group *group) {
    grid_text(grid, *group->name               ? group->name
                    : group->kind == GROUP_TAG ? "(none)"
                                               : "(not known)");
    grid_text(grid, findings_group_name(group->kind));
    grid_number(grid, true, (double)group->guests, 0);
    grid_number(grid, true, (double)group->vcpus, 0);
    grid_number(grid, true, group->memory_kib / kib_per_gb, 1);
    grid_number(grid, weighted_mean_known(&group->cpu), weighted_mean_value(&group->cpu), 2);
    grid_number(grid, group->mhz > 0, group->mhz / mhz_per_ghz, 1);
    grid_number(grid, group->consumed_kib > 0, group->consumed_kib / kib_per_gb, 1);
    grid_number(grid, group->needed_kib > 0, group->needed_kib / kib_per_gb, 1);
    grid_number(grid, true, group->ready_peak, 2);
    grid_number(grid, true, (double)group->classes[CLASS_UNDERSIZED], 0);
    grid_number(grid, true, (double)group->classes[CLASS_OVERSIZED], 0);
    grid_number(grid, true, (double)group->classes[CLASS_IDLE], 0);
    grid_number(grid, true, group->freed_kib / kib_per_gb, 1);
    grid_end_row(grid, NULL, NULL);
}

static GPtrArray *list_groups(const struct findings *findings) {
    GPtrArray *groups = g_ptr_array_new_with_free_func(free_group);
    for (int kind = 0; kind < FINDINGS_GROUPS; kind++) {
        if (!(findings->order.groups & 1U << kind))
            continue;
        for (size_t i = 0; i < findings->guest_count; i++) {
            const struct finding *finding = &findings->guests[i];
            const char *name = findings_group_of((enum findings_group)kind, finding->guest->entity);
            if (kind == GROUP_TAG && name && *name)
                add_tags(groups, finding, name);
            else
                add_guest(group_for(groups, (enum findings_group)kind, name), finding);
        }
    }
    g_ptr_array_sort(groups, compare_groups);
    return groups;
}

struct grid *section_groups(struct findings *findings, size_t rows) {
    static const char sums[] = "sum of the averages of the guests";
    static const struct grid_column columns[] = {
        {"name", false, NULL},
        {"kind", false, NULL},
        {"guests", true, NULL},
        {"vCPUs", true, NULL},
        {"GB", true, "memory that the guests are given"},
        {"CPU %", true, "mean of cpu.usage.average, weighted by vCPUs and known seconds"},
        {"CPU GHz", true, sums},
        {"consumed GB", true, sums},
        {"needed GB", true, "sum of the averages of those guests that tell it"},
        {"ready peak %", true, "the highest of a guest"},
        {"undersized", true, "guests"},
        {"oversized", true, "guests"},
        {"idle", true, "guests"},
        {"frees GB", true, "consumed memory beyond the advised sizes"},
    };
    struct grid *grid = grid_new("Groups: guests together", columns, G_N_ELEMENTS(columns));
    GPtrArray *groups = list_groups(findings);
    for (guint i = 0; i < groups->len && i < rows; i++)
        put_group(grid, g_ptr_array_index(groups, i));
    grid->all = groups->len;
    g_ptr_array_free(groups, TRUE);
    return grid;
}
