/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Statistics against examples by hand, and against a sorted list of all values. */
#include "report/statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

static void assert_near(double value, double expected) {
    if (fabs(value - expected) > 1e-9)
        fail_msg("%.17g is not %.17g", value, expected);
}

/* 5 values: place (5 - 1) * p; between two values in proportion. */
static void test_percentiles_by_hand(void **state) {
    static const double values[] = {40, 15, 50, 35, 20};
    static const struct {
        double percent;
        double expected;
    } cases[] = {
        {0, 15},    {25, 20}, /* place 1 */
        {40, 29},             /* place 1.6: 20 + 0.6 * 15 */
        {50, 35},             /* place 2 */
        {95, 48},             /* place 3.8: 40 + 0.8 * 10 */
        {99, 49.6},           /* place 3.96 */
        {100, 50},
    };
    struct distribution distribution = {.total = 0};
    (void)state;

    assert_near(distribution_percentile(&distribution, 50), 0);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        distribution_add(&distribution, values[i]);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_near(distribution_percentile(&distribution, cases[i].percent), cases[i].expected);
    distribution_done(&distribution);
}

static void test_one_value(void **state) {
    struct distribution distribution = {.total = 0};
    (void)state;

    distribution_add(&distribution, 7.25);
    assert_near(distribution_percentile(&distribution, 0), 7.25);
    assert_near(distribution_percentile(&distribution, 99), 7.25);
    distribution_done(&distribution);
}

static int compare(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Many values, of which few are different: each takes its room once. */
static void test_many_values(void **state) {
    enum { COUNT = 20000, DIFFERENT = 701 };
    struct distribution distribution = {.total = 0};
    double *all = calloc(COUNT, sizeof *all);
    uint32_t seed = 1;
    (void)state;

    assert_non_null(all);
    for (size_t i = 0; i < COUNT; i++) {
        seed = seed * 1664525 + 1013904223;
        all[i] = (double)((seed >> 8) % DIFFERENT) / 100;
        distribution_add(&distribution, all[i]);
        if (i % 4999 == 0)
            distribution_percentile(&distribution, 50);
    }
    qsort(all, COUNT, sizeof *all, compare);
    for (int percent = 0; percent <= 100; percent++) {
        double place = (COUNT - 1) * percent / 100.0, part = place - floor(place);
        size_t low = (size_t)place, high = low + 1 < COUNT ? low + 1 : low;
        assert_near(distribution_percentile(&distribution, percent),
                    all[low] + part * (all[high] - all[low]));
    }
    assert_int_equal(distribution.total, COUNT);
    assert_int_equal(distribution.count, DIFFERENT);
    distribution_done(&distribution);
    free(all);
}

static void test_weighted_mean(void **state) {
    struct weighted_mean mean = {.sum = 0};
    (void)state;

    assert_false(weighted_mean_known(&mean));
    weighted_mean_add(&mean, 99, 0);
    assert_false(weighted_mean_known(&mean));
    weighted_mean_add(&mean, 10, 1);
    weighted_mean_add(&mean, 2, 3);
    assert_true(weighted_mean_known(&mean));
    assert_near(weighted_mean_value(&mean), 4);
}

/* Two samples of 20 s, and one of an archive: they count by the seconds that they cover. */
static void test_measure(void **state) {
    struct measure measure = {.seconds = 0};
    (void)state;

    assert_false(measure_known(&measure));
    measure_add(&measure, 1040, 20, 10, 40);
    measure_add(&measure, 1340, 300, 50, 40);
    measure_add(&measure, 1020, 20, 50, 40);
    assert_true(measure_known(&measure));
    assert_near(measure_average(&measure), (20 * 10 + 300 * 50 + 20 * 50) / 340.0);
    assert_near(measure.peak, 50);
    assert_int_equal(measure.peak_time, 1020);
    assert_int_equal(measure.first_time, 1020);
    assert_int_equal(measure.last_time, 1340);
    assert_int_equal(measure.seconds_above, 320);
    assert_int_equal(measure.shortest, 20);
    assert_int_equal(measure.longest, 300);
    assert_int_equal(measure.begin_time, 1000);
    assert_int_equal(measure.peak_interval, 20);
    assert_near(measure_percentile(&measure, 5), 42); /* place 0.8 of 10 and 16 times 50 */
    assert_near(measure_percentile(&measure, 50), 50);
    assert_near(measure_coverage(&measure, 680), 50);
    assert_near(measure_coverage(&measure, 100), 100);
    assert_near(measure_coverage(&measure, 0), 0);
    measure_done(&measure);
}

/* A sample of this interval with this value. */
struct covering {
    int32_t interval;
    double value;
};

static void check_intervals(const struct covering *samples, size_t count,
                            const struct percentile *expected, size_t expected_count) {
    struct measure sorted = {0}, reduced = {0};
    double percents[8];
    for (size_t i = 0; i < count; i++) {
        measure_add(&sorted, (int64_t)i, samples[i].interval, samples[i].value, 0);
        measure_add(&reduced, (int64_t)i, samples[i].interval, samples[i].value, 0);
        if (i == 1)
            distribution_compact(&sorted.values);
    }
    for (size_t i = 0; i < expected_count; i++)
        percents[i] = expected[i].percent;
    distribution_reduce(&reduced.values, percents, expected_count);
    for (size_t i = 0; i < expected_count; i++) {
        assert_near(measure_percentile(&sorted, percents[i]), expected[i].value);
        assert_near(measure_percentile(&reduced, percents[i]), expected[i].value);
    }
    measure_done(&sorted);
    measure_done(&reduced);
}

/* 300 s beside 20 s count 15 times: 10, 20, 15 times 50 have places 0 to 16. */
static void test_intervals(void **state) {
    static const struct covering samples[] = {{20, 20}, {300, 50}, {20, 10}};
    static const struct percentile expected[] = {{0, 10},    {5, 18},  {10, 38},
                                                 {12.5, 50}, {95, 50}, {100, 50}};
    (void)state;
    check_intervals(samples, sizeof samples / sizeof *samples, expected,
                    sizeof expected / sizeof *expected);
}

/* 20 s and 50 s are 2 and 5 times 10 s: 10, 10, 5 times 50. */
static void test_intervals_with_a_divisor(void **state) {
    static const struct covering samples[] = {{50, 50}, {20, 10}};
    static const struct percentile expected[] = {{0, 10}, {10, 10}, {20, 18}, {50, 50}};
    (void)state;
    check_intervals(samples, sizeof samples / sizeof *samples, expected,
                    sizeof expected / sizeof *expected);
}

/* Too many for a list: one second beside a year. */
static void test_intervals_far_apart(void **state) {
    static const struct covering samples[] = {{1, 9}, {31536000, 5}, {1, 7}};
    static const struct percentile expected[] = {{0, 5}, {50, 5}, {99, 5}, {100, 9}};
    (void)state;
    check_intervals(samples, sizeof samples / sizeof *samples, expected,
                    sizeof expected / sizeof *expected);
}

/* A peak of 0 has a time too. */
static void test_peak_of_nothing(void **state) {
    struct measure measure = {0};
    (void)state;
    measure_add(&measure, 1000, 20, 0, 40);
    measure_add(&measure, 1020, 20, 0, 40);
    assert_true(measure.peak == 0);
    assert_int_equal(measure.peak_time, 1000);
    measure_done(&measure);
}

/* What is as high as the limit is not above it. */
static void test_limit(void **state) {
    struct measure measure = {.seconds = 0};
    (void)state;

    measure_add(&measure, 20, 20, 90, 90);
    assert_int_equal(measure.seconds_above, 0);
    measure_add(&measure, 40, 20, 90.01, 90);
    assert_int_equal(measure.seconds_above, 20);
    measure_done(&measure);
}

/* Few values far away, many that are the same: percentiles of what is kept are those of all. */
static void test_reduced(void **state) {
    static const double percents[] = {50, 95, 99, 95, 0, 100, 99.9};
    enum { PERCENTS = sizeof percents / sizeof *percents };
    static const struct {
        double step;
        uint32_t different;
        double highest;
    } cases[] = {{0.01, 700, 0}, {1, 1, 0}, {1, 1000000, 1e12}, {1e-9, 20000, 5}, {5e-324, 9, 0}};
    (void)state;

    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct distribution whole = {.total = 0}, reduced = {.total = 0};
        uint32_t seed = 7;
        for (size_t i = 0; i < 20011; i++) {
            seed = seed * 1664525 + 1013904223;
            double value = (seed >> 8) % cases[k].different * cases[k].step;
            value = i % 1000 == 0 && cases[k].highest > 0 ? cases[k].highest : value;
            distribution_add(&whole, value);
            distribution_add(&reduced, value);
        }
        distribution_reduce(&reduced, percents, PERCENTS);
        for (size_t i = 0; i < PERCENTS; i++)
            assert_true(distribution_percentile(&reduced, percents[i]) ==
                        distribution_percentile(&whole, percents[i]));
        assert_null(reduced.values);
        distribution_done(&whole);
        distribution_done(&reduced);
    }
}

/* Raw values of pieces, each of which may be compacted: narrow ones, one value, and wide ones. */
static void test_columns(void **state) {
    enum { PIECE = 500, PIECES = 9 };
    static const uint32_t different[] = {300, 1, 1000000};
    struct measure columns = {.seconds = 0};
    struct distribution whole = {.total = 0};
    int64_t times[PIECE], values[PIECE];
    uint32_t seed = 3;
    (void)state;

    for (int piece = 0; piece < PIECES; piece++) {
        for (int i = 0; i < PIECE; i++) {
            seed = seed * 1664525 + 1013904223;
            times[i] = 20 * (int64_t)(PIECE * piece + i + 1);
            values[i] = (seed >> 8) % different[piece / 3];
            distribution_add(&whole, (double)values[i] / 100);
        }
        const struct measure_columns samples = {
            {times, values, piece / 3 == 1}, PIECE, 20, {1, 100}};
        measure_add_columns(&columns, &samples, 1e9);
        if (piece % 2)
            distribution_compact(&columns.values);
    }
    assert_int_equal(columns.values.total, whole.total);
    for (int percent = 0; percent <= 100; percent++)
        assert_true(measure_percentile(&columns, percent) ==
                    distribution_percentile(&whole, percent));
    measure_done(&columns);
    distribution_done(&whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peak_of_nothing),
        cmocka_unit_test(test_percentiles_by_hand),
        cmocka_unit_test(test_one_value),
        cmocka_unit_test(test_many_values),
        cmocka_unit_test(test_reduced),
        cmocka_unit_test(test_weighted_mean),
        cmocka_unit_test(test_measure),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_intervals_with_a_divisor),
        cmocka_unit_test(test_intervals_far_apart),
        cmocka_unit_test(test_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
