/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/query/samples.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static bool in_span(const struct span *span, int64_t time) {
    return !span->bounded || (time > span->start && (span->open || time <= span->end));
}

void sample_times_init(struct sample_times *times, const struct vim_entity_metric *metric,
                       const struct span *span, const struct mark *mark) {
    size_t count = metric->sample_count;
    *times = (struct sample_times){.metric = metric, .newest = span->newest};
    times->wanted = memory_array(2 * count + 1, sizeof *times->wanted);
    times->found = times->wanted + count;
    for (size_t i = 0; i < count; i++)
        times->wanted[i] =
            in_span(span, metric->times[i]) && !(mark && mark_has(mark, metric->times[i]));
}

void sample_times_done(struct sample_times *times) {
    free(times->wanted);
    *times = (struct sample_times){0};
}

static int compare_samples(const void *a, const void *b) {
    const struct sample *left = a, *right = b;
    return (left->time > right->time) - (left->time < right->time);
}

static bool has_value(const struct vim_series *series, size_t index) {
    return series->values[index] != -1 && series->values[index] != VIM_ABSENT;
}

size_t samples_fill(struct sample_times *times, const struct vim_series *series,
                    struct sample *samples) {
    const int64_t *of = times->metric->times;
    size_t count = 0, newest = (size_t)times->newest;
    bool ascending = true;
    for (size_t i = 0; i < series->count; i++) {
        if (!times->wanted[i] || !has_value(series, i))
            continue;
        ascending = ascending && (!count || samples[count - 1].time <= of[i]);
        samples[count++] = (struct sample){of[i], series->values[i]};
        times->found[i] = true;
    }
    if (!ascending)
        qsort(samples, count, sizeof *samples, compare_samples);
    if (!newest || count <= newest)
        return count;
    memmove(samples, samples + count - newest, newest * sizeof *samples);
    return newest;
}
