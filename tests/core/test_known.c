/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Each series is new once, in whichever order they come. */
#include "core/known.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Of each pass in an order of its own: 26 has no divisor but 1 with 1, 3, 5 and 7 in common. */
enum { COUNTERS = 40, INSTANCES = 26, PASSES = 4 };

static void test_many(void **state) {
    struct known known = {0};
    (void)state;
    for (int pass = 0; pass < PASSES; pass++)
        for (int32_t n = 0; n < COUNTERS; n++)
            for (int i = 0; i < INSTANCES; i++) {
                int32_t counter = pass % 2 ? COUNTERS - 1 - n : n;
                char instance[16];
                snprintf(instance, sizeof instance, "vmnic%d", i * (2 * pass + 1) % INSTANCES);
                assert_int_equal(known_add(&known, counter, instance), pass == 0);
            }
    assert_int_equal(known.count, COUNTERS * INSTANCES);
    assert_true(known_add(&known, 1, ""));
    assert_false(known_add(&known, 1, ""));
    known_done(&known);
    assert_int_equal(known.count, 0);
}

/* Times of series that come in any order of their places; old times give way to new ones. */
static void test_times(void **state) {
    enum { INTERVAL = 20 };
    struct known known = {0};
    (void)state;
    known_take(&known, 0);
    for (int64_t n = 1; n <= 3 * KNOWN_TIMES; n++) {
        known_advance(&known, INTERVAL, n * INTERVAL);
        for (int32_t counter = 0; counter < COUNTERS; counter++) {
            known_add(&known, counter, "");
            if (counter == 0 || n % counter == 0)
                known_take(&known, n * INTERVAL);
        }
    }
    assert_false(known_covers(&known, 2 * KNOWN_TIMES * INTERVAL));
    for (int64_t n = 2 * KNOWN_TIMES + 1; n <= 3 * KNOWN_TIMES; n++)
        for (int32_t counter = 0; counter < COUNTERS; counter++) {
            assert_true(known_covers(&known, n * INTERVAL));
            uint32_t taken = known_taken(&known, counter, "");
            assert_int_equal(known_took(&known, taken, n * INTERVAL),
                             counter == 0 || n % counter == 0);
        }
    assert_int_equal(known_taken(&known, COUNTERS, ""), 0);
    assert_int_equal(known_lacks(&known, UINT32_MAX), UINT32_MAX);
    known_advance(&known, INTERVAL, 100 * KNOWN_TIMES * INTERVAL);
    assert_int_equal(known_lacks(&known, UINT32_MAX), 0);
    known_forget_times(&known);
    assert_false(known_covers(&known, INTERVAL));
    known_advance(&known, INTERVAL, INTERVAL); /* the clock was set back */
    assert_false(known_add(&known, 1, ""));
    known_take(&known, INTERVAL);
    assert_true(known_took(&known, known_taken(&known, 1, ""), INTERVAL));
    known_done(&known);
}

/* The like of each other share their series; one that gains another keeps what it had. */
static void test_shared(void **state) {
    enum { LIKE = 3, INTERVAL = 20 };
    struct known_pool pool = {0};
    struct known known[LIKE + 1] = {{0}};
    (void)state;
    known_share(&known[0], &pool);
    assert_null(known[0].common);
    for (size_t i = 0; i <= LIKE; i++) {
        known_advance(&known[i], INTERVAL, INTERVAL);
        for (int32_t counter = 0; counter < COUNTERS; counter++) {
            assert_true(known_add(&known[i], counter, i < LIKE ? "" : "other"));
            known_take(&known[i], INTERVAL);
        }
        known_share(&known[i], &pool);
        known_share(&known[i], &pool);
    }
    assert_int_equal(g_hash_table_size(pool.all), 2);
    assert_ptr_equal(known[0].hashes, known[LIKE - 1].hashes);
    assert_true(known_add(&known[0], COUNTERS / 2, "late"));
    assert_true(known_has(&known[0], COUNTERS / 2, "late"));
    assert_false(known_has(&known[1], COUNTERS / 2, "late"));
    for (size_t i = 0; i < LIKE; i++)
        for (int32_t counter = 0; counter < COUNTERS; counter++) {
            assert_false(known_add(&known[i], counter, ""));
            uint32_t taken = known_taken(&known[i], counter, "");
            assert_true(known_took(&known[i], taken, INTERVAL));
        }
    known_share(&known[0], &pool);
    assert_int_equal(g_hash_table_size(pool.all), 3);
    for (size_t i = 0; i <= LIKE; i++)
        known_done(&known[i]);
    assert_int_equal(g_hash_table_size(pool.all), 0);
    known_pool_done(&pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_many), cmocka_unit_test(test_times),
                                       cmocka_unit_test(test_shared)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
