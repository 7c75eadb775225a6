/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/sentence_parts.h"

#include <stdlib.h>

#include "core/memory.h"
#include "report/words.h"

char *sentence_intervals(const struct findings *findings) {
    char *shortest = words_duration(findings->shortest);
    if (findings->shortest == findings->longest)
        return shortest;
    char *longest = words_duration(findings->longest);
    char *both = memory_printf("%s to %s", shortest, longest);
    free(shortest);
    free(longest);
    return both;
}

char *sentence_hours_end(const struct findings *findings) {
    int64_t until = findings->order.hours_until;
    return findings->last_time && until > findings->begin_time ? words_time(until) : NULL;
}

bool sentence_lacks(const struct findings *findings, enum usage_metric metric) {
    for (size_t i = 0; i < findings->guest_count; i++)
        if (measure_known(&findings->guests[i].guest->measures[metric]))
            return false;
    return findings->guest_count > 0;
}

void sentence_append(GString *list, const char *text) {
    g_string_append_printf(list, "%s%s", list->len ? ", " : "", text);
}
