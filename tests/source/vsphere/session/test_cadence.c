/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Rounds meet the samples of a server, however late it is. */
#include "source/vsphere/session/cadence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { INTERVAL = 20 };

static const int64_t second = 1000000000;
static const int64_t start = INT64_C(1700000000) / INTERVAL * INTERVAL;

static void test_first_due_times(void **state) {
    struct cadence cadence;
    (void)state;
    cadence_init(&cadence, INTERVAL);
    assert_int_equal(cadence_due(&cadence, start * second), start * second + 3 * second);
    assert_int_equal(cadence_due(&cadence, (start + 2) * second), (start + 3) * second);
    assert_int_equal(cadence_due(&cadence, (start + 3) * second), (start + 23) * second);
    assert_int_equal(cadence_due(&cadence, (start + 22) * second), (start + 23) * second);
    assert_int_equal(cadence_newest(&cadence, (start + 2) * second), start - 20);
    assert_int_equal(cadence_newest(&cadence, (start + 3) * second), start);
    assert_int_equal(cadence_newest(&cadence, (start + 3) * second - 1000), start);
}

/* What a server has that shows samples late seconds after their time, every phase seconds. */
static int64_t newest_of(int64_t now_ns, double late, int64_t phase) {
    int64_t ready = (int64_t)((double)now_ns / 1e9 - late) - phase;
    return ready - ready % INTERVAL + phase;
}

/* Runs rounds at the times that are due. Returns how many found no new sample. */
static int run(struct cadence *cadence, double late, int64_t phase, int rounds) {
    int64_t now = start * second, seen = 0;
    int vain = 0;
    for (int i = 0; i < rounds; i++) {
        now = cadence_due(cadence, now);
        int64_t newest = newest_of(now, late, phase);
        vain += newest <= seen;
        seen = newest;
        cadence_learn(cadence, now, newest);
    }
    return vain;
}

static void test_the_delay_is_learnt(void **state) {
    static const struct {
        double late;
        int vain, delay;
    } cases[] = {{0, 0, 15}, {2.9, 0, 15}, {4, 1, 25}, {6.5, 2, 35}, {12, 5, 65}, {17, 7, 85}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cadence cadence;
        cadence_init(&cadence, INTERVAL);
        assert_true(run(&cadence, cases[i].late, 0, 100) <= cases[i].vain);
        assert_int_equal(cadence.hundredths, cases[i].delay);
        assert_int_equal(run(&cadence, cases[i].late, 0, 100), 0);
    }
}

/* A server that has nothing more is asked once an interval. */
static void test_nothing_new_for_long(void **state) {
    struct cadence cadence;
    int64_t now = start * second, before = 0;
    (void)state;
    cadence_init(&cadence, INTERVAL);
    for (int i = 0; i < 50; i++) {
        before = now;
        now = cadence_due(&cadence, now);
        cadence_learn(&cadence, now, start - 1000);
    }
    assert_int_equal(cadence.hundredths, 90);
    assert_int_equal(now - before, INTERVAL * second);
}

static void test_samples_beside_the_grid(void **state) {
    struct cadence cadence;
    (void)state;
    cadence_init(&cadence, INTERVAL);
    run(&cadence, 1, 7, 20);
    assert_int_equal(cadence.phase, 7);
    assert_int_equal(run(&cadence, 1, 7, 100), 0);
}

static void test_a_server_that_became_faster(void **state) {
    struct cadence cadence;
    (void)state;
    cadence_init(&cadence, INTERVAL);
    run(&cadence, 15, 0, 100);
    assert_int_equal(cadence.hundredths, 75);
    run(&cadence, 0, 0, 7000);
    assert_int_equal(cadence.hundredths, 15);
}

/* Nothing that was sought before the clock was set back is waited for. */
static void test_a_clock_that_was_set_back(void **state) {
    static const int64_t newest[] = {start, start - INTERVAL};
    (void)state;
    for (int missed = 0; missed < 2; missed++) {
        struct cadence cadence;
        int64_t now = (start + 5) * second, back = now - 3600 * second;
        cadence_init(&cadence, INTERVAL);
        cadence_learn(&cadence, now, newest[missed]);
        assert_int_equal(cadence.missed, missed);
        assert_int_equal(cadence_is_idle(&cadence, now), !missed);
        assert_false(cadence_is_idle(&cadence, back));
        assert_true(cadence_due(&cadence, back) <= back + INTERVAL * second);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_due_times),
        cmocka_unit_test(test_the_delay_is_learnt),
        cmocka_unit_test(test_nothing_new_for_long),
        cmocka_unit_test(test_samples_beside_the_grid),
        cmocka_unit_test(test_a_server_that_became_faster),
        cmocka_unit_test(test_a_clock_that_was_set_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
