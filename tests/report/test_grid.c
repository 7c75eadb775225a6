/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Lists: columns without values, and numbers that round to nothing. */
#include "report/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct grid_column columns[] = {
    {"name", false, NULL}, {"GB", true, NULL},        {"at", false, NULL},
    {"GHz", true, NULL},   {"days left", true, NULL}, {"days left", true, NULL},
};

static struct grid *make(bool known) {
    struct grid *grid = grid_new("A list", columns, G_N_ELEMENTS(columns));
    grid_text(grid, "db");
    grid_number(grid, known, -0.001, 2);
    grid_time(grid, known, 1795725000);
    grid_number(grid, true, -0.006, 2);
    grid_number(grid, false, 1, 0);
    grid_number(grid, false, 1, 0);
    grid_end_row(grid, NULL, NULL);
    return grid;
}

/* A column is named once, and with it what only says more of it. */
static void test_unfilled(void **state) {
    (void)state;
    struct grid *grid = make(false);
    assert_true(grid_shows(grid, 0) && grid_shows(grid, 3));
    assert_false(grid_shows(grid, 1) || grid_shows(grid, 2) || grid_shows(grid, 5));
    char *names = grid_unfilled(grid);
    assert_string_equal(names, "GB, days left");
    free(names);
    grid->whole = true;
    assert_true(grid_shows(grid, 1));
    assert_null(grid_unfilled(grid));
    grid_free(grid);
}

static void test_no_rows(void **state) {
    (void)state;
    struct grid *grid = grid_new("A list", columns, G_N_ELEMENTS(columns));
    assert_true(grid_shows(grid, 1));
    assert_null(grid_unfilled(grid));
    grid_free(grid);
}

static void test_zero(void **state) {
    (void)state;
    struct grid *grid = make(true);
    assert_string_equal(grid_text_of(grid, 0, 1), "0.00");
    assert_string_equal(grid_text_of(grid, 0, 2), "11-26 20:30");
    assert_string_equal(grid_text_of(grid, 0, 3), "-0.01");
    grid_free(grid);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unfilled),
        cmocka_unit_test(test_no_rows),
        cmocka_unit_test(test_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
