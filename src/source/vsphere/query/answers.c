/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/query/answers.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

void answers_init(struct answers *answers, struct vim_entity_metric *metrics, size_t count) {
    size_t *last = memory_array(count + 1, sizeof *last); /* part of an entity, by its first */
    *answers = (struct answers){.metrics = metrics};
    answers->first = g_hash_table_new(g_str_hash, g_str_equal);
    answers->next = memory_array(count + 1, sizeof *answers->next);
    for (size_t i = 0; i < count; i++) {
        char *id = (char *)metrics[i].entity.value;
        size_t first = id ? GPOINTER_TO_SIZE(g_hash_table_lookup(answers->first, id)) : 0;
        if (first)
            answers->next[last[first - 1]] = i + 1;
        else if (id)
            g_hash_table_insert(answers->first, id, GSIZE_TO_POINTER(i + 1));
        last[first ? first - 1 : i] = i;
    }
    free(last);
}

/* What a part has, to be found: its series, and the numbers of its times + 1. */
struct contents {
    GHashTable *series;
    GHashTable *times;
};

static guint hash_series(gconstpointer key) {
    const struct vim_series *series = key;
    return g_str_hash(series->instance) * 31 + (guint)series->counter_id;
}

static gboolean is_same_series(gconstpointer a, gconstpointer b) {
    const struct vim_series *left = a, *right = b;
    return left->counter_id == right->counter_id && g_str_equal(left->instance, right->instance);
}

static bool is_readable(const struct vim_entity_metric *part, const struct vim_series *series) {
    return !series->malformed && series->count == part->sample_count;
}

static void read_contents(struct contents *contents, const struct vim_entity_metric *part) {
    contents->series = g_hash_table_new(hash_series, is_same_series);
    contents->times = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (size_t i = 0; i < part->series_count; i++)
        if (is_readable(part, &part->series[i]))
            g_hash_table_add(contents->series, &part->series[i]);
    for (size_t i = 0; i < part->sample_count; i++)
        g_hash_table_insert(contents->times, &part->times[i], GSIZE_TO_POINTER(i + 1));
}

static void free_contents(struct contents *contents) {
    g_hash_table_destroy(contents->series);
    g_hash_table_destroy(contents->times);
}

static bool has_value(const struct vim_series *series, size_t index) {
    return series->values[index] != -1 && series->values[index] != VIM_ABSENT;
}

static void drop_known(const struct contents *known, const struct vim_entity_metric *before,
                       const struct vim_entity_metric *part) {
    for (size_t i = 0; i < part->series_count; i++) {
        struct vim_series *series = &part->series[i];
        const struct vim_series *other =
            is_readable(part, series) ? g_hash_table_lookup(known->series, series) : NULL;
        for (size_t k = 0; other && k < series->count; k++) {
            size_t at = GPOINTER_TO_SIZE(g_hash_table_lookup(known->times, &part->times[k]));
            if (at && before->intervals[at - 1] == part->intervals[k] && has_value(other, at - 1))
                series->values[k] = VIM_ABSENT;
        }
    }
}

static void drop_doubles(const struct answer *answer) {
    for (size_t i = 0; i + 1 < answer->count; i++) {
        struct contents known;
        read_contents(&known, answer->parts[i]);
        for (size_t k = i + 1; k < answer->count; k++)
            drop_known(&known, answer->parts[i], answer->parts[k]);
        free_contents(&known);
    }
}

void answers_find(const struct answers *answers, const char *id, struct answer *answer) {
    *answer = (struct answer){.count = 0};
    size_t number = GPOINTER_TO_SIZE(g_hash_table_lookup(answers->first, id));
    for (; number; number = answers->next[number - 1])
        if (answer->count < ANSWERS_PARTS)
            answer->parts[answer->count++] = &answers->metrics[number - 1];
        else
            answer->left_out++;
    if (answer->count > 1)
        drop_doubles(answer);
}

static bool is_sorted(const struct vim_entity_metric *part) {
    for (size_t i = 1; i < part->series_count; i++)
        if (part->series[i].counter_id < part->series[i - 1].counter_id)
            return false;
    return true;
}

static unsigned byte_of(const struct vim_series *series, int byte) {
    uint32_t ordered = (uint32_t)series->counter_id ^ UINT32_C(1) << 31; /* as it is signed */
    return ordered >> 8 * byte & 0xFF;
}

/* One pass of a radix sort. */
static void sort_by_byte(struct vim_series *to, const struct vim_series *from, size_t count,
                         int byte) {
    uint32_t places[257] = {0};
    for (size_t i = 0; i < count; i++)
        places[byte_of(&from[i], byte) + 1]++;
    for (size_t i = 1; i < 256; i++)
        places[i] += places[i - 1];
    for (size_t i = 0; i < count; i++)
        to[places[byte_of(&from[i], byte)]++] = from[i];
}

/* The bits in which the counters of the series differ. */
static uint32_t differences(const struct vim_entity_metric *part) {
    uint32_t bits = 0;
    for (size_t i = 1; i < part->series_count; i++)
        bits |= (uint32_t)part->series[i].counter_id ^ (uint32_t)part->series[0].counter_id;
    return bits;
}

/*
 * Those of one counter stay in their order. Counters have small numbers, mostly: two passes take a
 * third of the instructions of qsort(3).
 */
void answers_sort(struct vim_entity_metric *part) {
    size_t count = part->series_count;
    if (is_sorted(part))
        return;
    struct vim_series *other = memory_array(count, sizeof *other);
    struct vim_series *from = part->series, *to = other;
    uint32_t bits = differences(part);
    for (int byte = 0; byte < 4; byte++) {
        if (!(bits >> 8 * byte & 0xFF))
            continue;
        sort_by_byte(to, from, count, byte);
        struct vim_series *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != part->series)
        memcpy(part->series, from, count * sizeof *from);
    free(other);
}

void answers_done(struct answers *answers) {
    g_hash_table_destroy(answers->first);
    free(answers->next);
}
