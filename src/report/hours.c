/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/hours.h"

#include <glib.h>
#include <stdio.h>

enum { HOUR_SECONDS = 3600, DAY_HOURS = 24, EPOCH_HOUR = 3 * DAY_HOURS }; /* a Thursday */
enum { DAY_SECONDS = DAY_HOURS * HOUR_SECONDS };

static size_t hour_of(int64_t time) {
    enum { WEEK_SECONDS = HOURS_OF_WEEK * HOUR_SECONDS };
    int64_t second = (time - 1 + EPOCH_HOUR * HOUR_SECONDS) % WEEK_SECONDS;
    return (size_t)((second < 0 ? second + WEEK_SECONDS : second) / HOUR_SECONDS);
}

/* From its end on, hour by hour. */
static void spread(struct hours *hours, int64_t time, int32_t interval, double value) {
    for (int64_t left = interval, end = time; left > 0;) {
        int64_t second = (end - 1) % HOUR_SECONDS;
        int64_t seconds = MIN((second < 0 ? second + HOUR_SECONDS : second) + 1, left);
        weighted_mean_add(&hours->means[hour_of(end)], value, (double)seconds);
        end -= seconds;
        left -= seconds;
    }
}

void hours_add_all(struct hours *hours, const struct measure_samples *samples) {
    if (samples->interval >= DAY_SECONDS) {
        hours->has_days = true;
        return;
    }
    for (size_t i = 0; samples->interval > HOUR_SECONDS && i < samples->count; i++)
        spread(hours, samples->times[i], samples->interval, samples->values[i]);
    if (samples->interval > HOUR_SECONDS)
        return;
    for (size_t i = 0; i < samples->count; i++)
        weighted_mean_add(&hours->means[hour_of(samples->times[i])], samples->values[i],
                          samples->interval);
}

size_t hours_missing(const struct hours *hours) {
    size_t missing = 0;
    for (size_t i = 0; i < HOURS_OF_WEEK; i++)
        missing += !weighted_mean_known(&hours->means[i]);
    return missing;
}

bool hours_extremes(const struct hours *hours, size_t *highest, size_t *lowest) {
    bool any = false;
    for (size_t i = 0; i < HOURS_OF_WEEK; i++) {
        if (!weighted_mean_known(&hours->means[i]))
            continue;
        double value = weighted_mean_value(&hours->means[i]);
        if (!any || value > weighted_mean_value(&hours->means[*highest]))
            *highest = i;
        if (!any || value < weighted_mean_value(&hours->means[*lowest]))
            *lowest = i;
        any = true;
    }
    return any;
}

void hours_name(char name[HOURS_NAME_SIZE], size_t hour) {
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    snprintf(name, HOURS_NAME_SIZE, "%s %02u:00", days[hour / DAY_HOURS % 7],
             (unsigned)(hour % DAY_HOURS));
}
