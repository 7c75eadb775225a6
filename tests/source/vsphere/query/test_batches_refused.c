/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Whatever a server refuses or leaves unanswered: the rest is emitted, and what is lost is
 * reported.
 */
#include "source/vsphere/query/test_batches.h"

static void test_refused_entities(void **state) {
    (void)state;
    for (size_t jobs = 1; jobs <= 4; jobs++)
        for (int named = 0; named < 2; named++) {
            reset();
            server.refused = "vm-70";
            server.names_object = named;
            assert_true(run_simply(ENTITIES, jobs, false));
            assert_emitted(ENTITIES, 1, "vm-70", 0);
            assert_string_equal(lost, "vm-70: refused; ");
            assert_true(tracked_is_refused(&tracked[70], 1));
            assert_false(tracked_is_refused(&tracked[71], 1));
            assert_true(server.calls <= (named ? 5 : 16));
        }
}

/* What an endless run does not find has probably ended: the inventory will tell. */
static void test_lost_entities(void **state) {
    struct batches_order order;
    struct error error = {0};
    (void)state;
    reset();
    server.refused = "vm-3";
    server.fault = "ManagedObjectNotFound";
    server.names_object = true;
    assert_true(run(10, 2, true, &order, &error));
    assert_emitted(10, 1, "vm-3", 0);
    assert_string_equal(lost, "");
    assert_true(order.lost_objects && tracked[3].vanished);
    reset();
    server.refused = "vm-3";
    server.fault = "ManagedObjectNotFound";
    server.names_object = true;
    assert_true(run(10, 2, false, &order, &error));
    assert_string_equal(lost, "vm-3: refused; ");
    assert_false(order.lost_objects);
}

static void test_refused_counters(void **state) {
    (void)state;
    reset();
    server.refused_counter = 4;
    assert_true(run_simply(20, 1, false));
    assert_emitted(20, 1, NULL, 4);
    assert_string_equal(lost,
                        "vm-0: c.4 is refused: metricId; "
                        "vm-1: c.4 is refused, and no longer asked for of its like: metricId; ");
    int calls = server.calls;
    lost[0] = emitted[0] = '\0';
    assert_true(run_simply(20, 1, false)); /* the next round knows it */
    assert_emitted(20, 1, NULL, 4);
    assert_string_equal(lost, "");
    assert_int_equal(server.calls, calls + 1);
}

static void test_silence(void **state) {
    struct batches_order order;
    struct error error = {0};
    (void)state;
    reset();
    server.limit = 100;
    server.silent = true;
    assert_true(run_simply(64, 1, false));
    assert_emitted(64, 1, NULL, 0);
    reset();
    server.limit = 1;
    server.silent = server.dead = true;
    assert_false(run(64, 1, false, &order, &error));
    assert_int_equal(error.kind, ERROR_TIMEOUT);
    assert_int_equal(server.calls, 1);
}

static void test_interval_that_nobody_keeps(void **state) {
    struct batches_order order;
    struct error error = {0};
    (void)state;
    reset();
    server.interval = "A specified parameter was not correct: interval";
    assert_true(run(8, 1, false, &order, &error)); /* in real time, each is refused for itself */
    assert_true(strstr(lost, "vm-7: A specified") != NULL);
    reset();
    server.interval = "A specified parameter was not correct: interval";
    asked_interval = 300;
    assert_false(run(8, 1, false, &order, &error));
    assert_true(strstr(error.message, "keeps no samples of 300 s") != NULL);
    assert_true(server.calls < 12);
}

/* Nothing of a round that breaks is emitted twice, and nothing is missing, once it goes on. */
static void test_rounds_that_break(void **state) {
    (void)state;
    for (size_t limit = 2; limit < 60; limit += 3)
        for (int fails_at = 1; fails_at < 40; fails_at++) {
            reset();
            server.limit = limit;
            limits_lower(&limits, limit);
            server.fails_at = fails_at;
            bool good = run_simply(12, 2, true);
            assert_int_equal(good, server.calls < fails_at);
            server.fails_at = 0;
            if (!good)
                assert_true(run_simply(12, 2, true));
            assert_emitted(12, 1, NULL, 0);
            assert_true(run_simply(12, 2, true));
            assert_emitted(12, 1, NULL, 0);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_entities),           cmocka_unit_test(test_lost_entities),
        cmocka_unit_test(test_refused_counters),           cmocka_unit_test(test_silence),
        cmocka_unit_test(test_interval_that_nobody_keeps), cmocka_unit_test(test_rounds_that_break),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
