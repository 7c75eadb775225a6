/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A destination that comes and goes is told ever more seldom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "push/helper/outage.h"

static const int64_t second_ns = 1000000000;

static void test_once(void **state) {
    struct outage outage = {0};
    int64_t lasted_ns = 0;
    unsigned untold = 0;
    (void)state;
    assert_false(outage_end(&outage, second_ns, &lasted_ns, &untold));
    assert_true(outage_fail(&outage, 10 * second_ns));
    assert_false(outage_fail(&outage, 11 * second_ns));
    assert_true(outage_end(&outage, 15 * second_ns, &lasted_ns, &untold));
    assert_int_equal(lasted_ns, 5 * second_ns);
    assert_int_equal(untold, 0);
    assert_false(outage_end(&outage, 16 * second_ns, &lasted_ns, &untold));
}

/* A minute well and a second not, for a day: only the first one is told. */
static void test_short_ones(void **state) {
    struct outage outage = {0};
    int64_t lasted_ns = 0;
    unsigned untold = 0, told = 0;
    (void)state;
    for (int64_t minute = 1; minute < 24 * 60; minute++) {
        told += outage_fail(&outage, minute * 60 * second_ns);
        told += outage_end(&outage, (minute * 60 + 1) * second_ns, &lasted_ns, &untold);
    }
    assert_int_equal(told, 2);
    assert_int_equal(outage.untold, 24 * 60 - 2);
}

/* A long one among them is told when it is long, with how many were not. */
static void test_long_one(void **state) {
    struct outage outage = {0};
    int64_t lasted_ns = 0;
    unsigned untold = 0;
    (void)state;
    assert_true(outage_fail(&outage, 1 * second_ns));
    assert_true(outage_end(&outage, 2 * second_ns, &lasted_ns, &untold));
    assert_false(outage_fail(&outage, 3 * second_ns));
    assert_false(outage_end(&outage, 4 * second_ns, &lasted_ns, &untold));
    assert_false(outage_fail(&outage, 100 * second_ns));
    assert_false(outage_fail(&outage, 129 * second_ns));
    assert_true(outage_fail(&outage, 130 * second_ns));
    assert_true(outage_end(&outage, 200 * second_ns, &lasted_ns, &untold));
    assert_int_equal(lasted_ns, 100 * second_ns);
    assert_int_equal(untold, 1);
    assert_false(outage_fail(&outage, 300 * second_ns));
    assert_false(outage_fail(&outage, 359 * second_ns));
    assert_true(outage_fail(&outage, 360 * second_ns));
}

/* After an hour without trouble, the next one is news. */
static void test_quiet_hour(void **state) {
    struct outage outage = {0};
    int64_t lasted_ns = 0;
    unsigned untold = 0;
    (void)state;
    assert_true(outage_fail(&outage, 1 * second_ns));
    assert_true(outage_end(&outage, 2 * second_ns, &lasted_ns, &untold));
    assert_true(outage_fail(&outage, 3602 * second_ns));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_short_ones),
        cmocka_unit_test(test_long_one),
        cmocka_unit_test(test_quiet_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
