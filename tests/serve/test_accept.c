/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What clients ask for by Accept and Accept-Encoding. */
#include "serve/accept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_formats(void **state) {
    static const struct {
        const char *accept;
        bool openmetrics;
    } rows[] = {
        {NULL, false},
        {"", false},
        {"*/*", false},
        {"text/plain", false},
        {"application/json", false},
        {"application/openmetrics-text", true},
        {"APPLICATION/OpenMetrics-Text; Version=1.0.0", true},
        {"application/openmetrics-text;q=0", false},
        {"application/openmetrics-text;q=0.000, */*", false},
        {"application/openmetrics-text2", false},
        {"text/plain;q=0.9,application/openmetrics-text;q=0.8", false},
        {"text/plain;version=0.0.4;q=0.3,application/openmetrics-text;q=0.3", true},
        /* Prometheus' own */
        {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
         "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         true},
        {",, ;;q=,application/openmetrics-text ; q=1.0 ,", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(accept_openmetrics(rows[i].accept), rows[i].openmetrics);
}

static void test_encodings(void **state) {
    static const struct {
        const char *header;
        bool gzip;
    } rows[] = {
        {NULL, false},        {"gzip", true},          {"deflate, gzip;q=0.5", true},
        {"gzip;q=0", false},  {"br", false},           {"*", true},
        {"*;q=0", false},     {"gzip;q=0, *", false},  {"x-gzip", false},
        {"GZIP ; Q=1", true}, {"identity;q=1", false}, {"gzip;q=0.0001", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(accept_gzip(rows[i].header), rows[i].gzip);
}

static void test_weights(void **state) {
    static const struct {
        const char *header;
        int weight;
    } rows[] = {
        {NULL, -1},
        {"b", -1},
        {"a", 1000},
        {"a;q=0.75", 750},
        {"a;x=\"q=0\"", 1000},
        {"a;q=0.123456", 123},
        {"a;q=1.5", 1000},
        {"a;q=nonsense", 1000},
        {"a;q=0.2, a;q=0.7", 700},
        {"a;q=", 1000},
        {"a;q=0", 0},
        {"a;q=.5", 1000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(accept_quality(rows[i].header, "a"), rows[i].weight);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
