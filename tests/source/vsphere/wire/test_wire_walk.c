/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Elements of a piece of XML in every form that XML allows; pieces that are no XML do no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "source/vsphere/wire/wire_walk.h"

static void on_begin(void *context, const struct wire_step *step) {
    g_string_append_printf(context, "%d%.*s(", step->depth, (int)step->name_length, step->name);
}

static void on_end(void *context, const struct wire_step *step) {
    g_string_append_printf(context, "%s)%.*s", step->text, (int)step->name_length, step->name);
}

static void check(const char *xml, const char *expected) {
    GString *seen = g_string_new(NULL);
    wire_walk(xml, &(struct wire_visitor){seen, on_begin, on_end});
    assert_string_equal(seen->str, expected);
    g_string_free(seen, TRUE);
    wire_walk(xml, &(struct wire_visitor){NULL, NULL, NULL});
}

static void test_forms(void **state) {
    static const char *const cases[][2] = {
        {"", ""},
        {"text", ""},
        {"<a>1</a>", "0a(1)a"},
        {"<a><b>1</b><b>2</b></a>", "0a(1b(1)b1b(2)b)a"},
        {"<v:a x='>' y=\"/>\">1</v:a>", "0a(1)a"},
        {"<a/>", "0a()a"},
        {"<a ><b /></a >", "0a(1b()b)a"},
        {"<a>x &lt;&#65;&amp; <![CDATA[<b>]]></a>", "0a(x <A& <b>)a"},
        {"<!-- <a> --><a><?p <b>?>1<!-- 2 -->3</a>", "0a(13)a"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(cases[i][0], cases[i][1]);
}

static void test_damaged(void **state) {
    static const char *const cases[][2] = {
        {"<", ""},      {"<a", ""}, {"<a>", "0a("}, {"</a>", ""}, {"</a></b><c>1</c>", "0c(1)c"},
        {"<a x='", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(cases[i][0], cases[i][1]);
}

/* A text that is too long, and elements in elements without end. */
static void test_bounds(void **state) {
    GString *xml = g_string_new("<a>");
    (void)state;
    for (int i = 0; i < 2 * WIRE_WALK_TEXT; i++)
        g_string_append_c(xml, 'x');
    g_string_append(xml, "</a>");
    check(xml->str, "0a()a");
    g_string_truncate(xml, 0);
    for (int i = 0; i < 100000; i++)
        g_string_append(xml, "<a>");
    wire_walk(xml->str, &(struct wire_visitor){NULL, NULL, NULL});
    g_string_free(xml, TRUE);
}

static void test_numbers(void **state) {
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {" 12 ", true, 12},
        {"-1", true, -1},
        {"", false, 0},
        {"x", false, 0},
        {"1x", false, 0},
        {"99999999999999999999", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t number = 0;
        struct wire_step step = {.text = cases[i].text};
        assert_int_equal(wire_step_number(&step, &number), cases[i].good);
        if (cases[i].good)
            assert_int_equal(number, cases[i].value);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests_name("wire_walk", tests, NULL, NULL);
}
