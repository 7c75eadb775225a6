/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Numbers and times as a spreadsheet gets them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/value.h"

static void test_values(void **state) {
    static const struct {
        int64_t value;
        const char *unit;
        bool raw;
        const char *expected;
    } cases[] = {
        {459, "percent", false, "4.59"},
        {-459, "percent", false, "-4.59"},
        {5, "percent", false, "0.05"},
        {-1, "percent", false, "-0.01"},
        {0, "percent", false, "0.00"},
        {100, "percent", false, "1.00"},
        {10000, "percent", false, "100.00"},
        {459, "percent", true, "459"},
        {-1, "percent", true, "-1"},
        {459, "kiloBytes", false, "459"},
        {0, "number", false, "0"},
        {-20, "celsius", false, "-20"},
        {INT64_MAX, "number", false, "9223372036854775807"},
        {INT64_MIN, "number", false, "-9223372036854775808"},
        {INT64_MAX, "percent", false, "92233720368547758.07"},
        {INT64_MIN, "percent", false, "-92233720368547758.08"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct counter counter = {.unit = cases[i].unit};
        char text[VALUE_TEXT_SIZE];
        size_t length = value_text(text, cases[i].value, &counter, cases[i].raw);
        assert_string_equal(text, cases[i].expected);
        assert_int_equal(length, strlen(text));
    }
}

static void test_times(void **state) {
    static const struct {
        int64_t seconds;
        const char *expected;
    } cases[] = {
        {0, "1970-01-01T00:00:00Z"},
        {1795288640, "2026-11-21T19:17:20Z"},
        {1709164800, "2024-02-29T00:00:00Z"},
        {951782399, "2000-02-28T23:59:59Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {253402300799, "9999-12-31T23:59:59Z"},
        {-62167219200, "0000-01-01T00:00:00Z"},
        {253402300800, ""},
        {-62167219201, ""},
        {INT64_MAX, ""},
        {INT64_MIN, ""},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[TIME_TEXT_SIZE];
        size_t length = time_text(text, cases[i].seconds);
        assert_string_equal(text, cases[i].expected);
        assert_int_equal(length, strlen(text));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_times),
    };
    return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
