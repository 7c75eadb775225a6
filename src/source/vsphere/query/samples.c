/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/query/samples.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static bool in_span(const struct span *span, int64_t time) {
    return !span->bounded || (time > span->start && (span->open || time <= span->end));
}

/* False when there are too many intervals. */
static bool add_interval(struct sample_times *times, int32_t interval) {
    for (size_t i = 0; i < times->interval_count; i++)
        if (times->intervals[i] == interval)
            return true;
    if (times->interval_count == SAMPLES_INTERVALS)
        return false;
    times->intervals[times->interval_count++] = interval;
    return true;
}

static void find_intervals(struct sample_times *times) {
    const struct vim_entity_metric *metric = times->metric;
    times->unreadable = metric->malformed;
    for (size_t i = 0; !times->unreadable && i < metric->sample_count; i++)
        times->unreadable = !add_interval(times, metric->intervals[i]);
    if (times->unreadable)
        times->interval_count = 0;
}

static int compare_places(const void *a, const void *b, void *context) {
    const struct vim_entity_metric *metric = context;
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    if (metric->times[left] != metric->times[right])
        return metric->times[left] < metric->times[right] ? -1 : 1;
    if (metric->intervals[left] != metric->intervals[right])
        return metric->intervals[left] < metric->intervals[right] ? -1 : 1;
    return (left > right) - (left < right);
}

/* Of samples of one time and interval only the first is wanted. */
static void drop_doubles(struct sample_times *times) {
    const struct vim_entity_metric *metric = times->metric;
    size_t count = metric->sample_count, ascending = 1;
    while (ascending < count && metric->times[ascending - 1] < metric->times[ascending])
        ascending++;
    if (ascending >= count)
        return;
    size_t *places = memory_array(count, sizeof *places);
    for (size_t i = 0; i < count; i++)
        places[i] = i;
    qsort_r(places, count, sizeof *places, compare_places, (void *)metric);
    for (size_t i = 1; i < count; i++)
        if (metric->times[places[i - 1]] == metric->times[places[i]] &&
            metric->intervals[places[i - 1]] == metric->intervals[places[i]])
            times->wanted[places[i]] = false;
    free(places);
}

/* Emitted of some series, and it is known of which ones. */
static bool is_late(const struct tracked *tracked, int64_t time) {
    return time > tracked->floor && known_covers(&tracked->known, time);
}

void sample_times_init(struct sample_times *times, const struct vim_entity_metric *metric,
                       const struct span *span, const struct tracked *tracked) {
    size_t count = metric->sample_count;
    *times = (struct sample_times){.metric = metric, .newest = span->newest};
    times->wanted = memory_array(3 * count + 1, sizeof *times->wanted);
    times->found = times->wanted + count;
    times->late = times->found + count;
    times->known = tracked ? &tracked->known : NULL;
    times->samples = memory_array(count + 1, sizeof *times->samples);
    for (size_t i = 0; i < count; i++) {
        int64_t time = metric->times[i];
        bool emitted = tracked && mark_has(&tracked->mark, time);
        times->late[i] = emitted && in_span(span, time) && is_late(tracked, time);
        times->wanted[i] = in_span(span, time) && (!emitted || times->late[i]);
        times->any_late = times->any_late || times->late[i];
    }
    find_intervals(times);
    drop_doubles(times);
}

void sample_times_done(struct sample_times *times) {
    free(times->wanted);
    free(times->samples);
    *times = (struct sample_times){0};
}

static int compare_samples(const void *a, const void *b) {
    const struct sample *left = a, *right = b;
    return (left->time > right->time) - (left->time < right->time);
}

static bool has_value(const struct vim_series *series, size_t index) {
    return series->values[index] != -1 && series->values[index] != VIM_ABSENT;
}

size_t samples_fill(struct sample_times *times, int32_t interval, const struct vim_series *series,
                    uint32_t taken) {
    const struct vim_entity_metric *metric = times->metric;
    const int64_t *of = metric->times;
    struct sample *samples = times->samples;
    bool mixed = times->interval_count > 1;
    size_t count = 0, newest = (size_t)times->newest;
    bool ascending = true;
    for (size_t i = 0; i < series->count; i++) {
        if (!times->wanted[i] || !has_value(series, i) ||
            (mixed && metric->intervals[i] != interval) ||
            (times->late[i] && known_took(times->known, taken, of[i])))
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
