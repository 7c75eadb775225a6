/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/sections.h"

#include "report/section_lists.h"

static bool has_hosts(const struct findings *findings) {
    return findings->capacity_count > 0;
}

static bool has_guests(const struct findings *findings) {
    return findings->guest_count > 0;
}

static bool has_spaces(const struct findings *findings) {
    return spaces_count(usage_spaces(findings->usage)) > 0;
}

static bool has_talkers(const struct findings *findings) {
    return findings->guest_count > 1;
}

static bool has_gaps(const struct findings *findings) {
    return findings->gaps->len > 0;
}

static bool has_groups(const struct findings *findings) {
    return findings->order.groups && findings->guest_count;
}

/* In the order in which they are shown. */
static const struct {
    bool (*applies)(const struct findings *findings);
    struct grid *(*list)(struct findings *findings, size_t rows);
} sections[] = {
    {has_hosts, section_hosts},           {has_hosts, section_headroom},
    {findings_has_trend, section_trends}, {has_guests, section_guests},
    {has_guests, section_waiting},        {has_guests, section_sizes},
    {has_spaces, section_spaces},         {has_guests, section_contention},
    {has_talkers, section_talkers},       {has_hosts, section_hours},
    {has_groups, section_groups},         {has_guests, section_coverage},
    {has_guests, section_counters},       {has_gaps, section_gaps},
};

GPtrArray *sections_list(struct findings *findings, size_t rows) {
    GPtrArray *list = g_ptr_array_new_with_free_func(grid_free);
    for (size_t i = 0; i < G_N_ELEMENTS(sections); i++)
        if (sections[i].applies(findings))
            g_ptr_array_add(list, sections[i].list(findings, rows));
    return list;
}
