/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/trend.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>

#include "core/memory.h"

enum { DAY_SECONDS = 86400, WEEK_DAYS = 7 };

/* The 2.5th percentile of the normal distribution. */
static const double quantile = -1.959963984540054;

/* What samples of a day have to cover of it. */
static const double whole_day = 0.9;

static int compare_values(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Sorts the values. */
static double median(double *values, size_t count) {
    qsort(values, count, sizeof *values, compare_values);
    double upper = values[count / 2];
    return count % 2 ? upper : (values[count / 2 - 1] + upper) / 2;
}

static double pairs_of(double count) {
    return count * (count - 1) * (2 * count + 5);
}

/* What equal values take from the variance. */
static double ties(double *values, size_t count) {
    double sum = 0;
    qsort(values, count, sizeof *values, compare_values);
    for (size_t i = 0, k = 0; i < count; i = k) {
        while (k < count && values[k] == values[i])
            k++;
        sum += pairs_of((double)(k - i));
    }
    return sum;
}

/* Of Kendall's S. */
static double variance(const struct trend_point *points, size_t count) {
    double *values = memory_array(count, sizeof *values);
    double left = pairs_of((double)count);
    for (size_t i = 0; i < count; i++)
        values[i] = points[i].x;
    left -= ties(values, count);
    for (size_t i = 0; i < count; i++)
        values[i] = points[i].y;
    left -= ties(values, count);
    free(values);
    return MAX(left, 0) / 18;
}

/* Slopes of the pairs that are apart by a multiple of this, at 0 of all; how many there are. */
static size_t slopes_between(const struct trend_point *points, size_t count, double apart,
                             double *slopes) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++) {
            double distance = points[i].x - points[k].x;
            if (distance > 0 && (apart <= 0 || fmod(distance, apart) == 0))
                slopes[found++] = (points[i].y - points[k].y) / distance;
        }
    }
    return found;
}

bool trend_of(const struct trend_point *points, size_t count, struct trend *trend) {
    double *slopes = memory_array(count * count, sizeof *slopes);
    size_t found = slopes_between(points, count, 0, slopes);
    if (found) {
        double width = quantile * sqrt(variance(points, count));
        trend->slope = median(slopes, found);
        double low = MAX(rint(((double)found + width) / 2) - 1, 0);
        double high = MIN(rint(((double)found - width) / 2), (double)(found - 1));
        trend->low = slopes[(size_t)low];
        trend->high = slopes[(size_t)high];
    }
    free(slopes);
    return found > 0;
}

struct day {
    int64_t number; /* since 1970 */
    double sum;     /* of values times the seconds that they cover */
    double seconds;
};

struct trend_days {
    GHashTable *by_number;
    struct day *last; /* mostly, that of the next sample as well */
};

struct trend_days *trend_days_new(void) {
    struct trend_days *days = memory_alloc(sizeof *days);
    days->by_number = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free);
    return days;
}

void trend_days_free(struct trend_days *days) {
    if (!days)
        return;
    g_hash_table_destroy(days->by_number);
    free(days);
}

/* An interval that ends at midnight belongs to the day before. */
void trend_days_add(struct trend_days *days, int64_t time, int32_t interval, double value) {
    int64_t number = (time - 1) / DAY_SECONDS;
    struct day *day = days->last;
    if (!day || day->number != number)
        day = g_hash_table_lookup(days->by_number, &number);
    if (!day) {
        day = memory_alloc(sizeof *day);
        day->number = number;
        g_hash_table_insert(days->by_number, &day->number, day);
    }
    days->last = day;
    day->sum += value * interval;
    day->seconds += interval;
}

static int compare_points(const void *a, const void *b) {
    const struct trend_point *left = a, *right = b;
    return (left->x > right->x) - (left->x < right->x);
}

static size_t whole_days(const struct trend_days *days, struct trend_point *points) {
    size_t count = 0;
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, days->by_number);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct day *day = value;
        if (day->seconds >= whole_day * DAY_SECONDS)
            points[count++] = (struct trend_point){(double)day->number, day->sum / day->seconds};
    }
    return count;
}

/* What the days of this weekday differ by from the slope; the values have room for all. */
static double effect_of(const struct trend_point *points, size_t count, int weekday, double slope,
                        double *values) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        if ((int64_t)points[i].x % WEEK_DAYS == weekday)
            values[found++] = points[i].y - slope * (points[i].x - points[0].x);
    return found ? median(values, found) : 0;
}

/* The slope between equal weekdays knows no week. */
static void remove_week(struct trend_point *points, size_t count) {
    double *values = memory_array(count * count, sizeof *values);
    double effects[WEEK_DAYS];
    size_t found = slopes_between(points, count, WEEK_DAYS, values);
    double slope = found ? median(values, found) : 0;
    for (int day = 0; day < WEEK_DAYS; day++)
        effects[day] = effect_of(points, count, day, slope, values);
    for (size_t i = 0; i < count; i++)
        points[i].y -= effects[(int64_t)points[i].x % WEEK_DAYS];
    free(values);
}

bool trend_of_days(struct trend_point *points, size_t count, size_t least, struct trend *trend) {
    if (!count || count < least)
        return false;
    qsort(points, count, sizeof *points, compare_points);
    if (count >= TREND_LEAST_DAYS)
        remove_week(points, count);
    return trend_of(points, count, trend);
}

bool trend_days_trend(const struct trend_days *days, struct trend *trend) {
    struct trend_point *points = memory_array(g_hash_table_size(days->by_number), sizeof *points);
    bool known = trend_of_days(points, whole_days(days, points), TREND_LEAST_DAYS, trend);
    free(points);
    return known;
}
