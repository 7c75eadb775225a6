/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Calls are made again when that can help, ever less often, and never beyond their time. */
#include "source/vsphere/session/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <stdsoap2.h>

#include <cmocka.h>

static const int64_t second = 1000000000;

static void test_what_helps(void **state) {
    static const struct {
        struct attempt attempt;
        bool helps;
    } cases[] = {
        {{SOAP_EOF, false, false}, true},
        {{SOAP_TCP_ERROR, false, false}, true},
        {{SOAP_SSL_ERROR, false, false}, true},
        {{503, false, false}, true},
        {{404, false, false}, false},
        {{SOAP_FAULT, false, false}, false},
        {{SOAP_TAG_MISMATCH, false, false}, false},
        /* A half answer looks like a wrong one. */
        {{SOAP_TAG_MISMATCH, true, false}, true},
        {{SOAP_EOF, false, true}, false},
        {{SOAP_EOF, true, true}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(retry_helps(&cases[i].attempt), cases[i].helps);
}

static void test_pauses_double_within_the_limit(void **state) {
    static const int64_t pauses[] = {200, 400, 800, 1600, 3200, 6400, 12800};
    (void)state;
    for (unsigned i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        assert_int_equal(retry_at(i + 1, 5000, 5000 + 30000), 5000 + pauses[i]);
        assert_int_equal(retry_at(i + 1, 5000, 5000 + pauses[i]), 0);
    }
    assert_int_equal(retry_at(8, 5000, INT64_MAX), 0);
}

static void test_one_login_for_all(void **state) {
    const struct backoff none = {0};
    (void)state;
    assert_int_equal(retry_renewal(1, 1, &none, 0), RENEWAL_LOGIN);
    assert_int_equal(retry_renewal(1, 2, &none, 0), RENEWAL_DONE);
}

/* An account is not locked by a program that tries again and again. */
static void test_refused_logins_are_rare(void **state) {
    struct backoff refused = {0};
    int logins = 0;
    (void)state;
    for (int64_t now = 1; now < 24 * 3600 * second; now += 20 * second)
        if (retry_renewal(1, 1, &refused, now) == RENEWAL_LOGIN) {
            logins++;
            retry_login_refused(&refused, now);
            assert_int_equal(retry_renewal(1, 1, &refused, now + 299 * second), RENEWAL_HELD);
            assert_int_equal(retry_renewal(1, 2, &refused, now), RENEWAL_DONE);
        }
    assert_in_range(logins, 24, 28);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_helps),
        cmocka_unit_test(test_pauses_double_within_the_limit),
        cmocka_unit_test(test_one_login_for_all),
        cmocka_unit_test(test_refused_logins_are_rare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
