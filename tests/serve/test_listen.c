/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Addresses to listen on. */
#include "serve/listen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static void test_wrong_addresses(void **state) {
    static const char *const addresses[] = {
        "",    "localhost", "9272",      "127.0.0.1:",   "127.0.0.1:65536", "127.0.0.1:x",
        "::1", "::1:9272",  "[::1]9272", "127.0.0.1:-1", "h:99999999999",   "[::1]:",
    };
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct error error = {0};
        struct listener listener;
        assert_false(listen_open(&listener, addresses[i], &error));
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_non_null(strstr(error.message, "expected HOST:PORT"));
        listen_done(&listener);
    }
}

static void test_addresses(void **state) {
    static const struct {
        const char *address, *shown;
        bool local;
    } rows[] = {
        {"127.0.0.1:0", "127.0.0.1:", true}, {"127.9.9.9:0", "127.9.9.9:", true},
        {"localhost:0", "localhost:", true}, {"0.0.0.0:0", "0.0.0.0:", false},
        {"[::1]:0", "[::1]:", true},         {":0", "", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error = {0};
        struct listener listener;
        bool good = listen_open(&listener, rows[i].address, &error);
        if (!good && strchr(rows[i].address, '[')) /* a machine without IPv6 */
            continue;
        assert_true(good);
        assert_int_equal(listener.local, rows[i].local);
        assert_memory_equal(listener.shown, rows[i].shown, strlen(rows[i].shown));
        assert_null(strstr(listener.shown, ":0"));
        listen_done(&listener);
    }
}

static void test_taken(void **state) {
    struct error error = {0};
    struct listener first, second;
    (void)state;
    assert_true(listen_open(&first, "127.0.0.1:0", &error));
    assert_false(listen_open(&second, first.shown, &error));
    assert_int_equal(error.kind, ERROR_CONNECT);
    assert_non_null(strstr(error.message, "in use"));
    assert_non_null(strstr(error.message, first.shown));
    listen_done(&second);
    listen_done(&first);
    error = (struct error){0};
    assert_false(listen_open(&first, "no-such-host.invalid:1", &error));
    assert_int_equal(error.kind, ERROR_CONNECT);
    listen_done(&first);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_addresses),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
