/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Each sample time counts once, in whatever order the times come. */
#include "core/mark.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { INTERVAL = 20, START = 1700000000 / INTERVAL * INTERVAL };

/* Grid time number n. */
static int64_t at(int n) {
    return START + (int64_t)n * INTERVAL;
}

static void test_nothing_before_the_beginning(void **state) {
    struct mark mark;
    (void)state;
    mark_init(&mark, INTERVAL, at(0));
    assert_int_equal(mark_after(&mark), at(0));
    assert_true(mark_has(&mark, at(0)));
    assert_true(mark_has(&mark, at(-5)));
    assert_true(mark_has(&mark, at(-1000)));
    assert_false(mark_has(&mark, at(1)));
    assert_false(mark_has(&mark, at(1000)));
}

static void test_a_late_sample_is_new(void **state) {
    struct mark mark;
    int64_t after = 0, until = 0;
    (void)state;
    mark_init(&mark, INTERVAL, at(0));
    mark_add(&mark, at(1));
    mark_add(&mark, at(4));
    assert_int_equal(mark_after(&mark), at(4));
    assert_false(mark_has(&mark, at(2)));
    assert_true(mark_hole(&mark, at(-100), &after, &until));
    assert_true(after < at(2) && after >= at(1));
    assert_true(until >= at(3) && until < at(4));
    mark_add(&mark, at(2));
    assert_true(mark_has(&mark, at(2)));
    assert_false(mark_has(&mark, at(3)));
    assert_true(mark_hole(&mark, at(2), &after, &until));
    assert_false(mark_hole(&mark, at(3), &after, &until));
    mark_add(&mark, at(3));
    assert_false(mark_hole(&mark, at(-100), &after, &until));
}

static void test_a_long_gap(void **state) {
    struct mark mark;
    int64_t after = 0, until = 0;
    (void)state;
    mark_init(&mark, INTERVAL, at(0));
    mark_add(&mark, at(1));
    mark_add(&mark, at(1000));
    assert_true(mark_has(&mark, at(1000)));
    assert_true(mark_has(&mark, at(1000 - MARK_TIMES))); /* too old to tell */
    assert_false(mark_has(&mark, at(1001 - MARK_TIMES)));
    assert_true(mark_hole(&mark, at(0), &after, &until));
    assert_int_equal(after, at(1001 - MARK_TIMES) - 1);
    assert_int_equal(until, at(1000) - 1);
    mark_add(&mark, at(2)); /* forgotten long ago: changes nothing */
    assert_true(mark_has(&mark, at(2)));
}

/* Times beside the grid, as of a server whose intervals begin at odd seconds. */
static void test_times_beside_the_grid(void **state) {
    struct mark mark;
    int64_t after = 0, until = 0;
    (void)state;
    mark_init(&mark, INTERVAL, at(0));
    mark_add(&mark, at(1) + 7);
    mark_add(&mark, at(3) + 7);
    assert_true(mark_after(&mark) <= at(3) + 7);
    assert_true(mark_has(&mark, at(3) + 7));
    assert_false(mark_has(&mark, at(2) + 7));
    assert_true(mark_hole(&mark, at(0), &after, &until));
    assert_true(after < at(2) + 7 && until >= at(2) + 7 && until < at(3) + 7);
}

static void test_any_order(void **state) {
    enum { TIMES = 5000, LATEST = MARK_TIMES - 10 };
    static bool seen[TIMES];
    struct mark mark;
    int newest = 0;
    (void)state;
    srand(2);
    memset(seen, 0, sizeof seen);
    mark_init(&mark, INTERVAL, at(0));
    for (int i = 0; i < 20000; i++) {
        int time = newest + 2 - rand() % LATEST;
        if (time <= 0 || time >= TIMES)
            continue;
        assert_int_equal(mark_has(&mark, at(time)), seen[time]);
        mark_add(&mark, at(time));
        seen[time] = true;
        newest = time > newest ? time : newest;
        assert_int_equal(mark_after(&mark), at(newest));
    }
}

static void test_a_clock_that_was_wrong(void **state) {
    struct mark mark;
    (void)state;
    mark_init(&mark, INTERVAL, at(0));
    mark_add(&mark, at(20));
    assert_true(mark.any);
    assert_int_equal(mark_start(&mark, at(21)), at(20));
    assert_int_equal(mark_start(&mark, at(20) - 1), at(20));
    /* The clock was put forward, and is right again: what it skipped is asked for. */
    assert_true(mark_start(&mark, at(10)) < at(10));
    assert_false(mark_has(&mark, at(11)));
    assert_int_equal(mark_after(&mark), at(20));
    mark_add(&mark, at(1000000));
    assert_int_equal(mark_start(&mark, at(30)), at(27));
    assert_true(mark.any);
    assert_true(mark_has(&mark, at(27)));
    assert_false(mark_has(&mark, at(28)));
    /* Nothing has come: the next rounds ask for the same. */
    assert_int_equal(mark_start(&mark, at(31)), at(27));
    mark_add(&mark, at(28));
    assert_int_equal(mark_start(&mark, at(31)), at(28));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_before_the_beginning),
        cmocka_unit_test(test_a_late_sample_is_new),
        cmocka_unit_test(test_a_long_gap),
        cmocka_unit_test(test_times_beside_the_grid),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_a_clock_that_was_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
