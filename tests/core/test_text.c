/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a hostile name can do to a terminal: nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

static void test_one_line(void **state) {
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"two\nlines", "two?lines"},
        {"carriage\r\nreturn", "carriage??return"},
        {"tab\there", "tab?here"},
        {"\033[2Jescape", "?[2Jescape"},
        {"delete\177", "delete?"},
        {"C1 CSI \302\233x", "C1 CSI ?x"},
        {"C1 next line \302\205x", "C1 next line ?x"},
        {"line \342\200\250 separator", "line ? separator"},
        {"paragraph \342\200\251 separator", "paragraph ? separator"},
        {"Gr\303\274n \344\270\255\346\226\207 \360\237\220\247",
         "Gr\303\274n \344\270\255\346\226\207 \360\237\220\247"},
        {"bare C1 \233x", "bare C1 ?x"},
        {"Latin-1 \374ber", "Latin-1 ?ber"},
        {"overlong \300\257", "overlong ??"},
        {"cut off \344\270", "cut off ??"},
        {"\242 \250", "? ?"},
        {"no break\302\240space", "no break\302\240space"},
        {"no " TEXT_BOLD "style" TEXT_PLAIN, "no ?style?"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s", cases[i].text);
        text_one_line(text);
        assert_string_equal(text, cases[i].expected);
    }
}

static void test_for_terminal(void **state) {
    static const struct {
        const char *text;
        size_t size;
        const char *expected;
    } cases[] = {
        {"", 0, ""},
        {"a\tb\nc", 5, "a\tb\nc"},
        {TEXT_BOLD "a" TEXT_PLAIN "\nb", 11, "\033[1ma\033[0m\nb"},
        {"a\rb\0c", 5, "a?b?c"},
        {"\342\200\252\342\200\256\342\201\246\342\201\251\342\200\217\330\234", 17, "??????"},
        {"\302\233\233", 3, "??"},
        {"\344\270\255\344\270", 5, "\344\270\255??"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        memcpy(text, cases[i].text, cases[i].size);
        text[text_for_terminal(text, cases[i].size)] = '\0';
        assert_string_equal(text, cases[i].expected);
    }
}

static void test_whole(void **state) {
    static const struct {
        const char *text;
        size_t size;
        size_t expected;
    } cases[] = {
        {"", 0, 0},
        {"abc", 3, 3},
        {"a\303\274", 3, 3},
        {"a\303", 2, 1},
        {"\360\237\220", 3, 0},
        {"\342\200\256\342\200", 5, 3},
        {"a\0", 2, 2},
        {"a\374", 2, 1},
        {"a\374\200\200\200\200", 6, 1},
        {"a\374\200\200\200\200\200", 7, 7},
        {"\200\200\200", 3, 3},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(text_whole(cases[i].text, cases[i].size), cases[i].expected);
}

static void test_cut(void **state) {
    static const struct {
        const char *text;
        size_t limit;
        size_t expected;
    } cases[] = {
        {"", 0, 0},
        {"abc", 3, 3},
        {"abc", 9, 3},
        {"abc", 2, 2},
        {"a\303\274", 3, 3},
        {"a\303\274", 2, 1},
        {"\344\270\255\346\226\207", 5, 3},
        {"\344\270\255\346\226\207", 3, 3},
        {"\344\270\255", 2, 0},
        {"\360\237\220\247x", 4, 4},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(text_cut(cases[i].text, cases[i].limit), cases[i].expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_line),
        cmocka_unit_test(test_for_terminal),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
