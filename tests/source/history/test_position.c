/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* How far a history has been given survives as text, and nothing else is taken for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "source/history/position.h"

static void test_times(void **state) {
    struct position position;
    (void)state;
    position_init(&position, 100);
    assert_int_equal(position_time(&position, 1), 100);
    position_move(&position, 1, 140);
    position_move(&position, 2, 120);
    position_move(&position, 1, 130);
    assert_int_equal(position_time(&position, 1), 140);
    assert_int_equal(position_time(&position, 2), 120);
    assert_int_equal(position_time(&position, 3), 100);
    position_done(&position);
}

static void test_text(void **state) {
    struct position position;
    (void)state;
    position_init(&position, -5);
    position.round = 7;
    position_move(&position, 12, 140);
    position_move(&position, 3, 120);
    position_move(&position, 2, 140);
    char *text = position_text(&position);
    assert_string_equal(text, "round 7\nbegin -5\ntime 120 3\ntime 140 2 12\nend\n");
    position_done(&position);
    position_init(&position, 0);
    assert_true(position_read(&position, text));
    assert_int_equal(position.round, 7);
    assert_int_equal(position.begin, -5);
    assert_int_equal(position_time(&position, 12), 140);
    assert_int_equal(position_time(&position, 3), 120);
    assert_int_equal(position_time(&position, 4), -5);
    position_done(&position);
    free(text);
}

static void test_other_texts(void **state) {
    static const char *const texts[] = {
        "",         "end\n",          "round 7\nbegin 0\n",       "round 7\nbegin 0\nend",
        "a\nend\n", "round x\nend\n", "round 7 8\nend\n",         "time 1 2 x\nend\n",
        "\nend\n",  "time\nend\n",    "round 1\ntime 1 \n\nend\n"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct position position;
        position_init(&position, 0);
        assert_false(position_read(&position, texts[i]));
        position_done(&position);
    }
}

/* A file that was cut off anywhere is not taken for a whole one. */
static void test_cut_off(void **state) {
    static const char whole[] = "round 70\nbegin 5\ntime 120 3 44\nend\n";
    (void)state;
    for (size_t length = 0; length < strlen(whole); length++) {
        struct position position;
        char *text = memory_strndup(whole, length);
        position_init(&position, 0);
        assert_false(position_read(&position, text));
        position_done(&position);
        free(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_other_texts),
        cmocka_unit_test(test_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
