/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Sums have the bits that numpy gives them. */
#include "report/sums.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/statistics.h"

enum { MOST = 1000, LIMIT = 100 };

static const struct scale percent = {1, 100};

/* The sum of samples that come as values, and as columns. */
static void assert_same_sum(const int64_t *times, const int64_t *raw, bool same, size_t count) {
    struct measure one = {.sum = 0}, other = {.sum = 0};
    double *room = distribution_room(&one.values, 20, count);
    for (size_t i = 0; i < count; i++)
        room[i] = scale_value(&percent, raw[same ? 0 : i]);
    measure_add_all(&one, &(struct measure_samples){times, room, count, 20}, LIMIT);
    const struct measure_columns columns = {{times, raw, same}, count, 20, percent};
    measure_add_columns(&other, &columns, LIMIT);
    assert_true(one.sum == other.sum);
    assert_true(one.mean.sum == other.mean.sum);
    measure_done(&one);
    measure_done(&other);
}

static void test_columns_have_the_bits_of_values(void **state) {
    (void)state;
    int64_t times[MOST], raw[MOST];
    GRand *random = g_rand_new_with_seed(1);
    for (size_t i = 0; i < MOST; i++) {
        times[i] = 20 * (int64_t)i;
        raw[i] = g_rand_int_range(random, -500, 10000);
    }
    for (size_t count = 1; count <= MOST; count++) {
        assert_same_sum(times, raw, false, count);
        assert_same_sum(times, raw, true, count);
    }
    g_rand_free(random);
}

/* numpy.average of these is 2.4450000000000003, which is printed as 2.45; 4890 / 400 / 5 is less.
 */
static void test_a_mean_half_way_between_two_figures(void **state) {
    (void)state;
    const int64_t times[] = {20, 40, 60, 80, 100}, raw[] = {772, 790, 815, 1050, 1463};
    const struct scale costop = {1, 400};
    const struct series_columns columns = {times, raw, false};
    double mean = sum_columns(&columns, &costop, 5, 4890) / 5;
    assert_true(mean == 2.4450000000000003);
}

static void test_the_order_of_numpy(void **state) {
    (void)state;
    double values[300];
    for (size_t i = 0; i < 300; i++)
        values[i] = (double)(i * i % 97) / 10;
    assert_true(sum_values(values, 300) == 1417.1999999999998);
    assert_true(sum_values(values, 13) == 35.9);
    assert_true(sum_values(values, 0) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_have_the_bits_of_values),
        cmocka_unit_test(test_a_mean_half_way_between_two_figures),
        cmocka_unit_test(test_the_order_of_numpy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
