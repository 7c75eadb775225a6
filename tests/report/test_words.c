/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Figures in sentences: rounded, and never to what they are not. */
#include "report/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_words(char *text, const char *expected) {
    assert_string_equal(text, expected);
    free(text);
}

static void test_durations(void **state) {
    (void)state;
    assert_words(words_duration(20), "20 s");
    assert_words(words_duration(300), "5 min");
    assert_words(words_duration(1800), "30 min");
    assert_words(words_duration(7199), "120 min");
    assert_words(words_duration(7200), "2 hours");
    assert_words(words_duration(9000), "2.5 hours");
    assert_words(words_duration(86400), "24 hours");
    assert_words(words_duration(129600), "36 hours");
    assert_words(words_duration(7 * 86400), "7 days");
    assert_words(words_duration(2592000 - 43200), "29.5 days");
    assert_words(words_time(1795725000), "2026-11-26 20:30 UTC");
}

static void test_numbers(void **state) {
    (void)state;
    assert_words(words_count(0, "guest"), "no guest");
    assert_words(words_count(1, "guest"), "1 guest");
    assert_words(words_count(24, "guest"), "24 guests");
    assert_words(words_percent(0), "0 %");
    assert_words(words_percent(0.001), "0.1 %");
    assert_words(words_percent(0.139), "0.1 %");
    assert_words(words_percent(28.27), "28 %");
    assert_words(words_percent(99.9999), "99.9 %");
    assert_words(words_percent(100), "100 %");
    assert_words(words_amount(8.46), "8.5");
    assert_words(words_amount(-0.44), "-0.4");
    assert_words(words_amount(166.4), "166");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_durations),
                                       cmocka_unit_test(test_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
