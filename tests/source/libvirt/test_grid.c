/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Places and seconds of polls: at an even distance, whatever calls take and clocks do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "source/grid.h"

static const int64_t second_ns = 1000000000;
static const int64_t ms_ns = 1000000;

static struct grid begun(int64_t period_seconds, int64_t now_ns) {
    struct grid grid = {.period_ns = period_seconds * second_ns};
    assert_int_equal(grid_begin(&grid, now_ns), 0);
    return grid;
}

static void test_due(void **state) {
    const struct grid fresh = {.period_ns = second_ns};
    (void)state;
    assert_int_equal(grid_due_ns(&fresh, 77), 77);
    const struct grid grid = begun(2, 5 * second_ns);
    assert_int_equal(grid_due_ns(&grid, 5 * second_ns), 7 * second_ns);
    assert_int_equal(grid_due_ns(&grid, 5 * second_ns + 1), 7 * second_ns);
    assert_int_equal(grid_due_ns(&grid, 7 * second_ns - 1), 7 * second_ns);
    assert_int_equal(grid_due_ns(&grid, 7 * second_ns), 9 * second_ns);
}

/* A poll that begins late does not move those that follow, and a place left out is counted. */
static void test_skipped(void **state) {
    struct grid grid = begun(1, 10 * second_ns);
    (void)state;
    assert_int_equal(grid_begin(&grid, 11 * second_ns + 3 * ms_ns), 0);
    assert_int_equal(grid_begin(&grid, 12 * second_ns + 900 * ms_ns), 0);
    assert_int_equal(grid_due_ns(&grid, 12 * second_ns + 950 * ms_ns), 13 * second_ns);
    assert_int_equal(grid_begin(&grid, 15 * second_ns), 2);
    /* Attempts in between, after a failure. */
    assert_int_equal(grid_begin(&grid, 15 * second_ns + 100 * ms_ns), 0);
    assert_int_equal(grid_begin(&grid, 15 * second_ns + 300 * ms_ns), 0);
    assert_int_equal(grid_begin(&grid, 16 * second_ns), 0);
}

/* Calls of 10 to 300 ms, whose middles count: no second twice, none left out. */
static void test_even_stamps(void **state) {
    static const int64_t middles_ms[] = {5, 150, 5, 90, 140, 2};
    struct grid grid = begun(1, 100 * second_ns);
    const int64_t offset_ns = 1795000000 * second_ns + 700 * ms_ns;
    (void)state;
    int64_t first = 0;
    for (size_t i = 0; i < sizeof middles_ms / sizeof middles_ms[0]; i++) {
        int64_t time_ns = (100 + (int64_t)i) * second_ns + middles_ms[i] * ms_ns;
        int64_t stamp = grid_stamp(&grid, time_ns, time_ns + offset_ns + (int64_t)i * ms_ns);
        if (i == 0)
            first = stamp;
        assert_int_equal(stamp, first + (int64_t)i);
    }
    assert_int_equal(first, 1795000000 + 100);
}

/* Somebody sets the clock: the stamps follow at once. */
static void test_clock_set(void **state) {
    struct grid grid = begun(1, 0);
    (void)state;
    assert_int_equal(grid_stamp(&grid, 0, 1000 * second_ns), 1000);
    assert_int_equal(grid_stamp(&grid, second_ns, 1001 * second_ns), 1001);
    assert_int_equal(grid_stamp(&grid, 2 * second_ns, 5002 * second_ns), 5002);
    assert_int_equal(grid_stamp(&grid, 3 * second_ns, 1003 * second_ns), 1003);
    assert_int_equal(grid.set_back, 4000);
    assert_int_equal(grid_stamp(&grid, 4 * second_ns, 1004 * second_ns), 1004);
    assert_int_equal(grid.set_back, 0);
}

/* Set back by an hour, by less than a period, and by one: the distance stays that of the grid. */
static void test_set_back(void **state) {
    struct grid grid = begun(20, 0);
    (void)state;
    assert_int_equal(grid_stamp(&grid, 0, 10000 * second_ns), 10000);
    assert_int_equal(grid_stamp(&grid, 20 * second_ns, 10020 * second_ns), 10020);
    assert_int_equal(grid_stamp(&grid, 40 * second_ns, 6440 * second_ns), 6440);
    assert_int_equal(grid.set_back, 3600);
    assert_int_equal(grid_stamp(&grid, 60 * second_ns, 6460 * second_ns), 6460);
    assert_int_equal(grid_stamp(&grid, 80 * second_ns, 6475 * second_ns), 6475);
    assert_int_equal(grid.set_back, 5);
    assert_int_equal(grid_stamp(&grid, 100 * second_ns, 6495 * second_ns), 6495);
    /* Not the same second again. */
    assert_int_equal(grid_stamp(&grid, 120 * second_ns, 6495 * second_ns), 6496);
    assert_int_equal(grid_stamp(&grid, 140 * second_ns, 6515 * second_ns), 6515);
}

/* Polls that nearly meet are no clock that was set back. */
static void test_close_polls(void **state) {
    struct grid grid = begun(1, 0);
    (void)state;
    assert_int_equal(grid_stamp(&grid, 0, 1000 * second_ns), 1000);
    assert_int_equal(grid_stamp(&grid, 1900 * ms_ns, 1000 * second_ns + 1900 * ms_ns), 1002);
    assert_int_equal(grid_stamp(&grid, 2000 * ms_ns, 1000 * second_ns + 2000 * ms_ns), 1003);
    assert_int_equal(grid.set_back, 0);
}

/* One slow poll says for some time which interval holds, and not for ever. */
static void test_held(void **state) {
    struct grid grid = begun(1, 0);
    (void)state;
    assert_int_equal(grid_hold(&grid, 1), 1);
    assert_int_equal(grid_hold(&grid, 9), 9);
    for (int i = 0; i < 30; i++)
        assert_int_equal(grid_hold(&grid, 2), 9);
    int polls = 0;
    while (grid_hold(&grid, 2) == 9)
        assert_true(++polls < 60);
    assert_int_equal(grid_hold(&grid, 2), 2);
    assert_int_equal(grid_hold(&grid, 3), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_due),         cmocka_unit_test(test_held),
        cmocka_unit_test(test_skipped),     cmocka_unit_test(test_even_stamps),
        cmocka_unit_test(test_clock_set),   cmocka_unit_test(test_set_back),
        cmocka_unit_test(test_close_polls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
