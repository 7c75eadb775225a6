/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One CSV cell: what a CSV reader and a spreadsheet get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink/csv_text.h"

static const struct {
    const char *text;
    const char *plain;
    const char *safe; /* NULL: the same */
} cases[] = {
    {NULL, "", NULL},
    {"", "", NULL},
    {"web-1", "web-1", NULL},
    {"two words", "two words", NULL},
    {"a,b", "\"a,b\"", NULL},
    {"say \"hi\"", "\"say \"\"hi\"\"\"", NULL},
    {"\"", "\"\"\"\"", NULL},
    {"line\nbreak", "\"line\nbreak\"", NULL},
    {"carriage\rreturn", "\"carriage\rreturn\"", NULL},
    {"semi;colon", "semi;colon", NULL},
    {"Gr\303\274n", "Gr\303\274n", NULL},
    {"\344\270\255\346\226\207,\360\237\220\247", "\"\344\270\255\346\226\207,\360\237\220\247\"",
     NULL},
    {"=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"},
    {"=1,2", "\"=1,2\"", "\"'=1,2\""},
    {"+1", "+1", "'+1"},
    {"-1", "-1", "'-1"},
    {"@SUM(A1)", "@SUM(A1)", "'@SUM(A1)"},
    {"\t=1", "\t=1", "'\t=1"},
    {"\r=1", "\"\r=1\"", "\"'\r=1\""},
    {"a=1", "a=1", NULL},
    {"'quoted", "'quoted", NULL},
    {"Latin-1 \374", "Latin-1 \357\277\275", NULL},
    {"\374,", "\"\357\277\275,\"", NULL},
    {"=\374", "=\357\277\275", "'=\357\277\275"},
    {"cut \344\270", "cut \357\277\275\357\277\275", NULL},
};

static char *cell(const char *text, bool safe) {
    char *result;
    size_t size;
    FILE *stream = open_memstream(&result, &size);

    csv_text(stream, text, safe);
    fclose(stream);
    return result;
}

static void test_cells(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *plain = cell(cases[i].text, false);
        char *safe = cell(cases[i].text, true);
        assert_string_equal(plain, cases[i].plain);
        assert_string_equal(safe, cases[i].safe ? cases[i].safe : cases[i].plain);
        free(plain);
        free(safe);
    }
}

static void test_append_leaves_what_is_there(void **state) {
    GString *row = g_string_new("a,");
    (void)state;

    csv_append(row, "=1,2", true);
    csv_append(row, NULL, true);
    assert_string_equal(row->str, "a,\"'=1,2\"");
    g_string_free(row, TRUE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_append_leaves_what_is_there),
    };
    return cmocka_run_group_tests_name("csv_text", tests, NULL, NULL);
}
