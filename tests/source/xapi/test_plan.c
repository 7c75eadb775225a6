/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which archive a window is read from, and from when on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "source/xapi/plan.h"

enum { NOW = 1000000007, DAY = 86400 };

static struct plan plan_of(const struct window *window) {
    struct plan plan;
    struct error error = {0};
    assert_true(plan_make(&plan, window, NOW, &error));
    assert_int_equal(plan.after % plan.interval, 0);
    assert_int_equal(plan.interval % plan.step, 0);
    return plan;
}

static void test_archives(void **state) {
    (void)state;
    static const struct {
        int32_t interval;
        int64_t seconds;
        int32_t step;
        int32_t samples;
    } cases[] = {
        {20, 540, 5, 20},
        {20, 571, 60, 60},
        {20, 2 * 3600, 3600, 3600},
        {20, 30 * DAY, DAY, DAY},
        {5, 60, 5, 5},
        {60, 600, 60, 60},
        {300, 3600, 60, 300},
        {3600, 2 * DAY, 3600, 3600},
        {20, 1000 * DAY, DAY, DAY},
        {300, DAY, 3600, 3600},
        {7200, DAY, 3600, 7200},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct window window = {
            .interval = cases[i].interval, .after = NOW - cases[i].seconds, .until = NOW};
        struct plan plan = plan_of(&window);
        assert_int_equal(plan.step, cases[i].step);
        assert_int_equal(plan.interval, cases[i].samples);
        assert_int_equal(plan.coarser, cases[i].samples != cases[i].interval);
        assert_true(plan.after > NOW - cases[i].seconds - plan.interval ||
                    plan.after >= NOW - 366 * DAY);
    }
}

/* Of a gap, only what is kept at its interval. */
static void test_kept_only(void **state) {
    (void)state;
    const struct window window = {
        .interval = 20, .after = NOW - DAY, .until = NOW, .kept_only = true};
    struct plan plan = plan_of(&window);
    assert_int_equal(plan.interval, 20);
    assert_true(plan.after >= NOW - 590 && plan.after <= NOW - 500);
}

static void test_begin(void **state) {
    (void)state;
    /* The newest sample, and three of them. */
    struct plan plan = plan_of(&(struct window){.interval = 20, .newest = 1});
    assert_true(plan.after + 20 <= NOW - 20);
    plan = plan_of(&(struct window){.interval = 20, .newest = 3});
    assert_true(plan.after + 20 <= NOW - 60);
    /* A sample of one interval that is yet to end: none before it. */
    plan = plan_of(
        &(struct window){.interval = 20, .after = NOW - 5, .until = NOW + 15, .fresh_only = true});
    assert_int_equal(plan.after, 1000000000);
    assert_int_equal(plan.until, NOW);
    /* An endless run begins with what ended just before it. */
    plan = plan_of(&(struct window){.interval = 20, .after = NOW - 20, .fresh_only = true});
    assert_int_equal(plan.after, 1000000000 - 40);
}

static void test_refused(void **state) {
    (void)state;
    static const int32_t intervals[] = {0, -5, 1, 7, 22};
    for (size_t i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
        struct plan plan;
        struct error error = {0};
        const struct window window = {.interval = intervals[i], .newest = 1};
        assert_false(plan_make(&plan, &window, NOW, &error));
        assert_int_equal(error.kind, ERROR_USAGE);
    }
}

static void test_shift(void **state) {
    (void)state;
    const struct plan plan = {.interval = 20};
    static const struct {
        int64_t ahead;
        int64_t shift;
    } cases[] = {{0, 0}, {9, 0}, {11, 20}, {-9, 0}, {-11, -20}, {3600, 3600}, {-3605, -3600}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(plan_shift(&plan, cases[i].ahead), cases[i].shift);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_archives), cmocka_unit_test(test_kept_only),
        cmocka_unit_test(test_begin),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_shift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
