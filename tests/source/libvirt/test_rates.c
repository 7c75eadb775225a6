/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which polls make rates, and which interval polls of some duration can hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/libvirt/recorded.h"

static const int64_t ms = 1000000;

/* Polls of these durations, begun every interval: which of them make rates with the one before. */
struct polls {
    const char *what;
    int64_t interval_seconds;
    int64_t durations_ms[7];
    const char *usable; /* a letter for each poll after the first */
};

static const struct polls polls[] = {
    {"short ones", 1, {5, 6, 5, 90, 5, 6, 5}, "yyyyyy"},
    {"evenly long ones at a short interval",
     4,
     {1900, 2100, 2000, 2250, 1950, 2000, 2300},
     "yyyyyy"},
    {"evenly long ones that hold 2 s", 2, {1200, 1250, 1190, 1300, 1200, 1100, 1300}, "yyyyyy"},
    {"one long among short ones", 4, {5, 5, 1500, 5, 5, 5, 5}, "ynnyyy"},
    {"one long among short ones, a long interval", 20, {5, 5, 1500, 5, 5, 5, 5}, "yyyyyy"},
    {"one short among long ones", 4, {2000, 2000, 10, 2000, 2000, 2000, 2000}, "ynnyyy"},
    {"as uneven as may be", 1, {0, 180, 0, 0, 225, 225, 0}, "yyynyn"},
    {"as uneven as may be at 2 s", 2, {0, 350, 0, 0, 450, 450, 0}, "yyynyn"},
    {"a tenth of the interval", 10, {0, 1000, 1000, 100, 100, 1250, 100}, "yyyynn"},
    {"a blocked call", 20, {5, 35000, 5, 5, 5, 5, 5}, "nnyyyy"},
};

static void test_durations(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof polls / sizeof polls[0]; i++) {
        for (int64_t k = 1; k < 7; k++) {
            int64_t longer_ns = (polls[i].durations_ms[k] - polls[i].durations_ms[k - 1]) * ms;
            /* Calls begin at even distances, and stand for their middle. */
            int64_t elapsed_ns = polls[i].interval_seconds * 1000 * ms + longer_ns / 2;
            bool usable = rates_is_usable(elapsed_ns, longer_ns, polls[i].interval_seconds);
            if (usable != (polls[i].usable[k - 1] == 'y'))
                fail_msg("%s, poll %d", polls[i].what, (int)k);
        }
    }
}

static void test_distances(void **state) {
    (void)state;
    assert_true(rates_is_usable(5000 * ms, 0, 10));
    assert_false(rates_is_usable(4999 * ms, 0, 10));
    assert_true(rates_is_usable(15000 * ms, 0, 10));
    assert_false(rates_is_usable(15001 * ms, 0, 10));
    assert_false(rates_is_usable(0, 0, 1));
    assert_false(rates_is_usable(-1000 * ms, 0, 1));
}

/* Guests and the host are paired by that rule, and by no other. */
static void test_pairs(void **state) {
    struct guest_sample before, now;
    struct values values;
    (void)state;

    made_sample(&before, 0, "cpu.time 0\nvcpu.current 1\n");
    made_sample(&now, 4000 * ms, "cpu.time 1000000000\nvcpu.current 1\n");
    before.duration_ns = 2000 * ms;
    now.duration_ns = 2300 * ms;
    values_of(&values, &before, &now, 4);
    assert_int_equal(values_get(&values, "cpu.usage.average", ""), 2500);
    now.duration_ns = 1500 * ms;
    values_of(&values, &before, &now, 4);
    assert_int_equal(values_get(&values, "cpu.usage.average", ""), ABSENT);
    sample_done(&before);
    sample_done(&now);

    struct host_sample first = {.duration_ns = 2000 * ms};
    struct host_sample second = {.time_ns = 4000 * ms, .duration_ns = 2300 * ms};
    struct host_pair pair;
    rates_host(&pair, &first, &second, 4);
    assert_ptr_equal(pair.before, &first);
    rates_host_done(&pair);
    second.duration_ns = 1500 * ms;
    rates_host(&pair, &first, &second, 4);
    assert_null(pair.before);
    rates_host_done(&pair);
}

static void test_interval_held(void **state) {
    static const struct {
        int64_t duration_ms;
        int64_t seconds;
    } rows[] = {{0, 1},    {1, 1},    {900, 1},  {950, 2},   {1000, 2},
                {1200, 2}, {1800, 2}, {1900, 3}, {9000, 10}, {35000, 39}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(rates_interval_held(rows[i].duration_ms * ms), rows[i].seconds);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_distances),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_interval_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
