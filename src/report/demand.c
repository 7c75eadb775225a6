/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/demand.h"

#include <stdbool.h>
#include <stdlib.h>

#include "core/memory.h"

GArray *demand_find(const GArray *parts, int32_t interval) {
    for (guint i = 0; i < parts->len; i++) {
        const struct demand_part *part = &g_array_index(parts, struct demand_part, i);
        if (part->interval == interval)
            return part->samples;
    }
    return NULL;
}

GArray *demand_part(GArray **parts, int32_t interval) {
    if (!*parts)
        *parts = g_array_new(FALSE, FALSE, sizeof(struct demand_part));
    GArray *samples = demand_find(*parts, interval);
    if (samples)
        return samples;
    struct demand_part part = {interval, g_array_new(FALSE, FALSE, sizeof(struct sample))};
    g_array_append_val(*parts, part);
    return part.samples;
}

size_t demand_count(const GArray *parts) {
    size_t count = 0;
    for (guint i = 0; i < parts->len; i++)
        count += g_array_index(parts, struct demand_part, i).samples->len;
    return count;
}

void demand_free(GArray *parts) {
    for (guint i = 0; parts && i < parts->len; i++)
        g_array_free(g_array_index(parts, struct demand_part, i).samples, TRUE);
    if (parts)
        g_array_free(parts, TRUE);
}

static struct sample *at(GArray *samples, guint index) {
    return &g_array_index(samples, struct sample, index);
}

static bool is_sorted(GArray *samples) {
    for (guint i = 1; i < samples->len; i++)
        if (at(samples, i)->time <= at(samples, i - 1)->time)
            return false;
    return true;
}

static gint compare_times(gconstpointer a, gconstpointer b, gpointer unused) {
    int64_t left = ((const struct sample *)a)->time, right = ((const struct sample *)b)->time;
    (void)unused;
    return (left > right) - (left < right);
}

void demand_sort(GArray *samples) {
    guint kept = 0;
    if (is_sorted(samples))
        return;
    g_array_sort_with_data(samples, compare_times, NULL); /* stable */
    for (guint i = 0; i < samples->len; i++) {
        kept -= kept && at(samples, kept - 1)->time == at(samples, i)->time;
        *at(samples, kept++) = *at(samples, i);
    }
    g_array_set_size(samples, kept);
}

/* Adds the value of this time; *next moves there. */
static bool add_at(GArray *samples, guint *next, struct sample *sum) {
    while (*next < samples->len && at(samples, *next)->time < sum->time)
        ++*next;
    if (*next == samples->len || at(samples, *next)->time != sum->time)
        return false;
    int64_t value = at(samples, *next)->value;
    if (__builtin_add_overflow(sum->value, value, &sum->value))
        sum->value = value < 0 ? INT64_MIN : INT64_MAX;
    return true;
}

GArray *demand_add_up(GArray *const *lists, size_t count) {
    guint *next = memory_array(count + 1, sizeof *next), most = count ? lists[0]->len : 0, kept = 0;
    GArray *sums = g_array_sized_new(FALSE, FALSE, sizeof(struct sample), most);
    g_array_set_size(sums, most);
    for (guint i = 0; i < most; i++) {
        struct sample sum = *at(lists[0], i);
        bool complete = true;
        for (size_t k = 1; complete && k < count; k++)
            complete = add_at(lists[k], &next[k], &sum);
        if (complete)
            *at(sums, kept++) = sum;
    }
    g_array_set_size(sums, kept);
    free(next);
    return sums;
}
