/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const int64_t second_ns = 1000000000;

static void test_doubling(void **state) {
    static const int64_t seconds[] = {2, 4, 8, 16, 32, 60, 60, 60};
    struct schedule schedule = {0};
    (void)state;
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++)
        assert_int_equal(schedule_delay_ns(&schedule, ERROR_CONNECT, 20 * second_ns),
                         seconds[i] * second_ns);
    schedule_success(&schedule);
    assert_int_equal(schedule_delay_ns(&schedule, ERROR_TIMEOUT, 20 * second_ns), 2 * second_ns);
}

/* Each attempt may count against the account. */
static void test_refused(void **state) {
    static const int64_t seconds[] = {300, 600, 1200, 2400, 3600, 3600};
    struct schedule schedule = {0};
    (void)state;
    (void)schedule_delay_ns(&schedule, ERROR_CONNECT, second_ns);
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++)
        assert_int_equal(schedule_delay_ns(&schedule, ERROR_AUTH, second_ns),
                         seconds[i] * second_ns);
}

/* However long it lasts. */
static void test_bounded(void **state) {
    struct schedule schedule = {0};
    (void)state;
    for (int i = 0; i < 100000; i++)
        assert_in_range(schedule_delay_ns(&schedule, ERROR_CONNECT, second_ns), 1, 3 * second_ns);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubling),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
