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

void held_add_time(struct held *held, int64_t time) {
    held->times =
        memory_grow(held->times, held->time_count, &held->time_capacity, sizeof *held->times);
    held->times[held->time_count++] = time;
}

bool held_emit(const struct held *held, const struct source_events *events, struct error *error) {
    for (size_t i = 0; i < held->count; i++)
        if (!events->series(events->context, &held->series[i].series, error))
            return false;
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
