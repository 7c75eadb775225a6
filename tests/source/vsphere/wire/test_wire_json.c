/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* JSON: what is read, what is not, and what a hostile text may cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "source/vsphere/wire/wire_json.h"

static void test_forms(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"\"bare\"", true},
        {" {\"value\" : [1, 2.5e3, null, true]} ", true},
        {"\"\\ud83d\\ude00 \\/\"", true},
        {"", false},
        {"{", false},
        {"[1,]", false},
        {"{} {}", false},
        {"<html>", false},
        {"\"a\\u0000b\"", false},
        {"\"\xff\"", false},
        {"\"\\ud83d\"", false},
        {"1e999", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        json_t *json = wire_json_read(cases[i].text, strlen(cases[i].text));
        assert_int_equal(json != NULL, cases[i].good);
        json_decref(json);
    }
}

/* Each small piece would take a hundred times its size. */
static void test_memory(void **state) {
    (void)state;
    static const char *const pieces[] = {"{},", "[],", "{\"a\":{}},"};
    enum { SIZE = 6 << 20 };
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        GString *text = g_string_new("[");
        while (text->len < SIZE)
            g_string_append(text, pieces[i]);
        g_string_append(text, "1]");
        assert_null(wire_json_read(text->str, text->len));
        g_string_free(text, TRUE);
    }
    json_t *json = wire_json_read("[]", 2);
    assert_non_null(json);
    json_decref(json);
}

static void test_depth(void **state) {
    (void)state;
    char *text = g_strnfill(1 << 20, '[');
    assert_null(wire_json_read(text, strlen(text)));
    g_free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests_name("wire_json", tests, NULL, NULL);
}
