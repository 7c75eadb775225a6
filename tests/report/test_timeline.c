/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The course of a series in few steps, and what HTML makes of it and of names. */
#include "report/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "report/html.h"

/* All samples are in the steps whatever the order, and no step is longer than need be. */
static void check(const int64_t *times, size_t count, int64_t width) {
    struct timeline timeline = {.width = 0};
    double weight = 0, sum = 0, peak = 0;
    for (size_t i = 0; i < count; i++)
        timeline_add(&timeline, times[i], 20, (double)i);
    for (size_t i = 0; i < timeline.count; i++) {
        weight += timeline.steps[i].weight;
        sum += timeline.steps[i].sum;
        if (timeline.steps[i].weight > 0 && timeline.steps[i].peak > peak)
            peak = timeline.steps[i].peak;
    }
    assert_true(timeline.count <= TIMELINE_STEPS);
    assert_int_equal(timeline.width, width);
    assert_true(weight == 20.0 * (double)count);
    assert_true(sum == 20.0 * (double)(count * (count - 1)) / 2);
    assert_true(peak == (double)(count - 1));
}

static void test_steps(void **state) {
    enum { COUNT = 1000 };
    int64_t up[COUNT], down[COUNT];
    const int64_t around_epoch[] = {-20, 0, 20, -4000, 4000};
    (void)state;
    for (int64_t i = 0; i < COUNT; i++) {
        up[i] = 1700000000 + i * 20;
        down[i] = 1700000000 - i * 20;
    }
    check(up, TIMELINE_STEPS, 20);
    check(up, COUNT, 320); /* 20000 s in at most 96 steps: 160 s would take 125 */
    check(down, COUNT, 320);
    check(around_epoch, 5, 160);
}

/* A sample is in one step, which is as long as it at least: 20 s become 320 s. */
static void test_steps_of_intervals(void **state) {
    struct timeline timeline = {.width = 0};
    (void)state;
    timeline_add(&timeline, 20, 20, 10);
    timeline_add(&timeline, 640, 300, 40);
    assert_int_equal(timeline.width, 320);
    assert_int_equal(timeline.count, 2);
    assert_true(timeline.steps[0].weight == 20 && timeline.steps[1].weight == 300);
}

static char *text_of(void (*put)(FILE *stream, const void *what), const void *what) {
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(stream);
    put(stream, what);
    fclose(stream);
    return text;
}

static void put_text(FILE *stream, const void *text) {
    html_text(stream, text);
}

static void put_chart(FILE *stream, const void *timeline) {
    html_chart(stream, timeline, &(struct html_axes){0, 80, 100});
}

static void test_text_is_inert(void **state) {
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"web-1", "web-1"},
        {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"\"a' onload=x & &amp;", "&quot;a&#39; onload=x &amp; &amp;amp;"},
        {"Größe 機", "Größe 機"},
        {"a\xe2\x80\xae"
         "b\xd7\x90",
         "a?b\xd7\x90"}, /* an override is none, Hebrew is */
        {"a\x01\n\x7f"
         "b",
         "a???b"},
        {"\xff\xfe<", "??&lt;"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = text_of(put_text, cases[i].text);
        assert_string_equal(text, cases[i].expected);
        free(text);
    }
}

/* A step without samples interrupts the line: it is no zero. */
static void test_gap(void **state) {
    struct timeline timeline = {.width = 0};
    (void)state;
    timeline_add(&timeline, 20, 20, 100);
    timeline_add(&timeline, 40, 20, 0);
    timeline_add(&timeline, 80, 20, 50);
    char *text = text_of(put_chart, &timeline);
    assert_non_null(strstr(text, "d=\"M240 10h0l480 300M1680 160h0\""));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_steps_of_intervals),
        cmocka_unit_test(test_text_is_inert),
        cmocka_unit_test(test_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
