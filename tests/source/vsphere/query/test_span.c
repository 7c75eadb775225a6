/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Spans of absolute times, which take no server, and the windows that they are cut into. */
#include "source/vsphere/query/span.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { START = 1700000000, HOUR = 3600 };

static void test_newest(void **state) {
    const struct window wanted = {.interval = REAL_TIME_SECONDS, .newest = 5};
    struct error error = {0};
    struct span span;
    (void)state;
    assert_true(span_resolve(&span, &wanted, NULL, &error));
    assert_false(span.bounded);
    assert_int_equal(span.newest, 5);
    assert_int_equal(span_samples(&span), 5);
    struct span window = span_window(&span, 0, 1);
    assert_false(window.bounded);
    assert_int_equal(window.newest, 5);
}

static void test_absolute(void **state) {
    const struct window wanted = {.after = START, .until = START + HOUR, .interval = 300};
    struct error error = {0};
    struct span span;
    (void)state;
    assert_true(span_resolve(&span, &wanted, NULL, &error));
    assert_true(span.bounded);
    assert_int_equal(span.start, START);
    assert_int_equal(span.end, START + HOUR);
    assert_int_equal(span.interval, 300);
    assert_true(span_samples(&span) >= HOUR / 300);
}

static void assert_tiled(const struct span *span, int64_t samples) {
    int64_t at = span->start;
    int count = 0;
    while (at < span->end) {
        struct span window = span_window(span, at, samples);
        assert_int_equal(window.start, at);
        assert_true(window.end > window.start && window.end <= span->end);
        assert_true(window.end - window.start <= samples * span->interval);
        assert_int_equal(window.interval, span->interval);
        at = window.end;
        assert_true(++count <= (span->end - span->start) / (samples * span->interval) + 1);
    }
    assert_int_equal(at, span->end);
}

static void test_windows_tile(void **state) {
    static const int64_t lengths[] = {1, 19, 20, 21, 299, 300, 301, 6000, 86399, 2000000};
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct span span = {
            .bounded = true, .start = START + 7, .end = START + 7 + lengths[i], .interval = 20};
        for (int64_t samples = 1; samples < 2000; samples = samples * 3 + 1)
            assert_tiled(&span, samples);
    }
}

/* However the span lies on the server's grid. */
static void test_samples_are_enough(void **state) {
    (void)state;
    for (int64_t start = START; start < START + 40; start++)
        for (int64_t length = 1; length < 100; length++) {
            struct span span = {
                .bounded = true, .start = start, .end = start + length, .interval = 20};
            int64_t held = span.end / 20 - span.start / 20;
            assert_true(span_samples(&span) >= held);
            assert_true(span_samples(&span) <= held + 1);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newest),
        cmocka_unit_test(test_absolute),
        cmocka_unit_test(test_windows_tile),
        cmocka_unit_test(test_samples_are_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
