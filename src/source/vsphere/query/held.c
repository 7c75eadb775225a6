/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/query/held.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

struct held_series {
    struct series series;
    char *instance;
    struct sample *samples;
};

void held_add(struct held *held, const struct series *series) {
    held->series = memory_grow(held->series, held->count, &held->capacity, sizeof *held->series);
    struct held_series *copy = &held->series[held->count++];
    copy->instance = memory_strdup(series->instance);
    copy->samples = memory_array(series->count, sizeof *copy->samples);
    memcpy(copy->samples, series->samples, series->count * sizeof *copy->samples);
    copy->series = *series;
    copy->series.instance = copy->instance;
    copy->series.samples = copy->samples;
}

static struct held_time *time_for(struct held *held, int64_t time) {
    for (size_t i = 0; i < held->time_count; i++)
        if (held->times[i].time == time)
            return &held->times[i];
    held->times =
        memory_grow(held->times, held->time_count, &held->time_capacity, sizeof *held->times);
    held->times[held->time_count] = (struct held_time){.time = time};
    return &held->times[held->time_count++];
}

void held_add_answer(struct held *held, const int64_t *times, size_t count) {
    held->answers++;
    held->parts += count && !held->again;
    for (size_t i = 0; i < count; i++) {
        struct held_time *time = time_for(held, times[i]);
        time->parts += time->answer != held->answers;
        time->answer = held->answers;
    }
}

int64_t held_newest(const struct held *held) {
    int64_t newest = INT64_MIN;
    for (size_t i = 0; i < held->time_count; i++)
        if (held->times[i].found && held->times[i].time > newest)
            newest = held->times[i].time;
    return newest;
}

void held_add_time(struct held *held, int64_t time) {
    time_for(held, time)->found = true;
}

static void drop_time(struct held_series *series, int64_t time) {
    size_t kept = 0;
    for (size_t i = 0; i < series->series.count; i++)
        if (series->samples[i].time != time)
            series->samples[kept++] = series->samples[i];
    series->series.count = kept;
}

void held_settle(struct held *held, int64_t after) {
    for (size_t i = 0; i < held->time_count; i++) {
        struct held_time *time = &held->times[i];
        if (!time->found || time->time <= after || time->parts == held->parts)
            continue;
        time->found = false;
        for (size_t k = 0; k < held->count; k++)
            drop_time(&held->series[k], time->time);
    }
}

bool held_emit(const struct held *held, struct known *known, const struct source_events *events,
               struct error *error) {
    for (size_t i = 0; i < held->count; i++) {
        struct series *series = &held->series[i].series;
        if (!series->count)
            continue;
        series->continues = !known_add(known, series->counter->id, series->instance);
        for (size_t k = 0; k < series->count; k++)
            known_take(known, series->samples[k].time);
        if (!events->series(events->context, series, error))
            return false;
    }
    return true;
}

void held_clear(struct held *held) {
    for (size_t i = 0; i < held->count; i++) {
        free(held->series[i].instance);
        free(held->series[i].samples);
    }
    free(held->series);
    free(held->times);
    *held = (struct held){0};
}
