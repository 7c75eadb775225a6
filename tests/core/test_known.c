/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Each series is new once, in whichever order they come. */
#include "core/known.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { COUNTERS = 40, INSTANCES = 25 };

static void test_many(void **state) {
    struct known known = {0};
    (void)state;
    for (int pass = 0; pass < 2; pass++)
        for (int32_t counter = 0; counter < COUNTERS; counter++)
            for (int i = 0; i < INSTANCES; i++) {
                char instance[16];
                snprintf(instance, sizeof instance, "vmnic%d", i);
                assert_int_equal(known_add(&known, counter, instance), pass == 0);
            }
    assert_int_equal(known.count, COUNTERS * INSTANCES);
    assert_true(known_add(&known, 1, ""));
    assert_false(known_add(&known, 1, ""));
    known_done(&known);
    assert_int_equal(known.count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
