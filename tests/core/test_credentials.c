/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Where user name and password come from, and what the user is told when one is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/credentials.h"

static const char *const variables[] = {"VPERF_USERNAME", "VPERF_PASSWORD", "GOVC_USERNAME",
                                        "GOVC_PASSWORD"};

static char folder[] = "/tmp/vperf-credentials-XXXXXX";

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) && chmod(folder, 0755) == 0 ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    return rmdir(folder);
}

static void set_environment(const char *const values[4]) {
    for (size_t i = 0; i < 4; i++) {
        if (values[i])
            setenv(variables[i], values[i], 1);
        else
            unsetenv(variables[i]);
    }
}

static int clear_environment(void **state) {
    (void)state;
    set_environment((const char *const[4]){NULL});
    return 0;
}

static void write_file(char *path, size_t size, const char *content, size_t length) {
    snprintf(path, size, "%s/password", folder);
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    fwrite(content, 1, length, stream);
    fclose(stream);
}

static void test_precedence(void **state) {
    static const struct {
        const char *target;
        const char *environment[4]; /* in the order of variables */
        const char *username;
        const char *password;
    } cases[] = {
        {"root:uri@h", {"v", "vp", "g", "gp"}, "root", "uri"},
        {"root@h", {"v", "vp", "g", "gp"}, "root", "vp"},
        {"h", {"v", "vp", "g", "gp"}, "v", "vp"},
        {"h", {NULL, NULL, "g", "gp"}, "g", "gp"},
        {"h", {"", "", "g", "gp"}, "g", "gp"},
        {"h", {"v", NULL, NULL, "gp"}, "v", "gp"},
        {"h", {NULL, "vp", "g", NULL}, "g", "vp"},
        {":uri@h", {"v", "vp", NULL, NULL}, "v", "uri"},
        {"root:@h", {NULL, "vp", NULL, NULL}, "root", ""},
        {"h", {"v", "/etc/passwd", NULL, NULL}, "v", "/etc/passwd"},
        {"h", {"v", " p\303\274 ", NULL, NULL}, "v", " p\303\274 "},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct target target;
        struct credentials credentials;
        struct error error = {0};
        set_environment(cases[i].environment);
        assert_true(target_init(&target, cases[i].target, &error));
        if (!credentials_init(&credentials, &target, NULL, &error))
            fail_msg("%s", error.message);
        assert_string_equal(credentials.username, cases[i].username);
        assert_string_equal(credentials.password, cases[i].password);
        credentials_done(&credentials);
        assert_null(credentials.password);
        target_done(&target);
    }
}

static void test_password_file(void **state) {
    static const struct {
        const char *content;
        size_t length;
        const char *password; /* NULL: refused as empty */
    } cases[] = {
        {"secret", 6, "secret"},
        {"secret\n", 7, "secret"},
        {"secret\r\n", 8, "secret"},
        {"secret\nsecond line\n", 19, "secret"},
        {" with spaces \n", 14, " with spaces "},
        {"gr\303\274n\n", 6, "gr\303\274n"},
        {"", 0, NULL},
        {"\n", 1, NULL},
        {"\r\nsecond\n", 9, NULL},
        {"sec\0ret\n", 8, NULL},
    };
    struct target target;
    struct error error = {0};
    (void)state;

    setenv("VPERF_PASSWORD", "not this one", 1);
    assert_true(target_init(&target, "root:nor-this@h", &error));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[64];
        struct credentials credentials;
        const char *password = cases[i].password;
        error_clear(&error);
        write_file(path, sizeof path, cases[i].content, cases[i].length);
        bool good = credentials_init(&credentials, &target, path, &error);
        assert_int_equal(good, password != NULL);
        assert_int_equal(error.kind, password ? ERROR_NONE : ERROR_USAGE);
        if (password)
            assert_string_equal(credentials.password, password);
        else
            assert_non_null(strstr(error.message, "is empty"));
        credentials_done(&credentials);
        unlink(path);
    }
    target_done(&target);
}

static void check_unreadable(const char *path, int reason) {
    struct target target;
    struct credentials credentials;
    struct error error = {0};
    char expected[256];

    assert_true(target_init(&target, "root:uri@h", &error));
    assert_false(credentials_init(&credentials, &target, path, &error));
    snprintf(expected, sizeof expected, "cannot read the password file %s: %s", path,
             strerror(reason));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.message, expected);
    target_done(&target);
}

static void test_unreadable_password_file(void **state) {
    char path[64];
    (void)state;

    check_unreadable("/nonexistent/password", ENOENT);
    check_unreadable(folder, EISDIR);

    write_file(path, sizeof path, "secret\n", 7);
    chmod(path, 0000);
    bool root = geteuid() == 0;
    if (root)
        assert_int_equal(seteuid(65534), 0);
    check_unreadable(path, EACCES);
    if (root)
        assert_int_equal(seteuid(0), 0);
    unlink(path);
}

static void test_no_username(void **state) {
    struct target target;
    struct credentials credentials;
    struct error error = {0};
    (void)state;

    assert_true(target_init(&target, "https://esx01/sdk", &error));
    assert_false(credentials_init(&credentials, &target, NULL, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.message,
                        "no user name for https://esx01/sdk: write user@ before the host in the "
                        "target, or set VPERF_USERNAME");
    target_done(&target);
}

/* Runs in a child: what credentials_init says, as a line on fd. */
static void ask(int fd) {
    struct target target;
    struct credentials credentials;
    struct error error = {0};

    if (target_init(&target, "root@esx01", &error) &&
        credentials_init(&credentials, &target, NULL, &error)) {
        dprintf(fd, "%s/%s\n", credentials.username, credentials.password);
        credentials_done(&credentials);
    } else {
        dprintf(fd, "%d %s\n", error.kind, error.message);
    }
    target_done(&target);
    _exit(0);
}

static void read_all(int fd, char *text, size_t size) {
    size_t length = 0;
    ssize_t got;

    while (length < size - 1 && (got = read(fd, text + length, size - 1 - length)) > 0)
        length += (size_t)got;
    text[length] = '\0';
}

static void test_no_terminal(void **state) {
    char text[1200], expected[1200];
    int ends[2];
    (void)state;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        setsid();
        ask(ends[1]);
    }
    close(ends[1]);
    read_all(ends[0], text, sizeof text);
    close(ends[0]);
    waitpid(child, NULL, 0);
    snprintf(expected, sizeof expected,
             "%d no password for root@esx01 and no terminal to ask for it: use --password-file "
             "FILE, set VPERF_PASSWORD, or run vperf on a terminal\n",
             ERROR_USAGE);
    assert_string_equal(text, expected);
}

/* Reads from the terminal until it has shown what is awaited. */
static void await(int terminal, const char *awaited) {
    char shown[256] = "";
    size_t length = 0;

    while (!strstr(shown, awaited)) {
        ssize_t got = read(terminal, shown + length, sizeof shown - 1 - length);
        if (got <= 0)
            fail_msg("the terminal shows '%s'", shown);
        length += (size_t)got;
        shown[length] = '\0';
    }
}

static void test_prompt_does_not_echo(void **state) {
    char answer[64], shown[256];
    int ends[2], terminal;
    (void)state;

    assert_int_equal(pipe(ends), 0);
    pid_t child = forkpty(&terminal, NULL, NULL, NULL);
    if (child == 0)
        ask(ends[1]);
    close(ends[1]);
    await(terminal, "Password for root@esx01: ");
    assert_int_equal(write(terminal, "se cret\n", 8), 8);
    read_all(ends[0], answer, sizeof answer);
    read_all(terminal, shown, sizeof shown);
    close(ends[0]);
    close(terminal);
    waitpid(child, NULL, 0);
    assert_string_equal(answer, "root/se cret\n");
    assert_null(strstr(shown, "cret"));
}

#define FRESH(test) cmocka_unit_test_setup(test, clear_environment)

int main(void) {
    const struct CMUnitTest tests[] = {
        FRESH(test_precedence),  FRESH(test_password_file), FRESH(test_unreadable_password_file),
        FRESH(test_no_username), FRESH(test_no_terminal),   FRESH(test_prompt_does_not_echo),
    };
    return cmocka_run_group_tests_name("credentials", tests, make_folder, remove_folder);
}
