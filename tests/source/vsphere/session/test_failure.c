/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What each way in which a call can fail says to people, and of which kind it is. */
#include "source/vsphere/session/failure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/vsphere/session/session.h"

static const struct {
    const char *what;
    int result;
    bool interrupted, timed_out, too_long;
    enum error_kind kind;
    const char *words;
} cases[] = {
    {"a signal", SOAP_EOF, true, false, false, ERROR_INTERRUPTED, "interrupted"},
    {"a signal comes first", SOAP_EOF, true, true, true, ERROR_INTERRUPTED, "interrupted"},
    {"no connection", SOAP_TCP_ERROR, false, true, false, ERROR_TIMEOUT,
     "no connection within 7 s: check host, port and firewall"},
    {"no answer", SOAP_EOF, false, true, false, ERROR_TIMEOUT, "no answer to QueryPerf within 7 s"},
    {"refused", SOAP_TCP_ERROR, false, false, false, ERROR_CONNECT,
     "cannot connect: no reason given"},
    {"a proxy", 401, false, false, false, ERROR_PROTOCOL, "is there a proxy before it?"},
    {"not there", 404, false, false, false, ERROR_PROTOCOL, "no vSphere API at this address"},
    {"starting", 503, false, false, false, ERROR_PROTOCOL, "wait until the host or vCenter"},
    {"odd", 418, false, false, false, ERROR_PROTOCOL, "HTTP status 418: no answer of the vSphere"},
    {"too long", SOAP_EOF, false, false, true, ERROR_PROTOCOL, "is larger than 64 MiB"},
    {"half", SOAP_EOF, false, false, false, ERROR_PROTOCOL,
     "closed the connection in the middle of QueryPerf"},
    {"junk", SOAP_TAG_MISMATCH, false, false, false, ERROR_PROTOCOL,
     "the answer to QueryPerf is not vSphere's"},
};

static void test_descriptions(void **state) {
    struct session session = {.label = (char *)"host", .timeout_seconds = 7};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {0};
        struct channel channel = {.session = &session,
                                  .soap = soap_new(),
                                  .interrupted = cases[i].interrupted,
                                  .timed_out = cases[i].timed_out,
                                  .too_long = cases[i].too_long};
        assert_false(failure_describe(&channel, "QueryPerf", cases[i].result, &error));
        if (error.kind != cases[i].kind || !strstr(error.message, cases[i].words) ||
            strncmp(error.message, "host: ", 6) != 0)
            fail_msg("%s: kind %d: %s", cases[i].what, (int)error.kind, error.message);
        soap_free(channel.soap);
    }
}

/* A fault as gSOAP reads it: its detail is XML. */
static void describe_fault(struct session *session, const char *detail, const char *text,
                           struct channel *channel, struct error *error) {
    struct soap *soap = soap_new1(SOAP_XML_TREE);
    *channel = (struct channel){.session = session, .soap = soap};
    char body[2048];
    soap_set_namespaces(soap, namespaces);
    snprintf(body, sizeof body,
             "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><e:Fault>"
             "<faultcode>ServerFaultCode</faultcode><faultstring>%s</faultstring>"
             "<detail>%s</detail></e:Fault></e:Body></e:Envelope>",
             text, detail);
    soap->is = body;
    soap_begin(soap);
    assert_int_equal(soap_begin_recv(soap), SOAP_OK);
    assert_int_equal(
        soap_envelope_begin_in(soap) || soap_recv_header(soap) || soap_body_begin_in(soap), 0);
    int result = soap_recv_fault(soap, 1);
    assert_false(failure_describe(channel, "QueryPerf", result, error));
}

static void test_faults(void **state) {
    static const struct {
        const char *detail, *text;
        enum error_kind kind;
        const char *type, *object, *words;
    } faults[] = {
        {"<InvalidLoginFault/>", "Cannot complete login", ERROR_AUTH, "InvalidLogin", "",
         "login as 'me' refused"},
        {"<NotAuthenticatedFault/>", "gone", ERROR_AUTH, "NotAuthenticated", "",
         "the session has ended"},
        {"<ManagedObjectNotFoundFault><obj type=\"VirtualMachine\">vm-7</obj>"
         "</ManagedObjectNotFoundFault>",
         "deleted", ERROR_FAULT, "ManagedObjectNotFound", "vm-7",
         "QueryPerf failed: ManagedObjectNotFound: deleted"},
        {"<NoPermissionFault><object type=\"VirtualMachine\">vm-8</object></NoPermissionFault>", "",
         ERROR_FAULT, "NoPermission", "vm-8", "QueryPerf failed: NoPermission"},
        {"<InvalidArgumentFault><invalidProperty>interval</invalidProperty></InvalidArgumentFault>",
         "not correct", ERROR_FAULT, "InvalidArgument", "", "not correct: interval"},
        {"<InvalidArgumentFault><invalidProperty>interval</invalidProperty></InvalidArgumentFault>",
         "not correct: interval", ERROR_FAULT, "InvalidArgument", "",
         "QueryPerf failed: InvalidArgument: not correct: interval"},
    };
    struct session session = {.label = (char *)"host", .credentials = {.username = (char *)"me"}};
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct error error = {0};
        struct channel channel;
        describe_fault(&session, faults[i].detail, faults[i].text, &channel, &error);
        assert_int_equal(error.kind, faults[i].kind);
        assert_string_equal(channel.fault_type, faults[i].type);
        assert_string_equal(channel.fault_object, faults[i].object);
        if (!strstr(error.message, faults[i].words))
            fail_msg("%s", error.message);
        soap_destroy(channel.soap);
        soap_end(channel.soap);
        soap_free(channel.soap);
    }
}

static void test_a_refused_login_is_mentioned(void **state) {
    struct session session = {.label = (char *)"host"};
    struct error error = {0};
    struct channel channel;
    (void)state;
    atomic_store(&session.refused, true);
    describe_fault(&session, "<NotAuthenticatedFault/>", "", &channel, &error);
    assert_non_null(strstr(error.message, "and a new login is refused"));
    assert_true(failure_is_lost_session(&channel));
    soap_destroy(channel.soap);
    soap_end(channel.soap);
    soap_free(channel.soap);
}

static void test_reasons(void **state) {
    static const char *const messages[][2] = {
        {"host: gone", "gone"}, {"hosts: gone", "hosts: gone"}, {"host:gone", "host:gone"}};
    struct session session = {.label = (char *)"host"};
    const struct channel channel = {.session = &session};
    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        struct error error = {0};
        (void)error_set(&error, ERROR_FAULT, "%s", messages[i][0]);
        assert_string_equal(failure_reason(&channel, &error), messages[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descriptions),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_a_refused_login_is_mentioned),
        cmocka_unit_test(test_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
