/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A file that grows: whole lines only, one writer, nothing written where it does not belong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/output.h"

static char folder[] = "/tmp/vperf-append-XXXXXX";
static const char header[] = "time,value\n";

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    return chdir("/") == 0 ? rmdir(folder) : -1;
}

static void put(const char *content) {
    FILE *stream = fopen("file", "w");
    assert_non_null(stream);
    fputs(content, stream);
    fclose(stream);
}

static void check_content(const char *expected) {
    char content[256];
    FILE *stream = fopen("file", "r");
    assert_non_null(stream);
    content[fread(content, 1, sizeof content - 1, stream)] = '\0';
    fclose(stream);
    assert_string_equal(content, expected);
}

static void test_new_file_grows(void **state) {
    (void)state;
    for (int run = 0; run < 2; run++) {
        struct output output;
        struct error error = {0};
        bool fresh = false;
        assert_true(output_append(&output, "file", header, NULL, &fresh, &error));
        assert_int_equal(fresh, run == 0);
        if (fresh)
            fputs(header, output.stream);
        fprintf(output.stream, "%d,1\n", run);
        assert_true(output_flush(&output, &error));
        check_content(run ? "time,value\n0,1\n1,1\n" : "time,value\n0,1\n");
        assert_true(output_commit(&output, &error));
    }
    unlink("file");
}

/* A clear reason, and not a byte more in the file. */
static void test_refused(void **state) {
    static const struct {
        const char *content;
        const char *reason;
    } rows[] = {
        {"time,other\n", "does not begin with the header"},
        {"x", "does not begin with the header"},
        {"time,value", "does not begin with the header"},
        {"time,value\n1,2", "last line has no end"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct output output;
        struct error error = {0};
        bool fresh = false;
        put(rows[i].content);
        assert_false(output_append(&output, "file", header, NULL, &fresh, &error));
        assert_int_equal(error.kind, ERROR_OUTPUT);
        assert_non_null(strstr(error.message, rows[i].reason));
        check_content(rows[i].content);
    }
    unlink("file");
}

/* Without a header, a row is what a file begins with. */
static void test_rows_without_header(void **state) {
    static const char row[] = "{\"timestamp\":\"";
    static const struct {
        const char *content;
        bool good;
    } rows[] = {
        {"", true},
        {"{\"timestamp\":\"2026\"}\n", true},
        {"time,value\n", false},
        {"{\"time\":1}\n", false},
        {"{\n", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct output output;
        struct error error = {0};
        bool fresh = false;
        put(rows[i].content);
        assert_int_equal(output_append(&output, "file", "", row, &fresh, &error), rows[i].good);
        if (rows[i].good)
            output_abort(&output);
        else
            assert_non_null(strstr(error.message, "does not begin with a row"));
        check_content(rows[i].content);
    }
    unlink("file");
}

static void test_one_writer(void **state) {
    struct output output, other;
    struct error error = {0};
    bool fresh = false;
    (void)state;
    assert_true(output_append(&output, "file", header, NULL, &fresh, &error));
    assert_false(output_append(&other, "file", header, NULL, &fresh, &error));
    assert_non_null(strstr(error.message, "another program"));
    fputs(header, output.stream);
    error_clear(&error);
    assert_true(output_commit(&output, &error));
    check_content(header);
    unlink("file");
}

/* A full disk leaves the lines of the last flush. */
static void test_failed_write(void **state) {
    struct rlimit limit, small;
    struct output output;
    struct error error = {0};
    bool fresh = false;
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    put("time,value\n1,1\n");
    assert_true(output_append(&output, "file", header, NULL, &fresh, &error));
    fputs("2,2\n", output.stream);
    assert_true(output_flush(&output, &error));
    getrlimit(RLIMIT_FSIZE, &limit);
    small = limit;
    small.rlim_cur = 25;
    setrlimit(RLIMIT_FSIZE, &small);
    fputs("3,333333333333333333\n", output.stream);
    assert_false(output_flush(&output, &error));
    assert_int_equal(error.kind, ERROR_OUTPUT);
    output_abort(&output);
    setrlimit(RLIMIT_FSIZE, &limit);
    check_content("time,value\n1,1\n2,2\n");
    unlink("file");
}

/* As those do that keep logs short: the next rows begin a file with its header. */
static void test_moved_removed_emptied(void **state) {
    (void)state;
    for (int way = 0; way < 3; way++) {
        struct output output;
        struct error error = {0};
        bool fresh = false;
        assert_true(output_append(&output, "file", header, NULL, &fresh, &error));
        fprintf(output.stream, "%s1,1\n", header);
        assert_true(output_flush(&output, &error));
        if (way == 0)
            assert_int_equal(rename("file", "moved"), 0);
        else if (way == 1)
            assert_int_equal(unlink("file"), 0);
        else
            assert_int_equal(truncate("file", 0), 0);
        fputs("2,2\n", output.stream);
        assert_true(output_flush(&output, &error));
        check_content("time,value\n2,2\n");
        assert_true(output_commit(&output, &error));
        unlink("file");
        unlink("moved");
    }
}

/* A run that wrote nothing changes nothing, whatever others did to the file meanwhile. */
static void test_abort_of_nothing(void **state) {
    static const char *const contents[] = {"", "time,value\n1,1\n9,9\n"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct output output;
        struct error error = {0};
        bool fresh = false;
        put("time,value\n1,1\n");
        assert_true(output_append(&output, "file", header, NULL, &fresh, &error));
        put(contents[i]);
        output_abort(&output);
        check_content(contents[i]);
        unlink("file");
    }
}

/* What has taken the file's place is not ours to write to. */
static void test_replaced_by_another(void **state) {
    struct output output;
    struct error error = {0};
    bool fresh = false;
    (void)state;
    assert_true(output_append(&output, "file", header, NULL, &fresh, &error));
    fprintf(output.stream, "%s1,1\n", header);
    assert_true(output_flush(&output, &error));
    unlink("file");
    put("another\n");
    fputs("2,2\n", output.stream);
    assert_false(output_flush(&output, &error));
    assert_non_null(strstr(error.message, "does not begin with the header"));
    output_abort(&output);
    check_content("another\n");
    unlink("file");
}

static void test_nothing_came(void **state) {
    struct output output;
    struct error error = {0};
    bool fresh = false;
    (void)state;
    assert_true(output_append(&output, "file", header, NULL, &fresh, &error));
    output_abort(&output);
    assert_int_equal(access("file", F_OK), -1);
}

static void test_named_pipe(void **state) {
    struct output output;
    struct error error = {0};
    bool fresh = false;
    (void)state;
    assert_int_equal(mkfifo("file", 0600), 0);
    FILE *reader = fopen("file", "r+");
    assert_true(output_append(&output, "file", header, NULL, &fresh, &error));
    assert_true(fresh);
    fputs(header, output.stream);
    assert_true(output_commit(&output, &error));
    char line[64];
    assert_string_equal(fgets(line, sizeof line, reader), header);
    fclose(reader);
    unlink("file");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_file_grows),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_rows_without_header), cmocka_unit_test(test_one_writer),
        cmocka_unit_test(test_failed_write),        cmocka_unit_test(test_nothing_came),
        cmocka_unit_test(test_named_pipe),          cmocka_unit_test(test_moved_removed_emptied),
        cmocka_unit_test(test_abort_of_nothing),    cmocka_unit_test(test_replaced_by_another),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
