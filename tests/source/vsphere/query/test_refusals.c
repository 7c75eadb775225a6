/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What was refused is not asked for, is tried again later, and is forgotten when it is given. */
#include "source/vsphere/query/refusals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const int64_t second = 1000000000;

static void test_backoff(void **state) {
    static const int pauses[] = {5, 10, 20, 40, 60, 60};
    struct backoff backoff = {0};
    int64_t now = 1000 * second;
    (void)state;
    assert_false(backoff_holds(&backoff, now));
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        backoff_extend(&backoff, now, 5, 60);
        assert_true(backoff_holds(&backoff, now + pauses[i] * second - 1));
        assert_false(backoff_holds(&backoff, now + pauses[i] * second));
        now += pauses[i] * second;
    }
}

static void test_two_of_a_group_are_a_rule(void **state) {
    struct refusals refusals;
    (void)state;
    refusals_init(&refusals);
    assert_false(refusals_holds(&refusals, 1, 10, 7));
    assert_false(refusals_add(&refusals, 1, 10, 7, "no", 0));
    assert_true(refusals_holds(&refusals, 1, 10, 7));
    assert_false(refusals_holds(&refusals, 1, 11, 7));
    assert_true(refusals_add(&refusals, 1, 11, 7, "no", 0));
    assert_true(refusals_holds(&refusals, 1, 12, 7));
    assert_false(refusals_holds(&refusals, 2, 12, 7));
    assert_false(refusals_holds(&refusals, 1, 12, 8));
    refusals_done(&refusals);
}

static void test_tried_again(void **state) {
    struct refusals refusals;
    int64_t now = 0, pause = REFUSED_FIRST_SECONDS * second;
    (void)state;
    refusals_init(&refusals);
    for (int i = 0; i < 5; i++) {
        refusals_begin(&refusals, now);
        assert_false(refusals_holds(&refusals, 1, 10, 7));
        refusals_add(&refusals, 1, 10, 7, "no", now);
        refusals_begin(&refusals, now + pause - 1);
        assert_true(refusals_holds(&refusals, 1, 10, 7));
        now += pause;
        pause = pause * 2 < REFUSED_LONGEST_SECONDS * second ? pause * 2
                                                             : REFUSED_LONGEST_SECONDS * second;
    }
    refusals_done(&refusals);
}

static void test_forgotten_when_given(void **state) {
    struct refusals refusals;
    int64_t over = REFUSED_FIRST_SECONDS * second;
    (void)state;
    refusals_init(&refusals);
    refusals_add(&refusals, 1, 10, 7, "no", 0);
    refusals_add(&refusals, 1, 10, 8, "no", 0);
    refusals_begin(&refusals, over);
    refusals_add(&refusals, 1, 10, 8, "no", over);
    assert_int_equal(refusals.count, 2);
    refusals_begin(&refusals, over + 1); /* 7 was asked for, and not refused */
    assert_int_equal(refusals.count, 1);
    assert_false(refusals_holds(&refusals, 1, 10, 7));
    assert_true(refusals_holds(&refusals, 1, 10, 8));
    refusals_add(&refusals, 1, 10, 7, "no", over); /* begins with a short pause again */
    refusals_begin(&refusals, 2 * over);
    assert_false(refusals_holds(&refusals, 1, 10, 7));
    assert_true(refusals_holds(&refusals, 1, 10, 8));
    refusals_done(&refusals);
}

/* Each of a vCenter's hosts is a group of its own. */
static void test_many(void **state) {
    enum { GROUPS = 300, REFUSED = 10 };
    struct refusals refusals;
    (void)state;
    refusals_init(&refusals);
    for (uint32_t group = 0; group < GROUPS; group++)
        for (int32_t counter = 0; counter < REFUSED; counter++)
            refusals_add(&refusals, group, group, counter, "no", 0);
    for (uint32_t group = 0; group < GROUPS; group++)
        for (int32_t counter = 0; counter <= REFUSED; counter++)
            assert_int_equal(refusals_holds(&refusals, group, group, counter), counter < REFUSED);
    refusals_done(&refusals);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backoff),     cmocka_unit_test(test_two_of_a_group_are_a_rule),
        cmocka_unit_test(test_tried_again), cmocka_unit_test(test_forgotten_when_given),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
