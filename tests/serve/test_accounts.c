/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Files of users, and who is let in. */
#include "serve/accounts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <crypt.h>
#include <glib.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"

#define BCRYPT "$2y$04$aeCSaBWMC5hr0BfY8bJPHeqgXlgYoCtpUFXsGEWVvWQrXPt3C5Aq2"

static int64_t now_seconds = 1000;

int64_t __wrap_clock_boot_ns(void);

int64_t __wrap_clock_boot_ns(void) {
    return now_seconds * 1000000000;
}

static char path[] = "/tmp/vperf-accounts-XXXXXX";

static struct accounts *read_text(const char *text, struct error *error) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    *error = (struct error){0};
    return accounts_read(path, error);
}

/* The hash of a password, as cheap as its kind allows. */
static char *hash_of(const char *password) {
    static struct crypt_data data;
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    assert_non_null(crypt_gensalt_rn("$2b$", 4, NULL, 0, setting, sizeof setting));
    return memory_strdup(crypt_r(password, setting, &data));
}

static char *header_of(const char *user, const char *password) {
    char *pair = memory_printf("%s:%s", user, password);
    gchar *encoded = g_base64_encode((const guchar *)pair, strlen(pair));
    char *header = memory_printf("Basic %s", encoded);
    g_free(encoded);
    free(pair);
    return header;
}

static bool lets_in(struct accounts *accounts, const char *user, const char *password) {
    char *header = header_of(user, password);
    enum accounts_verdict first = accounts_check(accounts, header, NULL);
    assert_int_equal(accounts_check(accounts, header, NULL), first); /* remembered */
    free(header);
    assert_int_not_equal(first, ACCOUNTS_UNKNOWN);
    return first == ACCOUNTS_ALLOWED;
}

static void test_users(void **state) {
    char *hash = hash_of("secret"), *empty = hash_of(""), *colon = hash_of("a:b");
    struct error error;
    char *text = memory_printf("# who may read\n\nbasic_auth_users:\n  prometheus: \"%s\"\n"
                               "empty:%s\r\n  'colon': '%s'\n",
                               hash, empty, colon);
    struct accounts *accounts = read_text(text, &error);
    (void)state;
    assert_non_null(accounts);
    assert_true(lets_in(accounts, "prometheus", "secret"));
    assert_false(lets_in(accounts, "prometheus", "Secret"));
    assert_false(lets_in(accounts, "prometheus", ""));
    assert_false(lets_in(accounts, "prometheus", "secretsecret"));
    assert_false(lets_in(accounts, "nobody", "secret"));
    assert_false(lets_in(accounts, "", "secret"));
    assert_false(lets_in(accounts, "basic_auth_users", ""));
    assert_true(lets_in(accounts, "empty", ""));
    assert_true(lets_in(accounts, "colon", "a:b"));
    accounts_free(accounts);
    free(text);
    free(hash);
    free(empty);
    free(colon);
}

/* What is no header of this kind is nobody. */
static void test_headers(void **state) {
    char *hash = hash_of("secret");
    char *text = memory_concat("u:", hash, "\n", NULL);
    struct error error;
    struct accounts *accounts = read_text(text, &error);
    GString *longest = g_string_new("Basic ");
    (void)state;
    static const char *const headers[] = {
        NULL,
        "",
        "Basic",
        "Basic ",
        "Basic dQ==",
        "Basic !!!!",
        "Bearer dTpzZWNyZXQ=",
        "dTpzZWNyZXQ=",
        "Basic dTpzZWNyZXQ",  /* "u:secret" without its padding is no user */
        "Basic dTpzZWNyZXQA", /* and a NUL behind it */
        "Basic dQA6c2VjcmV0",
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        assert_int_equal(accounts_check(accounts, headers[i], NULL), ACCOUNTS_REFUSED);
    assert_int_equal(accounts_check(accounts, "basic dTpzZWNyZXQ=", NULL), ACCOUNTS_ALLOWED);
    for (int i = 0; i < 2000; i++)
        g_string_append(longest, "dTpz");
    assert_int_equal(accounts_check(accounts, longest->str, NULL), ACCOUNTS_REFUSED);
    /* Those that are refused do not make it forget the others. */
    for (int i = 0; i < 70; i++) {
        char *password = memory_printf("%d", i);
        now_seconds++;
        assert_false(lets_in(accounts, "u", password));
        free(password);
    }
    assert_true(lets_in(accounts, "u", "secret"));
    g_string_free(longest, TRUE);
    accounts_free(accounts);
    accounts_free(NULL);
    free(text);
    free(hash);
}

static enum accounts_verdict check_from(struct accounts *accounts, const char *user,
                                        const char *password, const char *address) {
    struct sockaddr_in from = {.sin_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, address, &from.sin_addr), 1);
    char *header = header_of(user, password);
    enum accounts_verdict verdict =
        accounts_check(accounts, header, (const struct sockaddr *)(const void *)&from);
    free(header);
    return verdict;
}

static enum accounts_verdict check(struct accounts *accounts, const char *password) {
    return check_from(accounts, "u", password, "192.0.2.1");
}

/* A user and a name that nobody has get the same answers. */
static void test_guessed_names(void **state) {
    static const char *const names[] = {"u", "nobody"};
    char *hash = hash_of("secret"), *text = memory_concat("u:", hash, "\n", NULL);
    struct error error;
    (void)state;
    for (size_t name = 0; name < 2; name++) {
        struct accounts *accounts = read_text(text, &error);
        for (int i = 0; i < 100; i++) {
            char *password = memory_printf("%d", i);
            assert_int_equal(check_from(accounts, names[name], password, "192.0.2.1"),
                             i < 21 ? ACCOUNTS_REFUSED : ACCOUNTS_UNKNOWN);
            free(password);
        }
        accounts_free(accounts);
    }
    free(text);
    free(hash);
}

/* A file of Windows' editors. */
static void test_byte_order_mark(void **state) {
    char *hash = hash_of("secret"), *text = memory_concat("\xEF\xBB\xBFu:", hash, "\r\n", NULL);
    struct error error;
    struct accounts *accounts = read_text(text, &error);
    (void)state;
    assert_non_null(accounts);
    assert_true(lets_in(accounts, "u", "secret"));
    accounts_free(accounts);
    free(text);
    free(hash);
}

/* Guessing is slow, and does not keep out those who are known. */
static void test_guesses(void **state) {
    char *one = hash_of("secret"), *other = hash_of("other");
    char *text = memory_concat("v:", other, "\nu:", one, "\n", NULL);
    struct error error;
    struct accounts *accounts = read_text(text, &error);
    char *known = header_of("v", "other");
    int refused = 0;
    (void)state;
    assert_int_equal(check(accounts, "secret"), ACCOUNTS_ALLOWED);
    assert_int_equal(accounts_check(accounts, known, NULL), ACCOUNTS_ALLOWED);
    for (int i = 0; i < 100; i++) {
        char *password = memory_printf("%d", i);
        refused += check(accounts, password) == ACCOUNTS_REFUSED;
        free(password);
    }
    assert_in_range(refused, 20, 21);
    assert_int_equal(check(accounts, "0"), ACCOUNTS_REFUSED);
    assert_int_equal(check(accounts, "secret"), ACCOUNTS_ALLOWED);
    assert_int_equal(accounts_check(accounts, known, NULL), ACCOUNTS_ALLOWED);
    assert_int_equal(check(accounts, "new"), ACCOUNTS_UNKNOWN);
    now_seconds++;
    assert_int_equal(check(accounts, "new"), ACCOUNTS_REFUSED);
    free(known);
    accounts_free(accounts);
    free(text);
    free(one);
    free(other);
}

/* Passwords that come are in no core dump. */
static void test_no_dump(void **state) {
    struct error error;
    (void)state;
    prctl(PR_SET_DUMPABLE, 1);
    accounts_free(read_text("u:" BCRYPT "\n", &error));
    assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
    prctl(PR_SET_DUMPABLE, 1);
}

static void test_wrong_files(void **state) {
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", "there is no user in it"},
        {"# nobody\n", "there is no user in it"},
        {"u\n", "line 1: expected USER:HASH"},
        {"\nu:secret\n", "line 2: user 'u': no password hash of crypt(5)"},
        {"u:\n", "line 1: user 'u': no password hash"},
        {"u:$apr1$ZjTqBB3f$IF9gdYAGlMrs2fuINjHsz.\n", "line 1: user 'u': no password hash"},
        {"u:rqXexS6ZhobKA\n", "line 1: user 'u': no password hash"}, /* DES */
        {"u:$2y$05$5dYI7F\n", "line 1: user 'u': the password hash is cut off"},
        {"u:$2y$31$aeCSaBWMC5hr0BfY8bJPHeqgXlgYoCtpUFXsGEWVvWQrXPt3C5Aq2\n",
         "line 1: user 'u': the password hash's cost is out of bounds"},
        {":" BCRYPT "\n", "line 1: no user name"},
        {"u:" BCRYPT "\nu:" BCRYPT "\n", "line 2: the user stands there twice"},
        {"tls_server_config:\n  cert_file: x\n", "user 'tls_server_config': no password hash"},
    };
    struct error error;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_null(read_text(rows[i].text, &error));
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_non_null(strstr(error.message, rows[i].message));
        assert_non_null(strstr(error.message, path));
    }
    error = (struct error){0};
    assert_null(accounts_read("/nonexistent/users", &error));
    assert_non_null(strstr(error.message, "No such file"));
}

/* Hashes may be read by others; who may write them could let in anybody. */
static void test_modes(void **state) {
    struct error error;
    (void)state;
    accounts_free(read_text("u:" BCRYPT "\n", &error));
    assert_int_equal(error.kind, ERROR_NONE);
    chmod(path, 0666);
    assert_null(accounts_read(path, &error));
    assert_non_null(strstr(error.message, "others may write it"));
    chmod(path, 0644);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_users),           cmocka_unit_test(test_headers),
        cmocka_unit_test(test_guesses),         cmocka_unit_test(test_guessed_names),
        cmocka_unit_test(test_byte_order_mark), cmocka_unit_test(test_no_dump),
        cmocka_unit_test(test_wrong_files),     cmocka_unit_test(test_modes),
    };
    close(mkstemp(path));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
