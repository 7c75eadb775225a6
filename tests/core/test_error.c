/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The error type: the first error wins, and it is one line of valid UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"

static void test_records_kind_and_message(void **state) {
    struct error error = {0};
    (void)state;

    assert_false(error_set(&error, ERROR_CONNECT, "no route to %s:%d", "esx01", 443));
    assert_int_equal(error.kind, ERROR_CONNECT);
    assert_string_equal(error.message, "no route to esx01:443");
}

static void test_first_error_wins(void **state) {
    struct error error = {0};
    (void)state;

    error_set(&error, ERROR_TLS, "first");
    assert_false(error_set(&error, ERROR_OUTPUT, "second"));
    assert_int_equal(error.kind, ERROR_TLS);
    assert_string_equal(error.message, "first");
}

static void test_clear_makes_room(void **state) {
    struct error error = {0};
    (void)state;

    error_set(&error, ERROR_TLS, "first");
    error_clear(&error);
    assert_int_equal(error.kind, ERROR_NONE);
    assert_string_equal(error.message, "");
    error_set(&error, ERROR_OUTPUT, "second");
    assert_string_equal(error.message, "second");
}

static void test_prefix(void **state) {
    struct error error = {0};
    (void)state;

    error_prefix(&error, "nothing to prefix");
    assert_string_equal(error.message, "");
    error_set(&error, ERROR_AUTH, "wrong password");
    error_prefix(&error, "guest %d", 7);
    error_prefix(&error, "esx01");
    assert_int_equal(error.kind, ERROR_AUTH);
    assert_string_equal(error.message, "esx01: guest 7: wrong password");
}

static void test_one_line(void **state) {
    struct error error = {0};
    (void)state;

    error_set(&error, ERROR_FAULT, "guest '%s'", "a\nb\033[1m\342\200\250 \302\205");
    error_prefix(&error, "host\n1");
    assert_string_equal(error.message, "host?1: guest 'a?b?[1m? ?'");
}

static void test_long_text_is_cut_between_characters(void **state) {
    char text[2048];
    struct error error = {0};
    (void)state;

    size_t length = 0;
    for (; length + 2 < sizeof text; length += 2)
        memcpy(text + length, "\303\274", 2);
    text[length] = '\0';
    error_set(&error, ERROR_FAULT, "%s", text);
    assert_int_equal(strlen(error.message), sizeof error.message - 2);
    assert_memory_equal(error.message + strlen(error.message) - 2, "\303\274", 2);

    error_prefix(&error, "x");
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    assert_memory_equal(error.message, "x: \303\274", 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_kind_and_message),
        cmocka_unit_test(test_first_error_wins),
        cmocka_unit_test(test_clear_makes_room),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_one_line),
        cmocka_unit_test(test_long_text_is_cut_between_characters),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
