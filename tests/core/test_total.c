/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A total never shrinks, and has an end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/total.h"

static void test_add(void **state) {
    static const struct {
        int64_t total, value, expected;
    } cases[] = {
        {0, 0, 0},
        {5, 7, 12},
        {5, -7, 5},
        {5, INT64_MIN, 5},
        {0, INT64_MAX, INT64_MAX},
        {1, INT64_MAX, INT64_MAX},
        {INT64_MAX, INT64_MAX, INT64_MAX},
        {INT64_MAX, 0, INT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(total_add(cases[i].total, cases[i].value), cases[i].expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_add)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
