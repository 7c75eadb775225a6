/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Pattern lists as users write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/globs.h"

static void test_match(void **state) {
    static const struct {
        const char *lists[3];
        const char *text;
        bool expected;
    } cases[] = {
        {{NULL}, "anything", true},
        {{""}, "anything", true},
        {{",,"}, "anything", true},
        {{"!"}, "anything", true},
        {{"web-1"}, "web-1", true},
        {{"web-1"}, "web-10", false},
        {{"web-*"}, "web-10", true},
        {{"cpu.*"}, "cpu.usage.average", true},
        {{"*.average"}, "mem.vmfs.pbc.average", true},
        {{"cpu.?sage.*"}, "cpu.usage.none", true},
        {{"[a-c]*"}, "beta", true},
        {{"[a-c]*"}, "delta", false},
        {{"*"}, ".hidden/with/slash", true},
        {{"Web"}, "web", false},
        {{"a,b"}, "b", true},
        {{"a", "b"}, "b", true},
        {{"a,b"}, "a,b", false},
        {{",a,,b,"}, "b", true},
        {{"!web-*"}, "db", true},
        {{"!web-*"}, "web-1", false},
        {{"*,!web-1"}, "web-2", true},
        {{"*,!web-1"}, "web-1", false},
        {{"!web-1,*"}, "web-1", false},
        {{"!web-1", "web-*"}, "web-1", false},
        {{"!web-1", "web-*"}, "web-2", true},
        {{"!web-1", "web-*"}, "db", false},
        {{"gr\303\274n*"}, "gr\303\274n-1", true},
        {{"web\\*"}, "web*", true},
        {{"web\\*"}, "web-1", false},
        {{"web-1*"}, "web", false},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct globs globs = {0};
        for (size_t j = 0; j < 3 && cases[i].lists[j]; j++)
            globs_add(&globs, cases[i].lists[j]);
        if (globs_match(&globs, cases[i].text) != cases[i].expected)
            fail_msg("'%s' and '%s'", cases[i].lists[0], cases[i].text);
        globs_done(&globs);
    }
}

static void test_excludes(void **state) {
    struct globs globs = {0};
    (void)state;

    assert_false(globs_excludes(&globs, "a"));
    globs_add(&globs, "a*,!ab,b,!b?");
    assert_false(globs_excludes(&globs, "a"));
    assert_true(globs_excludes(&globs, "ab"));
    assert_true(globs_excludes(&globs, "bc"));
    assert_false(globs_excludes(&globs, "c"));
    globs_done(&globs);
}

static void test_includes(void **state) {
    struct globs globs = {0};
    (void)state;

    assert_true(globs_includes(&globs, "a"));
    globs_add(&globs, "!a*");
    assert_true(globs_includes(&globs, "a"));
    globs_add(&globs, "ab*,c");
    assert_true(globs_includes(&globs, "ab"));
    assert_true(globs_includes(&globs, "c"));
    assert_false(globs_includes(&globs, "a"));
    globs_done(&globs);
}

static void test_patterns_are_listed_as_given(void **state) {
    struct globs globs = {0};
    (void)state;

    globs_add(&globs, "cpu.*,!cpu.idle.*");
    globs_add(&globs, "mem.*");
    assert_int_equal(globs.count, 3);
    assert_int_equal(globs.includes, 2);
    assert_string_equal(globs.patterns[1], "cpu.idle.*");
    assert_true(globs.excludes[1]);
    assert_false(globs.excludes[2]);
    globs_done(&globs);
    assert_int_equal(globs.count, 0);
    globs_done(&globs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_excludes),
        cmocka_unit_test(test_includes),
        cmocka_unit_test(test_patterns_are_listed_as_given),
    };
    return cmocka_run_group_tests_name("globs", tests, NULL, NULL);
}
