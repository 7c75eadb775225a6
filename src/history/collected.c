/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/collected.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "history/collected_columns.h"

void collected_init(struct collected *collected, const int64_t *ids, size_t count) {
    *collected = (struct collected){.count = count, .after = INT64_MIN, .until = INT64_MAX};
    collected->series = memory_array(count + 1, sizeof *collected->series);
    for (size_t i = 0; i < count; i++)
        collected->series[i].id = ids[i];
}

static void free_times(gpointer data) {
    struct collected_times *times = data;
    free(times->times);
    free(times);
}

void collected_in_columns(struct collected *collected) {
    collected->times = g_ptr_array_new_with_free_func(free_times);
}

void collected_done(struct collected *collected) {
    for (size_t i = 0; i < collected->count; i++) {
        free(collected->series[i].samples);
        free(collected->series[i].values);
    }
    free(collected->series);
    if (collected->times)
        g_ptr_array_free(collected->times, TRUE);
    if (collected->room_for_values)
        g_array_free(collected->room_for_values, TRUE);
    if (collected->bytes) {
        g_byte_array_free(collected->bytes, TRUE);
        g_array_free(collected->waiting, TRUE);
    }
    *collected = (struct collected){0};
}

static int compare_ids(const void *key, const void *element) {
    int64_t id = *(const int64_t *)key;
    const struct collected_series *series = element;
    return (id > series->id) - (id < series->id);
}

struct collected_series *collected_find(const struct collected *collected, int64_t id) {
    return bsearch(&id, collected->series, collected->count, sizeof *collected->series,
                   compare_ids);
}

static void reserve(struct collected_series *series, size_t more) {
    if (series->count + more <= series->capacity)
        return;
    size_t capacity = MAX(series->count + more, series->capacity * 2);
    series->samples =
        memory_check(reallocarray(series->samples, capacity, sizeof *series->samples));
    series->capacity = capacity;
}

/* So many samples stand behind those of the series: the ones in the stretch of time are taken. */
static void take(const struct collected *collected, struct collected_series *series, size_t count) {
    struct sample *begin = series->samples + series->count, *end = begin + count;
    struct sample *place = begin;
    while (begin < end && begin->time <= collected->after)
        begin++;
    while (end > begin && end[-1].time > collected->until)
        end--;
    size_t more = (size_t)(end - begin);
    if (!more)
        return;
    if (begin > place)
        memmove(place, begin, more * sizeof *place);
    if (series->count && place[-1].time >= place->time)
        series->disordered = true;
    series->count += more;
}

void collected_append(struct collected *collected, struct collected_series *series,
                      const struct sample *samples, size_t count) {
    if (!count)
        return;
    if (collected->times) {
        columns_append(collected, series, samples, count);
        return;
    }
    reserve(series, count);
    memcpy(series->samples + series->count, samples, count * sizeof *samples);
    take(collected, series, count);
}

void collected_expect(const struct collected *collected, size_t index, size_t samples) {
    struct collected_series *series = &collected->series[index];
    if (collected->times)
        columns_reserve(series, samples);
    else
        reserve(series, samples);
}

/* Room for values that become samples once they are there. */
static int64_t *room_for(struct collected *collected, size_t count) {
    if (!collected->room_for_values)
        collected->room_for_values = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (collected->room_for_values->len < count)
        g_array_set_size(collected->room_for_values, (guint)count);
    return (int64_t *)(void *)collected->room_for_values->data;
}

static int64_t *place(void *context, int64_t id, size_t count) {
    struct collected *collected = context;
    collected->placed = collected_find(collected, id);
    if (!collected->placed)
        return NULL;
    return collected->times ? columns_reserve(collected->placed, count)
                            : room_for(collected, count);
}

static void on_series(void *context, const struct block_column *column) {
    struct collected *collected = context;
    struct collected_series *series = collected->placed;
    if (collected->times) {
        columns_take(collected, series, column);
        return;
    }
    reserve(series, column->count);
    block_samples(column, series->samples + series->count);
    take(collected, series, column->count);
}

static struct block_visitor visitor_of(struct collected *collected) {
    return (struct block_visitor){
        .context = collected,
        .first = collected->series[0].id,
        .last = collected->series[collected->count - 1].id,
        .place = place,
        .room = collected->room,
        .series = on_series,
    };
}

bool collected_add(struct collected *collected, const void *data, size_t size,
                   struct error *error) {
    if (!collected->count)
        return true;
    const struct block_visitor visitor = visitor_of(collected);
    bool good = block_decode(data, size, &visitor, error);
    if (collected->times)
        columns_forget(collected);
    return good;
}

void collected_defer(struct collected *collected, size_t size) {
    collected->bytes = g_byte_array_sized_new((guint)size);
    collected->waiting = g_array_new(FALSE, FALSE, sizeof(struct collected_block));
}

/* Nothing waits: the room is for others. */
static void forget_read(struct collected *collected) {
    g_byte_array_set_size(collected->bytes, 0);
    g_array_set_size(collected->waiting, 0);
    collected->next = 0;
}

bool collected_keep(struct collected *collected, const void *data, size_t size, int64_t hour,
                    struct error *error) {
    if (collected->next == collected->waiting->len)
        forget_read(collected);
    struct collected_block block = {.hour = hour, .begin = collected->bytes->len};
    if (!block_unpack(collected->room, data, size, collected->bytes, error))
        return false;
    block.size = collected->bytes->len - block.begin;
    g_array_append_val(collected->waiting, block);
    return true;
}

const struct collected_block *collected_next(struct collected *collected, struct error *damaged) {
    if (!collected->waiting || collected->next == collected->waiting->len)
        return NULL;
    const struct collected_block *block =
        &g_array_index(collected->waiting, struct collected_block, collected->next++);
    const struct block_visitor visitor = visitor_of(collected);
    (void)!block_read(collected->bytes->data + block->begin, block->size, &visitor, damaged);
    if (collected->times)
        columns_forget(collected);
    return block;
}

static bool is_sorted(const struct sample *samples, size_t count) {
    for (size_t i = 1; i < count; i++)
        if (samples[i].time <= samples[i - 1].time)
            return false;
    return true;
}

static int compare_times(const void *a, const void *b) {
    int64_t left = ((const struct sample *)a)->time, right = ((const struct sample *)b)->time;
    return (left > right) - (left < right);
}

/* g_qsort_with_data is stable; qsort need not be. */
static int compare_with_data(const void *a, const void *b, void *unused) {
    (void)unused;
    return compare_times(a, b);
}

size_t samples_sort(struct sample *samples, size_t count) {
    if (is_sorted(samples, count))
        return count;
    g_qsort_with_data(samples, (gint)count, sizeof *samples, compare_with_data, NULL);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        kept -= kept && samples[kept - 1].time == samples[i].time;
        samples[kept++] = samples[i];
    }
    return kept;
}

void collected_sort(struct collected *collected) {
    for (size_t i = 0; i < collected->count; i++) {
        struct collected_series *series = &collected->series[i];
        if (series->disordered && collected->times)
            columns_sort(collected, series);
        else if (series->disordered)
            series->count = samples_sort(series->samples, series->count);
        series->disordered = false;
    }
}
