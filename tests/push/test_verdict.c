/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What answers mean, and how long it is waited after them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "push/helper/verdict.h"

static const int64_t second_ns = 1000000000;

static void test_verdicts(void **state) {
    static const struct {
        struct outcome outcome;
        enum verdict verdict;
    } cases[] = {
        {{.status = 200}, VERDICT_DELIVERED},
        {{.status = 204}, VERDICT_DELIVERED},
        {{.status = 302}, VERDICT_REFUSED},
        {{.status = 400}, VERDICT_SPLIT},
        {{.status = 401}, VERDICT_REFUSED},
        {{.status = 404}, VERDICT_REFUSED},
        {{.status = 408}, VERDICT_AGAIN},
        {{.status = 413}, VERDICT_SPLIT},
        {{.status = 422}, VERDICT_SPLIT},
        {{.status = 429}, VERDICT_AGAIN},
        {{.status = 500}, VERDICT_AGAIN},
        {{.status = 503}, VERDICT_AGAIN},
        {{.status = 0}, VERDICT_AGAIN},
        {{.hopeless = true}, VERDICT_REFUSED},
        {{.status = 200, .page = true}, VERDICT_REFUSED},
        {{200, .error = true}, VERDICT_SPLIT},
        {{.status = 200, .error = true, .timeout = true}, VERDICT_AGAIN},
        {{.status = 400, .error = true, .timeout = true}, VERDICT_SPLIT},
        {{.status = 503, .page = true}, VERDICT_AGAIN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(verdict_of(&cases[i].outcome), cases[i].verdict);
}

/* Of a status of success. */
static void test_answers(void **state) {
    static const struct {
        const char *type;
        const char *body;
        enum verdict verdict;
    } cases[] = {
        {NULL, "", VERDICT_DELIVERED},
        {"text/html", "", VERDICT_DELIVERED},
        {"text/html", "<html>", VERDICT_REFUSED},
        {"Text/HTML; charset=utf-8", "<html>", VERDICT_REFUSED},
        {"text/plain", "<html>", VERDICT_DELIVERED},
        {"application/json", "{}", VERDICT_DELIVERED},
        {"application/json", "{", VERDICT_DELIVERED},
        {"application/json", "{\"error\"", VERDICT_DELIVERED},
        {"application/json", "{\"error\":null}", VERDICT_DELIVERED},
        {"application/json", "{ \"error\" : null }", VERDICT_DELIVERED},
        {"application/json", "{\"error\":false}", VERDICT_DELIVERED},
        {"application/json", "{\"error\":\"\"}", VERDICT_DELIVERED},
        {"application/json", "{\"errors\":0}", VERDICT_DELIVERED},
        {"application/json", "{\"error\":\"write failed\"}", VERDICT_SPLIT},
        {"application/json", " {\r\n\t\"error\" : \"no timeout\"}", VERDICT_SPLIT},
        {"application/json", "{\"error\":{\"code\":1}}", VERDICT_SPLIT},
        {"application/json", "{\"error\":\"timeout\"}", VERDICT_AGAIN},
        {NULL, "{ \"error\": \"timeout\" }\n", VERDICT_AGAIN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct outcome outcome = {.status = 200};
        verdict_read(&outcome, cases[i].type, cases[i].body);
        if (verdict_of(&outcome) != cases[i].verdict)
            fail_msg("'%s'", cases[i].body);
    }
}

static void test_pauses(void **state) {
    static const struct {
        struct outcome outcome;
        unsigned failures;
        int64_t seconds;
    } cases[] = {
        {{.status = 503}, 1, 1},
        {{.status = 503}, 2, 2},
        {{.status = 503}, 6, 32},
        {{.status = 503}, 7, 60},
        {{.status = 503}, 4000000000, 60},
        {{.status = 429, .retry_after_seconds = 5}, 9, 5},
        {{.status = 429, .retry_after_seconds = 90}, 1, 90},
        {{.status = 429, .retry_after_seconds = INT64_MAX}, 1, 3600},
        {{.status = 429, .retry_after_seconds = -1}, 1, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(verdict_pause_ns(&cases[i].outcome, cases[i].failures),
                         cases[i].seconds * second_ns);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_pauses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
