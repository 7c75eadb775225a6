/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a URL says: where, in which protocol, who; and what is never shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "push/url.h"

static void test_files(void **state) {
    static const char *const files[] = {
        "x.csv", "-", "http", "http:/x", "ftp://h/x", "csv:http://h/write", "influx:x.lp", ""};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        assert_false(push_url_is(files[i]));
    assert_false(push_url_is(NULL));
}

static void test_unknown(void **state) {
    static const struct {
        const char *text;
        bool unknown;
    } cases[] = {
        {"xhttp://h/write", true},
        {"ftp://h/x", true},
        {"csv:http://h/write", true},
        {" http://h/write", true},
        {"file:///x", true},
        {"http://h/write", false},
        {"HTTPS://h", false},
        {"influx:http://", false},
        {"./a://b", false},
        {"a:/b", false},
        {"://", true},
        {"/", false},
        {"csv:/x", false},
        {"", false},
        {NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(push_url_is_unknown(cases[i].text), cases[i].unknown);
}

static void test_protocols(void **state) {
    static const struct {
        const char *text, *request, *shown, *token;
        enum push_protocol protocol;
    } cases[] = {
        {"http://h:8428/write", "http://h:8428/write", "http://h:8428/write", "Bearer",
         PUSH_INFLUX},
        {"https://h/api/v2/write?bucket=b&org=o", "https://h/api/v2/write?bucket=b&org=o",
         "https://h/api/v2/write", "Token", PUSH_INFLUX},
        {"HTTP://[::1]:9090/api/v1/write", "HTTP://[::1]:9090/api/v1/write",
         "HTTP://[::1]:9090/api/v1/write", "Bearer", PUSH_REMOTE_WRITE},
        {"http://mimir/api/v1/push", "http://mimir/api/v1/push", "http://mimir/api/v1/push",
         "Bearer", PUSH_REMOTE_WRITE},
        {"http://vm/insert/0/influx/write?db=x", "http://vm/insert/0/influx/write?db=x",
         "http://vm/insert/0/influx/write", "Bearer", PUSH_INFLUX},
        {"influx:http://h/api/v1/write", "http://h/api/v1/write", "http://h/api/v1/write", "Bearer",
         PUSH_INFLUX},
        {"remote-write:http://h#there", "http://h", "http://h", "Bearer", PUSH_REMOTE_WRITE},
        {"http://h:65535/write?precision=ns#x", "http://h:65535/write?precision=ns",
         "http://h:65535/write", "Bearer", PUSH_INFLUX},
        {"http://h:/write?precision=n&db=x", "http://h:/write?precision=n&db=x", "http://h:/write",
         "Bearer", PUSH_INFLUX},
        {"http://[fe80::1%25eth0]/write", "http://[fe80::1%25eth0]/write",
         "http://[fe80::1%25eth0]/write", "Bearer", PUSH_INFLUX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct push_url url;
        struct error error = {0};
        assert_true(push_url_is(cases[i].text));
        assert_true(push_url_init(&url, cases[i].text, &error));
        assert_string_equal(url.request, cases[i].request);
        assert_string_equal(url.shown, cases[i].shown);
        assert_string_equal(url.token, cases[i].token);
        assert_int_equal(url.protocol, cases[i].protocol);
        assert_null(url.login);
        push_url_done(&url);
    }
}

static void test_login(void **state) {
    static const struct {
        const char *text, *login, *hidden;
    } cases[] = {
        {"http://me:s%3a%40%2Fx@h/write", "me:s:@/x", "http://me:xxxxxxxxxxx@h/write"},
        {"influx:http://me:a@b@h/write", "me:a@b", "influx:http://me:xxx@h/write"},
        {"https://me@h/write", "me", "https://me@h/write"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct push_url url;
        struct error error = {0};
        char *text = memory_strdup(cases[i].text);
        assert_true(push_url_init(&url, text, &error));
        assert_string_equal(url.login, cases[i].login);
        assert_null(strchr(url.request, '@'));
        assert_null(strchr(url.shown, '@'));
        push_url_hide(text);
        assert_string_equal(text, cases[i].hidden);
        push_url_done(&url);
        free(text);
    }
}

static void test_host(void **state) {
    static const struct {
        const char *text, *host;
        bool exposed;
    } cases[] = {
        {"http://DB:8086/write", "db", true},
        {"http://db.example/write", "db.example", true},
        {"https://db/write", "db", false},
        {"HTTPS://db/write", "db", false},
        {"http://me:a@localhost:1/write", "localhost", false},
        {"http://db.localhost/write", "db.localhost", false},
        {"http://127.0.0.2:1/write", "127.0.0.2", false},
        {"http://127.0.0.1.example:1/write", "127.0.0.1.example", true},
        {"influx:http://[::1]:8086/x", "[::1]", false},
        {"http://[FD00::1]/write", "[fd00::1]", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct push_url url;
        struct error error = {0};
        assert_true(push_url_init(&url, cases[i].text, &error));
        assert_string_equal(url.host, cases[i].host);
        assert_int_equal(push_url_exposed(&url), cases[i].exposed);
        push_url_done(&url);
    }
}

/* Also of a URL that is refused. */
static void test_hide(void **state) {
    static const struct {
        const char *text, *hidden;
    } cases[] = {
        {"http://me:a/b?c#d@h/write", "http://me:xxxxxxx@h/write"},
        {"http://me:a@b/c@h/write", "http://me:xxxxx@h/write"},
        {"influx:http://h:80/write", "influx:http://h:80/write"},
        {"a:b@h", "a:b@h"},
        {"./a://b:c@d", "./a://b:c@d"},
        {"xhttp://me:secret@h/write", "xhttp://me:xxxxxx@h/write"},
        {"csv:http://me:secret@h/write", "csv:http://me:xxxxxx@h/write"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = memory_strdup(cases[i].text);
        push_url_hide(text);
        assert_string_equal(text, cases[i].hidden);
        free(text);
    }
}

static void test_refused(void **state) {
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"http:///write", "the URL has no host"},
        {"http://me:secret@/write", "the URL has no host"},
        {"http://me:secret@h/there", "the path does not tell the protocol"},
        {"http://h/write?db=d&p=secret", "has no place in the query"},
        {"http://:80/write", "the URL has no host"},
        {"http://h:0/write", "no number from 1 to 65535"},
        {"http://h:65536/write", "no number from 1 to 65535"},
        {"http://me:secret@h:99999999999999999999/write", "no number from 1 to 65535"},
        {"http://h:-1/write", "no number from 1 to 65535"},
        {"http://h:8a/write", "no number from 1 to 65535"},
        {"http://[::1]:99999/write", "no number from 1 to 65535"},
        {"http://[::1/write", "no name and no address"},
        {"http://[]/write", "no name and no address"},
        {"http://[h]/write", "no name and no address"},
        {"http://[::1]x/write", "no name and no address"},
        {"http://[fe80::1%25eth0/write?x=]", "no name and no address"},
        {"http://me:secret@x\\y/write", "no name and no address"},
        {"http://h]/write", "no name and no address"},
        {"http://h/write?db=a b", "a blank or a control character"},
        {"http://h /write", "a blank or a control character"},
        {"http://h/write?db=a\r\nX: y", "a blank or a control character"},
        {"http://h/\177/write", "a blank or a control character"},
        {"http://h/write?db=x&precision=h", "times are sent in ns"},
        {"http://h/write?precision=", "times are sent in ns"},
        {"http://h/api/v2/write?precision=s&org=o", "times are sent in ns"},
        {"http://h/write?precision=ns&precision=ms", "times are sent in ns"},
        {"http://h/write?token=secret", "has no place in the query"},
        {"http://me:sec/ret@h/write", "encode / as %2F"},
        {"http://me:12/secret@h/write", "encode / as %2F"},
        {"http://me:a?secret@h/write", "? as %3F"},
        {"http://me:a#secret@h/write", "# as %23"},
        {"influx:http://me:a@b/secret@h/write", "encode / as %2F"},
        {"http://h/write?db=a@b", "encode @ as %40"},
        {"http://me:secret%@h/write", "is not encoded as URIs are"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct push_url url;
        struct error error = {0};
        assert_false(push_url_init(&url, cases[i].text, &error));
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_non_null(strstr(error.message, cases[i].message));
        assert_null(strstr(error.message, "sec"));
        push_url_done(&url);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),     cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_protocols), cmocka_unit_test(test_login),
        cmocka_unit_test(test_host),      cmocka_unit_test(test_hide),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
