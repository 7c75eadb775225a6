/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Names of outputs: which promise a format that is not written. */
#include "core/ending.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_check(void **state) {
    static const struct {
        const char *path;
        const char *taken;
        const char *reason; /* NULL: it is right */
    } rows[] = {
        {NULL, "csv", NULL},
        {"-", "csv", NULL},
        {"", "csv", NULL},
        {"x.csv", "csv", NULL},
        {"x.CSV.gz", "csv", NULL},
        {"x", "csv", NULL},
        {"x.txt", "csv", NULL},
        {"esx01.example.com", "csv", NULL},
        {"pdf", "csv", NULL},
        {"a.pdf/x", "csv", NULL},
        {"x.", "csv", NULL},
        {"x.p", "csv", NULL},
        {"rep.pdf", "csv html", "to PDF"},
        {"rep.PDF", "csv html", "end in .csv, .html)"},
        {"rep.html.zst", "csv", "'vperf report' writes html and xlsx"},
        {".xlsx", "csv", "'vperf report' writes html and xlsx"},
        {"x.db", "csv", "'vperf record' writes histories"},
        {"x.lp", "csv html", "'vperf collect' writes samples"},
        {"x.json", "csv jsonl", "FILE.jsonl"},
        {"X.CSV.GZ", "csv", NULL},
        {"x.pdf.GZ", "csv", "to PDF"},
        {"x.csv.bz2", "csv", ".gz or .zst"},
        {"x.ZIP", "csv", ".gz or .zst"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error = {0};
        bool good = ending_check("--output", rows[i].path, rows[i].taken, &error);
        assert_int_equal(good, rows[i].reason == NULL);
        assert_int_equal(error.kind, good ? ERROR_NONE : ERROR_USAGE);
        if (rows[i].reason)
            assert_non_null(strstr(error.message, rows[i].reason));
    }
}

static void test_is(void **state) {
    (void)state;
    assert_true(ending_is("a/b.html", "html"));
    assert_true(ending_is("b.HTML.gz", "html"));
    assert_false(ending_is("b.html/c", "html"));
    assert_false(ending_is("html", "html"));
    assert_false(ending_is("b.htm", "html"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_check), cmocka_unit_test(test_is)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
