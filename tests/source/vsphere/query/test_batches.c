/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What is asked for in one call: what a server gives is emitted once and in order. */
#include "source/vsphere/query/test_batches.h"

static void test_whole_batches(void **state) {
    (void)state;
    for (size_t jobs = 1; jobs <= 4; jobs++) {
        reset();
        assert_true(run_simply(ENTITIES, jobs, false));
        assert_emitted(ENTITIES, 1, NULL, 0);
        assert_int_equal(server.calls, 3); /* of 64 entities at most */
        assert_int_equal(newest, START + 20);
    }
}

static void test_sizes(void **state) {
    (void)state;
    for (size_t jobs = 1; jobs <= 4; jobs++)
        for (size_t limit = 1; limit < 200; limit = limit * 2 + 1) {
            reset();
            server.limit = limit;
            assert_true(run_simply(ENTITIES, jobs, jobs % 2));
            assert_emitted(ENTITIES, 1, NULL, 0);
            /* Side by side, pieces may be small enough before the limit is known. */
            assert_true(jobs > 1 || limits_metrics(&limits) <= limit);
            int calls = server.calls;
            server.now += 20;
            emitted[0] = '\0';
            assert_true(run_simply(ENTITIES, jobs, true)); /* the size is known */
            if (jobs % 2)
                assert_emitted(ENTITIES, 2, NULL, 0);
            assert_true(server.calls - calls <= calls);
        }
}

static void test_output_that_fails_moves_no_mark(void **state) {
    struct batches_order order;
    struct error error = {0};
    (void)state;
    reset();
    output_fails = true;
    assert_false(run(12, 2, true, &order, &error));
    assert_int_equal(error.kind, ERROR_OUTPUT);
    output_fails = false;
    assert_true(run_simply(12, 2, true));
    assert_emitted(12, 1, NULL, 0);
}

/* The sample times of an entity that has nothing else do not count for the next one. */
static void test_an_entity_without_values(void **state) {
    (void)state;
    reset();
    server.limit = 3;
    server.valueless = "vm-0";
    assert_true(run_simply(2, 1, true));
    assert_emitted(2, 1, "vm-0", 0);
}

/* A server was away: the samples of each entity come in their order. */
static void test_backfill(void **state) {
    (void)state;
    for (size_t limit = 0; limit < 20; limit += 4) {
        reset();
        server.limit = limit;
        server.now = START + 120 * 20;
        assert_true(run_simply(5, 2, true));
        const char *at = emitted;
        for (size_t i = 0; i < 5; i++)
            for (int k = 1; k <= COUNTERS; k++)
                for (int time = 1; time <= 120; time++) {
                    char *one = memory_printf("%s/%d@%d ", ids[i], k, time);
                    assert_memory_equal(at, one, strlen(one));
                    at += strlen(one);
                    free(one);
                }
        assert_int_equal(*at, '\0');
    }
}

static void test_windows(void **state) {
    struct batches_order order;
    struct error error = {0};
    (void)state;
    reset();
    server.now = START + 200000 * 20;
    quiet = true;
    assert_true(run(1, 1, true, &order, &error));
    assert_true(server.calls >= 4); /* no answer holds more than LIMITS_VALUES */
    assert_int_equal(mark_after(&tracked[0].mark), server.now);
}

static void test_instances_by_name(void **state) {
    (void)state;
    reset();
    server.lists_only = true;
    server.refused = "vm-5";
    assert_true(run_simply(10, 1, true));
    assert_emitted(10, 1, "vm-5", 0);
    assert_string_equal(lost, "vm-5: refused; ");
    assert_true(limits_lists_instances(&limits));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_batches),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_output_that_fails_moves_no_mark),
        cmocka_unit_test(test_an_entity_without_values),
        cmocka_unit_test(test_backfill),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_instances_by_name),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
