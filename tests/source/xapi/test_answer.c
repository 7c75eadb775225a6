/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Answers as XML-RPC: values, failures, and what is neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "source/xapi/answers.h"
#include "source/xapi/wire/answer.h"

#define HEAD "<methodResponse><params><param><value><struct><member><name>Status</name><value>"
#define SUCCESS HEAD "Success</value></member><member><name>Value</name>"
#define FAULT                                                                                      \
    "<methodResponse><fault><value><struct><member><name>faultString</name><value>no such</value>" \
    "</member></struct></value></fault></methodResponse>"
#define TAIL "</member></struct></value></param></params></methodResponse>"

static struct answer answer_of(const char *text) {
    struct answer answer;
    struct error error = {0};
    if (!answer_read(&answer, text, strlen(text), &error))
        fail_msg("%s: %s", text, error.message);
    return answer;
}

static bool is_refused(const char *text, size_t size) {
    struct answer answer;
    struct error error = {0};
    bool good = answer_read(&answer, text, size, &error);
    assert_int_equal(error.kind, good ? ERROR_NONE : ERROR_PROTOCOL);
    answer_done(&answer);
    return !good;
}

static void test_recorded_login(void **state) {
    (void)state;
    size_t size = 0;
    struct error error = {0};
    struct answer answer;
    char *text = read_answer("xmlrpc-login-success.xml", &size);
    if (!text)
        skip();
    assert_true(answer_read(&answer, text, size, &error));
    assert_string_equal(json_string_value(answer.value),
                        "OpaqueRef:f5b60534-d03b-49dc-bb2b-bff7878165c3");
    assert_string_equal(answer_code(&answer), "");
    answer_done(&answer);
    for (size_t cut = 0; cut + 2 < size; cut++)
        assert_true(is_refused(text, cut));
    g_free(text);
}

static void test_recorded_slave(void **state) {
    (void)state;
    size_t size = 0;
    struct error error = {0};
    struct answer answer;
    char *text = read_answer("xmlrpc-login-host-is-slave.xml", &size);
    if (!text)
        skip();
    assert_true(answer_read(&answer, text, size, &error));
    assert_null(answer.value);
    assert_string_equal(answer_code(&answer), "HOST_IS_SLAVE");
    assert_string_equal(answer_argument(&answer, 0), "127.0.0.1");
    assert_string_equal(answer_argument(&answer, 1), "");
    answer_done(&answer);
    g_free(text);
}

/* Each form that XML allows. */
static void test_forms(void **state) {
    (void)state;
    struct answer answer =
        answer_of("<?xml version='1.0'?><!-- a --><x:methodResponse "
                  "xmlns:x='u'><params><param><value><struct>"
                  "<member><name>Value</name><value><struct>"
                  "<member><name>a</name><value>&lt;1&#x3e;<![CDATA[&]]></value></member>"
                  "<member><name>b</name><value><boolean>1</boolean></value></member>"
                  "<member><name>c</name><value><array><data><value><int>5</int></value><value/></"
                  "data></array>"
                  "</value></member>"
                  "<member><name>d</name><value><array><data/></array></value></member>"
                  "<member><name>e</name><value><struct/></value></member>"
                  "<member><name>f</name><value><double>1.5</double></value></member>"
                  "<member><name>g</name><value><nil/></value></member>"
                  "</struct></value></member>"
                  "<member><name>Status</name><value><string>Success</string></value></member>"
                  "</struct></value></param></params></x:methodResponse><!-- b -->");
    json_t *expected = read_json("{'a': '<1>&', 'b': true, 'c': ['5', ''], 'd': [], 'e': {}, "
                                 "'f': '1.5', 'g': null}");
    assert_true(json_equal(answer.value, expected));
    json_decref(expected);
    answer_done(&answer);
}

static void test_refused(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "x",
        "<html><body>Bad gateway</body></html>",
        "{}",
        "{\"result\": ",
        "{\"jsonrpc\": \"2.0\", \"result\": \"x\", \"id\": 1}",
        "<!DOCTYPE m [<!ENTITY a 'b'>]>" SUCCESS "<value>&a;</value>" TAIL,
        SUCCESS "<value>1</value>" TAIL "<more/>",
        HEAD "Failure</value></member><member><name>ErrorDescription</name><value><array><data/>"
             "</array></value>" TAIL,
        HEAD "Maybe</value>" TAIL,
        FAULT,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        assert_true(is_refused(texts[i], strlen(texts[i])));
}

/* A thousand arrays in each other. */
static void test_depth(void **state) {
    (void)state;
    GString *text = g_string_new(SUCCESS);
    for (int i = 0; i < 1000; i++)
        g_string_append(text, "<value><array><data>");
    for (int i = 0; i < 1000; i++)
        g_string_append(text, "</data></array></value>");
    g_string_append(text, TAIL);
    assert_true(is_refused(text->str, text->len));
    g_string_free(text, TRUE);
}

static void test_call(void **state) {
    (void)state;
    static const char *const arguments[] = {"root", "<&>\"'\xc3\xa4", NULL};
    char *body = answer_call("session.login_with_password", arguments);
    assert_string_equal(
        body, "<?xml version=\"1.0\"?><methodCall><methodName>session.login_with_password"
              "</methodName><params><param><value><string>root</string></value></param><param>"
              "<value><string>&lt;&amp;&gt;&quot;&apos;\xc3\xa4</string></value></param></params>"
              "</methodCall>");
    memory_wipe_free(body);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_login), cmocka_unit_test(test_recorded_slave),
        cmocka_unit_test(test_forms),          cmocka_unit_test(test_refused),
        cmocka_unit_test(test_depth),          cmocka_unit_test(test_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
