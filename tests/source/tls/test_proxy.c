/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which hosts are reached through a proxy, and what is said to it. */
#include "source/tls/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int clear_environment(void **state) {
    static const char *const names[] = {"HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    return 0;
}

static void test_found(void **state) {
    static const struct {
        const char *upper, *lower;
        const char *name; /* NULL: none */
        const char *login;
    } cases[] = {
        {NULL, NULL, NULL, NULL},
        {"", "", NULL, NULL},
        {"http://proxy:3128", NULL, "proxy:3128", NULL},
        {"proxy:3128", NULL, "proxy:3128", NULL},
        {"HTTP://proxy.example.com/", NULL, "proxy.example.com:80", NULL},
        {NULL, "http://lower:1", "lower:1", NULL},
        {"http://upper:1", "http://lower:1", "upper:1", NULL},
        {"http://[::1]:3128", NULL, "[::1]:3128", NULL},
        {"http://me:p%40ss@proxy:3128", NULL, "proxy:3128", "bWU6cEBzcw=="},
        {"me@proxy:3128", NULL, "proxy:3128", "bWU6"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct proxy *proxy;
        struct error error = {0};
        clear_environment(NULL);
        if (cases[i].upper)
            setenv("HTTPS_PROXY", cases[i].upper, 1);
        if (cases[i].lower)
            setenv("https_proxy", cases[i].lower, 1);
        assert_true(proxy_find(&proxy, "esx01.example.com", 443, &error));
        assert_int_equal(proxy != NULL, cases[i].name != NULL);
        if (!proxy)
            continue;
        assert_string_equal(proxy->name, cases[i].name);
        assert_int_equal(proxy->login != NULL, cases[i].login != NULL);
        if (proxy->login)
            assert_string_equal(proxy->login, cases[i].login);
        proxy_free(proxy);
    }
}

static void test_refused(void **state) {
    static const char *const cases[] = {"https://me:secret@proxy:1", "socks5://me:secret@proxy:1",
                                        "http://me:secret@",         "http://me:secret@proxy:x",
                                        "1a://me:secret@proxy",      "me:secret@proxy;x"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct proxy *proxy;
        struct error error = {0};
        setenv("HTTPS_PROXY", cases[i], 1);
        if (proxy_find(&proxy, "esx01", 443, &error)) {
            assert_null(strstr(proxy->name, "secret"));
            proxy_free(proxy);
            continue;
        }
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_non_null(strstr(error.message, "HTTPS_PROXY"));
        assert_null(strstr(error.message, "secret"));
    }
}

static void test_exceptions(void **state) {
    static const struct {
        const char *list;
        const char *host;
        int port;
        bool direct;
    } cases[] = {
        {"", "esx01", 443, false},
        {"*", "esx01", 443, true},
        {"esx01", "esx01", 443, true},
        {"esx01", "ESX01", 443, true},
        {"esx01", "esx02", 443, false},
        {"esx01,esx02", "esx02", 443, true},
        {" esx01 , esx02 ", "esx02", 443, true},
        {"example.com", "esx01.example.com", 443, true},
        {"example.com", "example.com", 443, true},
        {"example.com", "notexample.com", 443, false},
        {".example.com", "esx01.example.com", 443, true},
        {".example.com", "example.com", 443, false},
        {"*.example.com", "esx01.example.com", 443, true},
        {"esx01:8443", "esx01", 443, false},
        {"esx01:8443", "esx01", 8443, true},
        {"192.0.2.7", "192.0.2.7", 443, true},
        {"192.0.2.7", "192.0.2.70", 443, false},
        {"192.0.2.7:443", "192.0.2.7", 443, true},
        {"192.0.2.0/24", "192.0.2.99", 443, true},
        {"192.0.2.0/25", "192.0.2.199", 443, false},
        {"192.0.2.0/33", "192.0.2.1", 443, false},
        {"2001:db8::/32", "2001:db8::7", 443, true},
        {"2001:db8::7", "2001:DB8:0::7", 443, true},
        {"[2001:db8::7]:8443", "2001:db8::7", 8443, true},
        {"[2001:db8::7]:8443", "2001:db8::7", 443, false},
        {"2001:db9::/32", "2001:db8::7", 443, false},
        {",,", "esx01", 443, false},
        {"[", "esx01", 443, false},
        {"", "localhost", 443, true},
        {"", "127.0.0.1", 443, true},
        {"", "127.9.9.9", 443, true},
        {"", "::1", 443, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct proxy *proxy;
        struct error error = {0};
        setenv("HTTPS_PROXY", "proxy:3128", 1);
        setenv("NO_PROXY", cases[i].list, 1);
        assert_true(proxy_find(&proxy, cases[i].host, cases[i].port, &error));
        if ((proxy == NULL) != cases[i].direct)
            fail_msg("'%s' and %s:%d", cases[i].list, cases[i].host, cases[i].port);
        proxy_free(proxy);
    }
}

static void check_request(const char *login, const char *host, const char *expected) {
    struct proxy proxy = {.login = (char *)login};
    char *request = proxy_request(&proxy, host, 443);
    assert_string_equal(request, expected);
    free(request);
}

static void test_request(void **state) {
    (void)state;
    check_request(NULL, "esx01", "CONNECT esx01:443 HTTP/1.1\r\nHost: esx01:443\r\n\r\n");
    check_request(NULL, "::1", "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n");
    check_request("bWU6cA==", "esx01",
                  "CONNECT esx01:443 HTTP/1.1\r\nHost: esx01:443\r\n"
                  "Proxy-Authorization: Basic bWU6cA==\r\n\r\n");
}

static void test_refusal(void **state) {
    static const struct {
        const char *header;
        const char *expected; /* NULL: a tunnel */
    } cases[] = {
        {"HTTP/1.1 200 Connection established\r\n\r\n", NULL},
        {"HTTP/1.0 200\r\n\r\n", NULL},
        {"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
         "it asks for a login: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT"},
        {"HTTP/1.1 503 Service Unavailable\r\nX: y\r\n\r\n", "it says 503 Service Unavailable"},
        {"HTTP/1.1 302\r\n\r\n", "it says 302"},
        {"SSH-2.0-OpenSSH\r\n", "the answer is not that of a proxy"},
        {"HTTP/1.1 ", "the answer is not that of a proxy"},
        {"", "the answer is not that of a proxy"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *refusal = proxy_refusal(cases[i].header);
        assert_int_equal(refusal != NULL, cases[i].expected != NULL);
        if (refusal)
            assert_string_equal(refusal, cases[i].expected);
        free(refusal);
    }
}

#define FRESH(test) cmocka_unit_test_setup(test, clear_environment)

int main(void) {
    const struct CMUnitTest tests[] = {
        FRESH(test_found),   FRESH(test_refused), FRESH(test_exceptions),
        FRESH(test_request), FRESH(test_refusal),
    };
    return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}
