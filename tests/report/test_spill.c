/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Values that waited in a file give the percentiles that they give in memory. */
#include "report/spill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <glib.h>
#include <stdlib.h>

enum { PARTS = 5, VALUES = 1000 };

static const double percents[] = {0, 50, 95, 99, 100};

static void add(struct distribution *distribution, GRand *dice, int different) {
    for (int i = 0; i < VALUES; i++)
        distribution_add(distribution, g_rand_int_range(dice, 0, different));
}

/* Some parts have few different values: they take little room, and stay. */
static void test_in_parts(void **state) {
    struct spill *spill = spill_new();
    struct distribution whole = {0}, parts = {0}, other = {0};
    GRand *first = g_rand_new_with_seed(10), *second = g_rand_new_with_seed(10);
    struct error error = {0};
    (void)state;
    for (int i = 0; i < PARTS; i++) {
        int different = i % 2 ? 10 : 100000;
        add(&whole, first, different);
        add(&parts, second, different);
        spill_put(spill, &parts);
        assert_null(parts.values);
        add(&other, first, 300);
        spill_put(spill, &other);
        for (int k = 0; k < VALUES; k++)
            g_rand_int(second);
    }
    assert_int_equal(parts.waiting_count, 3);
    assert_true(spill_take(spill, &parts, &error));
    assert_int_equal(parts.total, PARTS * VALUES);
    for (size_t i = 0; i < G_N_ELEMENTS(percents); i++)
        assert_true(distribution_percentile(&parts, percents[i]) ==
                    distribution_percentile(&whole, percents[i]));
    g_rand_free(first);
    g_rand_free(second);
    distribution_done(&whole);
    distribution_done(&parts);
    distribution_done(&other);
    spill_free(spill);
}

/* Values of several intervals wait by what they cover. */
static void test_intervals(void **state) {
    static const int32_t intervals[] = {20, 300, 7200};
    struct spill *spill = spill_new();
    struct measure whole = {0}, parts = {0};
    GRand *dice = g_rand_new_with_seed(10);
    struct error error = {0};
    (void)state;
    for (int i = 0; i < PARTS; i++) {
        for (int k = 0; k < VALUES; k++) {
            double value = g_rand_int_range(dice, 0, 100000);
            measure_add(&whole, k, intervals[(i + k) % 3], value, 0);
            measure_add(&parts, k, intervals[(i + k) % 3], value, 0);
        }
        spill_put(spill, &parts.values);
    }
    assert_int_equal(parts.values.waiting_count, PARTS);
    assert_true(spill_take(spill, &parts.values, &error));
    distribution_reduce(&parts.values, percents, G_N_ELEMENTS(percents));
    distribution_reduce(&whole.values, percents, G_N_ELEMENTS(percents));
    for (size_t i = 0; i < G_N_ELEMENTS(percents); i++)
        assert_true(measure_percentile(&parts, percents[i]) ==
                    measure_percentile(&whole, percents[i]));
    g_rand_free(dice);
    measure_done(&whole);
    measure_done(&parts);
    spill_free(spill);
}

static void test_no_file(void **state) {
    struct spill *spill = spill_new();
    struct distribution values = {0};
    struct error error = {0};
    GRand *dice = g_rand_new_with_seed(10);
    (void)state;
    g_setenv("TMPDIR", "/nowhere", TRUE);
    add(&values, dice, 100000);
    spill_put(spill, &values);
    g_unsetenv("TMPDIR");
    assert_int_equal(values.waiting_count, 0);
    assert_true(spill_take(spill, &values, &error));
    assert_true(distribution_percentile(&values, 100) > 90000);
    g_rand_free(dice);
    distribution_done(&values);
    spill_free(spill);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_parts),
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
