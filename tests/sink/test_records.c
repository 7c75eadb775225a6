/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Lists as CSV and as tables, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "sink/records.h"

static const struct records_column columns[] = {{"name", false}, {"n", true}, {"note", false}};

struct list {
    struct records *records;
    FILE *stream;
    char *text;
    size_t size;
};

static void begin(struct list *list, enum records_format format, bool safe) {
    *list = (struct list){.text = NULL};
    list->stream = open_memstream(&list->text, &list->size);
    list->records = records_new(list->stream, format, safe, columns, 3);
}

static void add(struct list *list, const char *name, int64_t number, const char *note) {
    records_text(list->records, name);
    records_number(list->records, number, true);
    records_text(list->records, note);
}

static void expect(struct list *list, const char *expected) {
    fflush(list->stream);
    assert_int_equal(list->size, 0); /* nothing before the end */
    records_finish(list->records);
    records_free(list->records);
    fclose(list->stream);
    assert_string_equal(list->text, expected);
    free(list->text);
}

static void test_csv(void **state) {
    struct list list;
    (void)state;

    begin(&list, RECORDS_CSV, false);
    add(&list, "a,b", 1, "=x");
    add(&list, NULL, 0, "two\nlines");
    add(&list, "the \"big\"", -5, "\377");
    expect(&list, "\"name\",n,note\n\"a,b\",1,=x\n,,\"two\nlines\"\n\"the \"\"big\"\"\",-5,"
                  "\357\277\275\n");
}

/* A number begins with '-' and needs no apostrophe. */
static void test_spreadsheet_safe(void **state) {
    struct list list;
    (void)state;

    begin(&list, RECORDS_CSV, true);
    add(&list, "=cmd|x", -5, "@y");
    expect(&list, "\"name\",n,note\n'=cmd|x,-5,'@y\n");
}

static void test_empty_lists(void **state) {
    struct list list;
    (void)state;

    begin(&list, RECORDS_CSV, false);
    expect(&list, "\"name\",n,note\n");
    begin(&list, RECORDS_TABLE, false);
    expect(&list, "name  n  note\n");
    records_free(NULL);
}

static void test_table(void **state) {
    struct list list;
    (void)state;

    begin(&list, RECORDS_TABLE, false);
    add(&list, "web-1", 7, "first");
    add(&list, "x", -12345, NULL);
    add(&list, NULL, 0, "last");
    expect(&list, "name        n  note\n"
                  "web-1       7  first\n"
                  "x      -12345  \n"
                  "               last\n");
}

/* The note is narrowed to 20 columns at most; then lines are cut. A wide character is not split. */
static void test_fit(void **state) {
    static const struct {
        size_t width;
        const char *expected;
    } cases[] = {
        {0, "name        n  note\n"
            "web-1       7  a note of thirty-two characters.\n"
            "x      -12345  \344\270\255\346\226\207\344\270\255\346\226\207\n"},
        {36, "name        n  note\n"
             "web-1       7  a note of thirty-two…\n"
             "x      -12345  \344\270\255\346\226\207\344\270\255\346\226\207\n"},
        {20, "name        n  note\n"
             "web-1       7  a no…\n"
             "x      -12345  \344\270\255\346\226\207…\n"},
        {3, "na…\nwe…\nx …\n"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct list list;
        begin(&list, RECORDS_TABLE, false);
        records_fit(list.records, cases[i].width);
        add(&list, "web-1", 7, "a note of thirty-two characters.");
        add(&list, "x", -12345, "\344\270\255\346\226\207\344\270\255\346\226\207");
        expect(&list, cases[i].expected);
    }
}

/* The fixed columns and at least one more are shown, as many as the width takes. */
static void test_limit(void **state) {
    static const char whole[] = "name        n  note\n"
                                "web-1       7  first\n"
                                "\n"
                                "x      -12345  \344\270\255\n";
    static const char part[] = "name        n\n"
                               "web-1       7\n"
                               "\n"
                               "x      -12345\n";
    static const struct {
        size_t fixed, width, shown;
        const char *expected;
    } cases[] = {
        {1, 0, 3, whole}, {1, 20, 3, whole}, {1, 19, 2, part},
        {1, 3, 2, part},  {2, 3, 3, whole},  {3, 3, 3, whole},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct list list;
        begin(&list, RECORDS_TABLE, false);
        records_limit(list.records, cases[i].fixed, cases[i].width);
        add(&list, "web-1", 7, "first");
        add(&list, NULL, 0, NULL);
        add(&list, "x", -12345, "\344\270\255");
        records_finish(list.records);
        assert_int_equal(records_shown(list.records), cases[i].shown);
        records_free(list.records);
        fclose(list.stream);
        assert_string_equal(list.text, cases[i].expected);
        free(list.text);
    }
}

/* A long name makes room for a column, where there is a limit. */
static void test_limit_narrows(void **state) {
    struct list list;
    (void)state;

    begin(&list, RECORDS_TABLE, false);
    records_limit(list.records, 1, 24);
    add(&list, "a-name-of-twenty-five-chr", 7, "note");
    expect(&list, "name                  n\n"
                  "a-name-of-twenty-fi…  7\n");
}

/* Below its row, between words; a word that is too long stays whole. CSV has none. */
static void test_notes(void **state) {
    static const struct {
        enum records_format format;
        size_t width;
        const char *expected;
    } cases[] = {
        {RECORDS_TABLE, 0,
         "name  n  note\n"
         "a     1  x\n"
         "    one two?three and more\n"
         "    second\n"
         "b     2  y\n"},
        {RECORDS_TABLE, 17,
         "name  n  note\n"
         "a     1  x\n"
         "    one two?three\n"
         "    and more\n"
         "    second\n"
         "b     2  y\n"},
        {RECORDS_TABLE, 13,
         "name  n  note\n"
         "a     1  x\n"
         "    one\n"
         "    two?three\n"
         "    and more\n"
         "    second\n"
         "b     2  y\n"},
        {RECORDS_CSV, 13, "\"name\",n,note\na,1,x\nb,2,y\n"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct list list;
        begin(&list, cases[i].format, false);
        records_fit(list.records, cases[i].width);
        add(&list, "a", 1, "x");
        records_note(list.records, "one two\nthree and more");
        records_note(list.records, NULL);
        records_note(list.records, "second");
        add(&list, "b", 2, "y");
        expect(&list, cases[i].expected);
    }
}

static void test_empty_row_is_an_empty_line(void **state) {
    struct list list;
    (void)state;

    begin(&list, RECORDS_TABLE, false);
    add(&list, "a", 1, "b");
    add(&list, NULL, 0, "");
    add(&list, "c", 2, "d");
    expect(&list, "name  n  note\na     1  b\n\nc     2  d\n");
}

static void test_widths(void **state) {
    struct list list;
    (void)state;

    begin(&list, RECORDS_TABLE, false);
    add(&list, "m\303\274ller", 1, "umlaut");
    add(&list, "\344\270\255\346\226\207\344\270\255", 2, "two columns each");
    add(&list, "e\314\201", 3, "combining");
    expect(&list, "name    n  note\n"
                  "m\303\274ller  1  umlaut\n"
                  "\344\270\255\346\226\207\344\270\255  2  two columns each\n"
                  "e\314\201       3  combining\n");
    assert_int_equal(records_width("m\303\274ller"), 6);
    assert_int_equal(records_width("\344\270\255"), 2);
    assert_int_equal(records_width("\377\377\377"), 3);
    assert_int_equal(records_width(""), 0);
}

static void test_terminal_is_not_steered(void **state) {
    struct list list;
    (void)state;

    begin(&list, RECORDS_TABLE, false);
    add(&list, "a\nb\033[31m", 1, "\302\205x\377");
    expect(&list, "name      n  note\na?b?[31m  1  ?x?\n");
}

static void test_zero(void **state) {
    struct list list;
    (void)state;

    begin(&list, RECORDS_CSV, false);
    records_number(list.records, 0, true);
    records_number(list.records, 0, false);
    records_number(list.records, INT64_MIN, false);
    expect(&list, "\"name\",n,note\n,0,-9223372036854775808\n");
}

static void test_format(void **state) {
    static const struct {
        const char *name;
        bool terminal;
        enum records_format format;
    } cases[] = {
        {NULL, true, RECORDS_TABLE},    {NULL, false, RECORDS_CSV},
        {"csv", true, RECORDS_CSV},     {"csv", false, RECORDS_CSV},
        {"table", true, RECORDS_TABLE}, {"table", false, RECORDS_TABLE},
    };
    struct error error = {0};
    enum records_format format;
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(records_format_find(cases[i].name, cases[i].terminal, &format, &error));
        assert_int_equal(format, cases[i].format);
    }
    assert_false(records_format_find("json", false, &format, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.message, "--format 'json': expected csv or table");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_spreadsheet_safe),
        cmocka_unit_test(test_empty_lists),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_limit_narrows),
        cmocka_unit_test(test_empty_row_is_an_empty_line),
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_terminal_is_not_steered),
        cmocka_unit_test(test_zero),
        cmocka_unit_test(test_format),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
