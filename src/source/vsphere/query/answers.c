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

static int compare_places(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static bool is_sorted(const struct vim_entity_metric *part) {
    for (size_t i = 1; i < part->series_count; i++)
        if (part->series[i].counter_id < part->series[i - 1].counter_id)
            return false;
    return true;
}

/* Those of one counter stay in their order. */
void answers_sort(struct vim_entity_metric *part) {
    size_t count = part->series_count;
    if (is_sorted(part))
        return;
    uint64_t *places = memory_array(count, sizeof *places);
    struct vim_series *series = memory_array(count, sizeof *series);
    for (size_t i = 0; i < count; i++) {
        uint64_t id = (uint64_t)part->series[i].counter_id + (UINT64_C(1) << 31);
        places[i] = id << 32 | (uint32_t)i;
    }
    qsort(places, count, sizeof *places, compare_places);
    for (size_t i = 0; i < count; i++)
        series[i] = part->series[(uint32_t)places[i]];
    memcpy(part->series, series, count * sizeof *series);
    free(series);
    free(places);
}

void answers_done(struct answers *answers) {
    g_hash_table_destroy(answers->first);
    free(answers->next);
}
