/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/timeline.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

static int64_t floor_half(int64_t number) {
    return number >= 0 ? number / 2 : -((1 - number) / 2);
}

static void merge(struct timeline_step *into, const struct timeline_step *step) {
    if (step->weight == 0)
        return;
    into->peak = into->weight > 0 ? MAX(into->peak, step->peak) : step->peak;
    into->sum += step->sum;
    into->weight += step->weight;
}

/* Two steps become one. */
static void widen(struct timeline *timeline) {
    struct timeline_step wide[TIMELINE_STEPS] = {{0, 0, 0}};
    int64_t first = floor_half(timeline->first);
    size_t count = 0;
    for (size_t i = 0; i < timeline->count; i++) {
        count = (size_t)(floor_half(timeline->first + (int64_t)i) - first);
        merge(&wide[count], &timeline->steps[i]);
    }
    memcpy(timeline->steps, wide, sizeof wide);
    timeline->width *= 2;
    timeline->first = first;
    timeline->count = count + 1;
}

/* The interval is wholly before its time. */
static int64_t step_of(const struct timeline *timeline, int64_t time) {
    int64_t last = time - 1, remainder = last % timeline->width;
    return (last - (remainder < 0 ? remainder + timeline->width : remainder)) / timeline->width;
}

static bool fits(const struct timeline *timeline, int64_t step) {
    int64_t first = MIN(timeline->first, step);
    int64_t last = MAX(timeline->first + (int64_t)timeline->count - 1, step);
    return last - first < TIMELINE_STEPS;
}

/* Makes room for a step before the first one. */
static void extend(struct timeline *timeline, int64_t step) {
    if (step < timeline->first) {
        size_t more = (size_t)(timeline->first - step);
        memmove(timeline->steps + more, timeline->steps, timeline->count * sizeof *timeline->steps);
        memset(timeline->steps, 0, more * sizeof *timeline->steps);
        timeline->first = step;
        timeline->count += more;
    }
    timeline->count = MAX(timeline->count, (size_t)(step - timeline->first) + 1);
}

void timeline_add(struct timeline *timeline, int64_t time, int32_t interval, double value) {
    if (interval <= 0)
        return;
    if (!timeline->count) {
        timeline->width = interval;
        timeline->first = step_of(timeline, time);
    }
    while (timeline->width < interval || !fits(timeline, step_of(timeline, time)))
        widen(timeline);
    int64_t step = step_of(timeline, time);
    extend(timeline, step);
    const struct timeline_step sample = {value * interval, interval, value};
    merge(&timeline->steps[step - timeline->first], &sample);
}

/* Mostly, a sample belongs to the same step as the one before. */
void timeline_add_all(struct timeline *timeline, const struct measure_samples *samples) {
    int64_t after = 0, until = -1;
    struct timeline_step *step = NULL;
    for (size_t i = 0; i < samples->count; i++) {
        int64_t time = samples->times[i];
        double value = samples->values[i];
        if (step && time > after && time <= until) {
            step->peak = MAX(step->peak, value);
            step->sum += value * samples->interval;
            step->weight += samples->interval;
            continue;
        }
        timeline_add(timeline, time, samples->interval, value);
        if (!timeline->count)
            return;
        int64_t number = step_of(timeline, time);
        step = &timeline->steps[number - timeline->first];
        after = number * timeline->width;
        until = after + timeline->width;
    }
}
