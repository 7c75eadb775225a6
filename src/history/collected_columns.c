/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/collected_columns.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static struct collected_times *add_times(struct collected *collected, const int64_t *first,
                                         size_t count) {
    struct collected_times *times = memory_alloc(sizeof *times);
    times->times = memory_array(count + 1, sizeof *times->times);
    times->count = count;
    times->capacity = count + 1;
    if (count)
        memcpy(times->times, first, count * sizeof *first);
    g_ptr_array_add(collected->times, times);
    return times;
}

static void append_times(struct collected_times *times, const int64_t *more, size_t count) {
    if (times->count + count > times->capacity) {
        times->capacity = MAX(times->count + count, times->capacity * 2);
        times->times =
            memory_check(reallocarray(times->times, times->capacity, sizeof *times->times));
    }
    memcpy(times->times + times->count, more, count * sizeof *more);
    times->count += count;
}

/* Series of a block mostly have the same times at the same place: those are not looked at again. */
static bool is_known(const struct collected_times *times, size_t begin, const int64_t *more,
                     size_t count) {
    return times->known == more && times->known_count == count && times->begin == begin;
}

/* Those of another series may go on just as these do; else the series gets its own. */
static void extend_times(struct collected *collected, struct collected_series *series,
                         const int64_t *more, size_t count) {
    if (!series->times)
        series->times = collected->times->len ? g_ptr_array_index(collected->times, 0)
                                              : add_times(collected, NULL, 0);
    struct collected_times *times = series->times;
    size_t ahead = times->count - series->count;
    if (is_known(times, series->count, more, count))
        return;
    bool goes_on =
        ahead >= count && memcmp(times->times + series->count, more, count * sizeof *more) == 0;
    if (!goes_on && ahead)
        times = series->times = add_times(collected, times->times, series->count);
    if (!goes_on)
        append_times(times, more, count);
    times->known = more;
    times->known_count = count;
    times->begin = series->count;
}

void columns_forget(const struct collected *collected) {
    for (guint i = 0; i < collected->times->len; i++)
        ((struct collected_times *)g_ptr_array_index(collected->times, i))->known = NULL;
}

int64_t *columns_reserve(struct collected_series *series, size_t count) {
    if (series->count + count > series->capacity) {
        series->capacity = MAX(series->count + count, series->capacity * 2);
        series->values =
            memory_check(reallocarray(series->values, series->capacity, sizeof *series->values));
    }
    return series->values + series->count;
}

static void fill(int64_t *values, size_t count, int64_t value) {
    for (size_t i = 0; i < count; i++)
        values[i] = value;
}

/* So many values, from number begin of the column on, are those after the ones of the series. */
static void take_values(struct collected_series *series, const struct block_column *column,
                        size_t begin, size_t count) {
    int64_t *place = series->values + series->count;
    bool same = column->same && (!series->count || (series->same && *place == *series->values));
    if (!same && series->same)
        fill(series->values, series->count, *series->values);
    if (!same && column->same)
        fill(place, count, *place);
    else if (!same && begin)
        memmove(place, place + begin, count * sizeof *place);
    series->same = same;
}

void columns_take(struct collected *collected, struct collected_series *series,
                  const struct block_column *column) {
    const int64_t *times = column->times;
    size_t begin = 0, end = column->count;
    while (begin < end && times[begin] <= collected->after)
        begin++;
    while (end > begin && times[end - 1] > collected->until)
        end--;
    if (begin == end)
        return;
    if (series->count && collected_time(series, series->count - 1) >= times[begin])
        series->disordered = true;
    take_values(series, column, begin, end - begin);
    extend_times(collected, series, times + begin, end - begin);
    series->count += end - begin;
}

void columns_append(struct collected *collected, struct collected_series *series,
                    const struct sample *samples, size_t count) {
    int64_t *times = memory_array(count, sizeof *times);
    int64_t *values = columns_reserve(series, count);
    bool same = true;
    for (size_t i = 0; i < count; i++) {
        times[i] = samples[i].time;
        values[i] = samples[i].value;
        same = same && values[i] == values[0];
    }
    columns_take(collected, series, &(struct block_column){series->id, count, times, values, same});
    columns_forget(collected);
    free(times);
}

void columns_sort(struct collected *collected, struct collected_series *series) {
    struct sample *samples = memory_array(series->count + 1, sizeof *samples);
    block_samples(&(struct block_column){series->id, series->count, series->times->times,
                                         series->values, series->same},
                  samples);
    size_t count = samples_sort(samples, series->count);
    series->count = 0;
    series->same = false;
    series->times = add_times(collected, NULL, 0);
    for (size_t i = 0; i < count; i++) {
        append_times(series->times, &samples[i].time, 1);
        series->values[i] = samples[i].value;
    }
    series->count = count;
    free(samples);
}
