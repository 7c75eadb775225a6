/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What the user asks for becomes a window of the source's time. */
#include "core/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1700000000, HOUR = 3600 };

static const struct moment absent = {0};

static struct moment at(int64_t seconds) {
    return (struct moment){.given = true, .seconds = seconds};
}

static struct moment from_now(int64_t seconds) {
    return (struct moment){.given = true, .relative = true, .seconds = seconds};
}

static void test_windows(void **state) {
    const struct {
        struct timing timing;
        bool needs_now;
        struct window window;
    } rows[] = {
        {{.samples = 1, .interval = 20}, false, {.interval = 20, .newest = 1, .now = NOW}},
        {{.samples = 15, .interval = 20}, false, {.interval = 20, .newest = 15, .now = NOW}},
        {{.samples = 1, .interval = 300},
         true,
         {.after = NOW - 900, .until = NOW, .interval = 300, .newest = 1, .now = NOW}},
        {{.range = {from_now(-HOUR), from_now(0)}, .interval = 20},
         true,
         {.after = NOW - HOUR, .until = NOW, .interval = 20, .now = NOW}},
        {{.range = {at(NOW - 100), at(NOW - 40)}, .interval = 300},
         false,
         {.after = NOW - 100, .until = NOW - 40, .interval = 300, .now = NOW}},
        {{.range = {at(NOW - 100), at(NOW - 40)}, .interval = 20},
         true,
         {.after = NOW - 100, .until = NOW - 40, .interval = 20, .now = NOW}},
        {{.range = {absent, at(NOW - 40)}, .samples = 3, .interval = 20},
         true,
         {.after = NOW - 140, .until = NOW - 40, .interval = 20, .newest = 3, .now = NOW}},
        {{.samples = 1, .interval = 20, .follow = true},
         true,
         {.after = NOW - 20, .interval = 20, .fresh_only = true, .now = NOW}},
        {{.range = {from_now(-HOUR), absent}, .interval = 20, .follow = true},
         true,
         {.after = NOW - HOUR, .interval = 20, .fresh_only = true, .now = NOW}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error = {0};
        struct window window;
        assert_int_equal(window_needs_now(&rows[i].timing), rows[i].needs_now);
        assert_true(window_resolve(&window, &rows[i].timing, NOW, &error));
        assert_int_equal(window.after, rows[i].window.after);
        assert_int_equal(window.until, rows[i].window.until);
        assert_int_equal(window.interval, rows[i].window.interval);
        assert_int_equal(window.newest, rows[i].window.newest);
        assert_int_equal(window.fresh_only, rows[i].window.fresh_only);
    }
}

static void test_empty(void **state) {
    static const int64_t ends[] = {NOW, NOW - 1, NOW - HOUR};
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const struct timing timing = {.range = {at(NOW), at(ends[i])}, .interval = 20};
        struct error error = {0};
        struct window window;
        assert_false(window_resolve(&window, &timing, NOW, &error));
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_non_null(strstr(error.message, "--start is not before --end"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
