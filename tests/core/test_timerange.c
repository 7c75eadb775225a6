/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Times and durations as users write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/timerange.h"

static const int64_t now = 1795288640; /* 2026-11-21T19:17:20Z */

static void test_moments(void **state) {
    static const struct {
        const char *text;
        int64_t expected;
    } cases[] = {
        {"2026-11-21T19:17:20Z", now},
        {"2026-11-21T20:17:20+01:00", now},
        {"2026-11-21T20:17:20+01", now},
        {"20261121T191720Z", now},
        {"2026-11-21T19:17:20.9Z", now},
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59Z", -1},
        {"2026-11-21", now - 69440},
        {"1970-01-02", 86400},
        {"now", now},
        {"-1s", now - 1},
        {"-90m", now - 5400},
        {"-2h", now - 7200},
        {"-7d", now - 604800},
        {"-1w", now - 604800},
        {"-1d12h", now - 129600},
        {"-1d12h30m5s", now - 131405},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct moment moment = {.given = false};
        struct error error = {0};
        assert_true(timerange_moment("--start", cases[i].text, &moment, &error));
        assert_true(moment.given);
        assert_int_equal(timerange_resolve(&moment, now), cases[i].expected);
    }
}

static void test_wrong_moments(void **state) {
    static const char *const cases[] = {"",
                                        "yesterday",
                                        "2026-11",
                                        "2026-11-21 ",
                                        "2026-11-31",
                                        "2026-1-21",
                                        "2026-11-21Z",
                                        "2026-11-21T19:17:20",
                                        "19:17:20Z",
                                        "-",
                                        "-1",
                                        "-1x",
                                        "-h",
                                        "--1h",
                                        "-0s",
                                        "-1h ",
                                        "1h",
                                        "-1h-1m",
                                        "2026-13-21T19:17:20Z",
                                        "-99999999999999d",
                                        "-11y",
                                        "now ",
                                        "-1.5h"};
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct moment moment;
        struct error error = {0};
        if (timerange_moment("--end", cases[i], &moment, &error))
            fail_msg("'%s' was taken as a time", cases[i]);
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_int_equal(strncmp(error.message, "--end '", 7), 0);
    }
}

static void test_last(void **state) {
    static const struct {
        const char *text;
        int64_t seconds;
    } cases[] = {{"20s", 20}, {"1h", 3600}, {"90m", 5400}, {"7d", 604800}, {"1d12h", 129600}};
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct timerange range = {.start = {.given = false}};
        struct error error = {0};
        assert_false(timerange_given(&range));
        assert_true(timerange_last("--last", cases[i].text, &range, &error));
        assert_true(timerange_given(&range));
        assert_int_equal(timerange_resolve(&range.start, now), now - cases[i].seconds);
        assert_int_equal(timerange_resolve(&range.end, now), now);
    }
}

static void test_wrong_durations(void **state) {
    static const char *const cases[] = {"",
                                        "1",
                                        "h",
                                        "0s",
                                        "-1h",
                                        "1h ",
                                        "1q",
                                        "3661d",
                                        "now",
                                        "9223372036854775807w",
                                        "99999999999999999999s"};
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct timerange range = {.start = {.given = false}};
        struct error error = {0};
        if (timerange_last("--last", cases[i], &range, &error))
            fail_msg("'%s' was taken as a duration", cases[i]);
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_int_equal(strncmp(error.message, "--last '", 8), 0);
        assert_false(timerange_given(&range));
    }
}

static void test_given(void **state) {
    struct timerange range = {.end = {.given = true}};
    (void)state;

    assert_true(timerange_given(&range));
}

static void test_within(void **state) {
    const struct moment none = {0}, ago = {true, true, -10}, present = {true, true, 0};
    const struct moment first = {true, false, 1000}, second = {true, false, 1010};
    const struct {
        struct timerange range;
        bool within;
    } cases[] = {
        {{none, none}, false},     {{none, second}, false}, {{ago, none}, true},
        {{ago, present}, true},    {{first, second}, true}, {{ago, second}, false},
        {{first, present}, false}, {{first, first}, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(timerange_is_within(&cases[i].range, 11), cases[i].within);
        assert_int_equal(timerange_is_within(&cases[i].range, 10), cases[i].within && i == 7);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments), cmocka_unit_test(test_wrong_moments),
        cmocka_unit_test(test_last),    cmocka_unit_test(test_wrong_durations),
        cmocka_unit_test(test_given),   cmocka_unit_test(test_within),
    };
    return cmocka_run_group_tests_name("timerange", tests, NULL, NULL);
}
