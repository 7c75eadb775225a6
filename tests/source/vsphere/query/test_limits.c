/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a refusal says about size, and the limits of servers that are not asked. */
#include "source/vsphere/query/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "source/vsphere/query/span.h"
#include "source/vsphere/session/session.h"

static const struct {
    enum error_kind kind;
    int result;
    bool too_long;
    const char *fault_type;
    const char *message;
    enum limits_verdict verdict;
} refusals[] = {
    {ERROR_FAULT, SOAP_FAULT, false, "RestrictedByAdministrator", "vc: QueryPerf failed",
     LIMITS_TOO_LARGE},
    {ERROR_FAULT, SOAP_FAULT, false, "RuntimeFault",
     "vc: This operation is restricted by the administrator - 'vpxd.stats.maxQueryMetrics'. "
     "Contact",
     LIMITS_TOO_LARGE},
    {ERROR_FAULT, SOAP_FAULT, false, "InvalidRequest",
     "vc: InvalidRequest: XML document element count exceeds configured maximum 500000",
     LIMITS_TOO_LARGE},
    {ERROR_FAULT, SOAP_FAULT, false, "ManagedObjectNotFound", "vc: gone", LIMITS_PASSED},
    {ERROR_FAULT, SOAP_FAULT, false, "NoPermission", "vc: denied", LIMITS_PASSED},
    {ERROR_FAULT, SOAP_FAULT, false, "", "", LIMITS_PASSED},
    {ERROR_TIMEOUT, SOAP_EOF, false, "", "vc: no answer", LIMITS_SILENT},
    {ERROR_PROTOCOL, SOAP_EOF, true, "", "vc: too long", LIMITS_TOO_LARGE},
    {ERROR_PROTOCOL, SOAP_OCCURS, false, "", "vc: too many", LIMITS_TOO_LARGE},
    {ERROR_PROTOCOL, SOAP_EOF, false, "", "vc: closed", LIMITS_PASSED},
    {ERROR_PROTOCOL, 503, false, "", "vc: restricted by the administrator", LIMITS_PASSED},
    {ERROR_INTERRUPTED, SOAP_EOF, false, "", "vc: interrupted", LIMITS_PASSED},
    {ERROR_AUTH, SOAP_FAULT, false, "NotAuthenticated", "vc: the session has ended", LIMITS_PASSED},
};

static void test_verdicts(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct channel channel = {.result = refusals[i].result, .too_long = refusals[i].too_long};
        struct error error = {0};
        snprintf(channel.fault_type, sizeof channel.fault_type, "%s", refusals[i].fault_type);
        (void)error_set(&error, refusals[i].kind, "%s", refusals[i].message);
        assert_int_equal(limits_judge(&channel, &error), refusals[i].verdict);
    }
}

static size_t limit_of(bool is_vcenter, const char *version, int32_t interval) {
    struct session session = {.is_vcenter = is_vcenter, .api_version = (char *)version};
    struct channel channel = {.session = &session};
    struct limits limits = {0};
    limits_begin(&limits, &channel, interval, 0);
    return limits_metrics(&limits);
}

/* Without an option manager nobody is asked. */
static void test_limits_of_versions(void **state) {
    (void)state;
    assert_int_equal(limit_of(true, "5.5", 300), 64);
    assert_int_equal(limit_of(true, "6.0", 300), 64);
    assert_int_equal(limit_of(true, "6.0.1", 86400), 64);
    assert_int_equal(limit_of(true, "6.5", 300), 256);
    assert_int_equal(limit_of(true, "6.7.3", 1800), 256);
    assert_int_equal(limit_of(true, "10.0", 300), 256);
    assert_int_equal(limit_of(true, NULL, 300), 256);
}

static void test_no_limit(void **state) {
    (void)state;
    assert_true(limit_of(true, "6.0", REAL_TIME_SECONDS) == LIMITS_VALUES);
    assert_true(limit_of(false, "6.0", 300) == LIMITS_VALUES);
    assert_true(limit_of(false, "7.0", REAL_TIME_SECONDS) == LIMITS_VALUES);
}

/* A size that was too large once is tried again, ever less often. */
static void test_lowered_limits_have_an_age(void **state) {
    const int64_t second = 1000000000;
    struct session session = {.is_vcenter = true, .api_version = (char *)"6.5"};
    struct channel channel = {.session = &session};
    struct limits limits = {0};
    int64_t now = 0;
    (void)state;
    for (int64_t pause = 600; pause <= 2400; pause *= 2) {
        limits_begin(&limits, &channel, 300, now);
        assert_int_equal(limits_metrics(&limits), 256);
        limits_lower(&limits, 100);
        limits_lower(&limits, 30);
        limits_lower(&limits, 60);
        limits_begin(&limits, &channel, 300, now);
        assert_int_equal(limits_metrics(&limits), 30);
        limits_begin(&limits, &channel, 300, now + pause * second - 1);
        assert_int_equal(limits_metrics(&limits), 30);
        now += pause * second;
    }
    limits_begin(&limits, &channel, REAL_TIME_SECONDS, now);
    assert_int_equal(limits_metrics(&limits), LIMITS_VALUES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_limits_of_versions),
        cmocka_unit_test(test_no_limit),
        cmocka_unit_test(test_lowered_limits_have_an_age),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
