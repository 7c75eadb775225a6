/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One login for all connections; which texts are versions; what the server's time says. */
#include "source/vsphere/session/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "source/tls/tls.h"
#include "source/vsphere/session/present.h"

static int logins, answer;

int __wrap_soap_call___vim25__Login(struct soap *soap, const char *endpoint, const char *action,
                                    struct vim25__LoginRequestType *request,
                                    struct _vim25__LoginResponse *response);

int __wrap_soap_call___vim25__Login(struct soap *soap, const char *endpoint, const char *action,
                                    struct vim25__LoginRequestType *request,
                                    struct _vim25__LoginResponse *response) {
    struct channel *channel = soap->user;
    (void)endpoint;
    (void)action;
    (void)response;
    assert_string_equal(request->locale, "en");
    logins++;
    char *line = memory_printf(COOKIES_SESSION "=%d", logins);
    cookies_set(channel->cookies, line, "/sdk");
    free(line);
    return answer;
}

static int setup(void **state) {
    static const struct source_options options = {.insecure = true};
    static struct session session;
    struct error error = {0};
    session = (struct session){.timeout_seconds = 5};
    pthread_mutex_init(&session.login_lock, NULL);
    pthread_mutex_init(&session.cookie_lock, NULL);
    session.cookies = cookies_new();
    session.tls = tls_new("127.0.0.1", 443, &options, &error);
    session.main = channel_new(&session);
    logins = 0;
    answer = SOAP_OK;
    *state = &session;
    return session.tls ? 0 : 1;
}

static int teardown(void **state) {
    struct session *session = *state;
    channel_free(session->main);
    tls_free(session->tls);
    cookies_free(session->cookies);
    pthread_mutex_destroy(&session->login_lock);
    pthread_mutex_destroy(&session->cookie_lock);
    return 0;
}

static void test_one_login_for_all_connections(void **state) {
    struct session *session = *state;
    struct channel *other = channel_new(session);
    int result = SOAP_OK;
    assert_false(session_established(session));
    assert_true(session_renew(session, session->main, &result));
    assert_true(session_established(session));
    session_copy_cookies(session, other);
    assert_string_equal(cookies_line(other->cookies), "Cookie: " COOKIES_SESSION "=1");
    /* Both lose it at the same time: the second one finds that the first has logged in. */
    assert_true(session_renew(session, session->main, &result));
    assert_true(session_renew(session, other, &result));
    assert_int_equal(logins, 2);
    session_copy_cookies(session, other);
    assert_string_equal(cookies_line(other->cookies), "Cookie: " COOKIES_SESSION "=2");
    channel_free(other);
}

static void test_a_refused_login_is_not_repeated_at_once(void **state) {
    struct session *session = *state;
    int result = SOAP_OK;
    answer = SOAP_FAULT;
    for (int i = 0; i < 5; i++)
        assert_false(session_renew(session, session->main, &result));
    assert_int_equal(logins, 1);
    assert_int_equal(result, SOAP_FAULT);
    assert_true(session->refused);
    session->refusal.until_ns = 0; /* a while later */
    answer = SOAP_OK;
    assert_true(session_renew(session, session->main, &result));
    assert_int_equal(logins, 2);
    assert_false(session->refused);
    assert_int_equal(session->refusal.times, 0);
}

/* A server that cannot be reached has refused nothing. */
static void test_a_lost_login_may_be_repeated(void **state) {
    struct session *session = *state;
    int result = SOAP_OK;
    answer = SOAP_EOF;
    for (int i = 0; i < 3; i++)
        assert_false(session_renew(session, session->main, &result));
    assert_int_equal(logins, 3);
    assert_false(session->refused);
}

static void test_versions(void **state) {
    static const char *const good[] = {"6.5", "8.0.3.0", "9", "10.0"};
    static const char *const bad[] = {
        "", ".5", "6.5 ", "6.5\r\nX: y", "dev", "6.5-rc", "1234567890.1234567"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(session_is_version(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(session_is_version(bad[i]));
    assert_false(session_is_version(NULL));
}

static void test_the_servers_time(void **state) {
    static const struct {
        const char *text;
        int64_t fraction_ns, resolution_ns;
    } times[] = {
        {"2026-03-01T12:00:00Z", 0, 1000000000},
        {"2026-03-01T12:00:00.5Z", 500000000, 100000000},
        {"2026-03-01T12:00:00.123456Z", 123456000, 1000},
        {"2026-03-01T13:00:00.25+01:00", 250000000, 10000000},
        {"2026-03-01T12:00:00.1234567891Z", 123456789, 1},
    };
    struct server_reading reading;
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        assert_true(present_parse(times[i].text, &reading));
        assert_int_equal(present_seconds(&reading), 1772366400);
        assert_int_equal(reading.server_ns % 1000000000, times[i].fraction_ns);
        assert_int_equal(reading.resolution_ns, times[i].resolution_ns);
    }
    assert_false(present_parse("2026-03-01T12:00:00.Z", &reading));
    assert_false(present_parse("noon", &reading));
    assert_false(present_parse("9999-12-31T23:59:59Z", &reading));
    assert_false(present_parse("1969-12-31T23:59:59Z", &reading));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_login_for_all_connections, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_refused_login_is_not_repeated_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_lost_login_may_be_repeated, setup, teardown),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_the_servers_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
