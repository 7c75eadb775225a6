/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Trends against examples by hand and what scipy.stats.theilslopes says. */
#include "report/trend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

enum { DAY = 86400 };

static void assert_near(double value, double expected) {
    if (fabs(value - expected) > 1e-9)
        fail_msg("%.17g is not %.17g", value, expected);
}

/* Slopes of 0 1 2 10: 1 1 8 1 4.5 10/3; sorted 1 1 1 3.33 4.5 8: between 1 and 3.33. */
static void test_by_hand(void **state) {
    static const struct trend_point points[] = {{0, 0}, {1, 1}, {2, 2}, {3, 10}};
    struct trend trend;
    (void)state;
    assert_true(trend_of(points, 4, &trend));
    assert_near(trend.slope, (1 + 10 / 3.0) / 2);
    assert_near(trend.low, 1); /* 6 slopes, sigma 2.94: places 0 and 5 */
    assert_near(trend.high, 8);
    assert_false(trend_of(points, 1, &trend));
    assert_false(trend_of((struct trend_point[]){{1, 2}, {1, 3}}, 2, &trend));
}

/* theilslopes([3, 4, 4, 8, 6, 7, 7, 20, 9, 11]) with ties and an outlier. */
static void test_as_scipy(void **state) {
    static const double values[] = {3, 4, 4, 8, 6, 7, 7, 20, 9, 11};
    struct trend_point points[10];
    struct trend trend;
    (void)state;
    for (size_t i = 0; i < 10; i++)
        points[i] = (struct trend_point){(double)i, values[i]};
    assert_true(trend_of(points, 10, &trend));
    assert_near(trend.slope, 0.8333333333333334);
    assert_near(trend.low, 0.6);
    assert_near(trend.high, 1.3333333333333333);
}

/* 0.5 per day, and much less at weekends: the week is taken out. */
static bool week(size_t days, size_t hole, struct trend *trend) {
    struct trend_days *list = trend_days_new();
    for (size_t day = 0; day < days; day++) {
        double value = 100 + 0.5 * (double)day - (day % 7 >= 5 ? 40 : 0);
        for (int hour = 1; hour <= 24 && day != hole; hour++)
            trend_days_add(list, (int64_t)(20000 + day) * DAY + (int64_t)hour * 3600, 3600,
                           value + (hour > 12 ? 7 : -7));
    }
    bool known = trend_days_trend(list, trend);
    trend_days_free(list);
    return known;
}

static void test_week(void **state) {
    struct trend trend;
    (void)state;
    for (size_t days = TREND_LEAST_DAYS; days < 40; days++) {
        assert_true(week(days, days, &trend));
        assert_near(trend.slope, 0.5);
        assert_near(trend.low, 0.5);
        assert_near(trend.high, 0.5);
    }
    assert_true(week(30, 4, &trend)); /* a day is missing: it is no zero */
    assert_near(trend.slope, 0.5);
    assert_false(week(TREND_LEAST_DAYS - 1, 99, &trend));
}

/* Days that are covered in part tell of some hours only. */
static void test_part_of_a_day(void **state) {
    struct trend_days *list = trend_days_new();
    struct trend trend;
    (void)state;
    for (int64_t day = 0; day < 20; day++)
        trend_days_add(list, day * DAY + DAY, day < 14 ? DAY : DAY / 2, 5);
    assert_true(trend_days_trend(list, &trend));
    assert_near(trend.slope, 0);
    trend_days_free(list);
    list = trend_days_new();
    for (int64_t day = 0; day < 20; day++)
        trend_days_add(list, day * DAY + DAY, DAY / 2, 5);
    assert_false(trend_days_trend(list, &trend));
    trend_days_free(list);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_as_scipy),
        cmocka_unit_test(test_week),
        cmocka_unit_test(test_part_of_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
