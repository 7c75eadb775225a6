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

/* What GOVC_URL holds gives way to what the other variables hold, each for itself, as with govc. */
static void test_target_that_yields(void **state) {
    static const struct {
        const char *target;
        const char *environment[4];
        const char *username;
        const char *password;
    } cases[] = {
        {"root:uri@h", {NULL, NULL, "g", "gp"}, "g", "gp"},
        {"root:uri@h", {NULL, NULL, "g", NULL}, "g", "uri"},
        {"root:uri@h", {NULL, NULL, NULL, "gp"}, "root", "gp"},
        {"root:uri@h", {NULL, NULL, NULL, NULL}, "root", "uri"},
        {"root:uri@h", {"v", "vp", "g", "gp"}, "v", "vp"},
        {"root:@h", {NULL, NULL, NULL, NULL}, "root", ""},
        {"h", {NULL, NULL, "g", "gp"}, "g", "gp"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct target target;
        struct credentials credentials;
        struct error error = {0};
        set_environment(cases[i].environment);
        assert_true(target_init(&target, cases[i].target, &error));
        target.yields = true;
        if (!credentials_init(&credentials, &target, NULL, &error))
            fail_msg("%s", error.message);
        assert_string_equal(credentials.username, cases[i].username);
        assert_string_equal(credentials.password, cases[i].password);
        target_done(&target);
        credentials_done(&credentials);
    }
}

/* What no server could be sent in XML is refused, wherever it comes from. */
static void test_unusable_text(void **state) {
    static const struct {
        const char *target;
        const char *environment[4];
        const char *message;
    } cases[] = {
        {"root@h", {NULL, "gr\374n", NULL, NULL}, "root@h: the password is not UTF-8"},
        {"h", {"J\374rgen", "p", NULL, NULL}, "h: the user name is not UTF-8"},
        {"root@h", {NULL, "a\001b", NULL, NULL}, "root@h: the password holds a control character"},
        {"root:a%01b@h",
         {NULL, NULL, NULL, NULL},
         "root@h: the password holds a control character"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct target target;
        struct credentials credentials;
        struct error error = {0};
        set_environment(cases[i].environment);
        assert_true(target_init(&target, cases[i].target, &error));
        assert_false(credentials_init(&credentials, &target, NULL, &error));
        assert_int_equal(error.kind, ERROR_USAGE);
        if (strncmp(error.message, cases[i].message, strlen(cases[i].message)) != 0)
            assert_string_equal(error.message, cases[i].message);
        target_done(&target);
    }
}

static void test_password_file(void **state) {
    static const struct {
        const char *content;
        size_t length;
        const char *password; /* NULL: refused */
        const char *reason;
    } cases[] = {
        {"secret", 6, "secret", NULL},
        {"secret\n", 7, "secret", NULL},
        {"secret\r\n", 8, "secret", NULL},
        {"secret\nsecond \374 \0 line\n", 22, "secret", NULL},
        {" with spaces \n", 14, " with spaces ", NULL},
        {"a\tb\n", 4, "a\tb", NULL},
        {"gr\303\274n\n", 6, "gr\303\274n", NULL},
        {"\357\273\277secret\r\n", 11, "secret", NULL},
        {"", 0, NULL, "is empty"},
        {"\n", 1, NULL, "is empty"},
        {"\357\273\277\n", 4, NULL, "is empty"},
        {"\r\nsecond\n", 9, NULL, "is empty"},
        {"sec\0ret\n", 8, NULL, "is UTF-16 or no text"},
        {"\377\376s\0e\0\n\0", 8, NULL, "is UTF-16"},
        {"\376\377\0s\0e\0\n", 8, NULL, "is UTF-16"},
        {"s\0e\0\n\0", 6, NULL, "is UTF-16"},
        {"gr\374n\n", 5, NULL, "is not UTF-8 but perhaps Latin-1"},
        {"a\033b\n", 4, NULL, "holds a control character"},
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
            assert_non_null(strstr(error.message, cases[i].reason));
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

/* A file without an end is not read to its end. */
static void test_endless_password_file(void **state) {
    static const struct {
        const char *path;
        const char *message;
    } cases[] = {
        {"/dev/zero", "the password file /dev/zero holds bytes that are no text"},
        {"long", "the password file long has a first line that is too long for a password"},
    };
    struct target target;
    struct credentials credentials;
    (void)state;

    assert_int_equal(chdir(folder), 0);
    FILE *stream = fopen("long", "w");
    for (int i = 0; i < 100000; i++)
        fputs("secret", stream);
    fclose(stream);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {0};
        assert_true(target_init(&target, "root@h", &error));
        assert_false(credentials_init(&credentials, &target, cases[i].path, &error));
        assert_string_equal(error.message, cases[i].message);
        target_done(&target);
    }
    unlink("long");
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
        FRESH(test_precedence),
        FRESH(test_password_file),
        FRESH(test_unreadable_password_file),
        FRESH(test_target_that_yields),
        FRESH(test_unusable_text),
        FRESH(test_endless_password_file),
        FRESH(test_no_username),
        FRESH(test_no_terminal),
        FRESH(test_prompt_does_not_echo),
    };
    return cmocka_run_group_tests_name("credentials", tests, make_folder, remove_folder);
}
