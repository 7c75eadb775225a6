/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The model follows clocks that are off, set, or faster, and is not misled by slow calls. */
#include "source/vsphere/session/server_clock.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const int64_t ms = 1000000, second = 1000000000;
static const int64_t epoch = INT64_C(1700000000) * 1000000000;

/* A server whose clock was right at our zero. */
struct server {
    double rate;
    int64_t offset_ns;
    int64_t resolution_ns;
};

static int64_t time_of(const struct server *server, int64_t our_ns) {
    return epoch + server->offset_ns + (int64_t)((double)our_ns * server->rate);
}

/*
 * A call at our_ns that takes some time; the server looks at its clock when most of it is over.
 * Returns by how many seconds the clock was set back.
 */
static int64_t read_clock(struct server_clock *clock, const struct server *server, int64_t our_ns,
                          int64_t takes_ns) {
    int64_t told = time_of(server, our_ns + takes_ns * 3 / 4);
    const struct server_reading reading = {.before_ns = our_ns,
                                           .after_ns = our_ns + takes_ns,
                                           .server_ns = told - told % server->resolution_ns,
                                           .resolution_ns = server->resolution_ns};
    int64_t seconds = server_clock_set_back(clock, &reading);
    server_clock_learn(clock, &reading);
    return seconds;
}

static int64_t wrong_by(const struct server_clock *clock, const struct server *server,
                        int64_t our_ns) {
    return llabs(server_clock_at(clock, our_ns) - time_of(server, our_ns));
}

static void test_offset(void **state) {
    const struct server server = {1, -3600 * second, second};
    struct server_clock clock = {0};
    (void)state;
    read_clock(&clock, &server, 5 * second, 20 * ms);
    assert_true(clock.known);
    assert_true(wrong_by(&clock, &server, 65 * second) <= second);
    int64_t theirs = server_clock_at(&clock, 77 * second);
    assert_true(llabs(server_clock_ours(&clock, theirs) - 77 * second) < ms);
}

static void test_rates(void **state) {
    static const double rates[] = {1, 1.05, 2, 60, 600, 0.5};
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        const struct server server = {rates[i], 0, ms};
        struct server_clock clock = {0};
        read_clock(&clock, &server, 0, ms);
        read_clock(&clock, &server, 300 * ms, ms);
        bool usual = fabs(rates[i] - 1) < 0.1;
        assert_int_equal(server_clock_settled(&clock), usual);
        assert_true(clock.rate == 1);
        read_clock(&clock, &server, 700 * ms, ms);
        assert_true(server_clock_settled(&clock));
        assert_true(fabs(clock.rate / (usual ? 1 : rates[i]) - 1) < 0.05);
    }
}

/* A clock of whole seconds tells no rate in so short a time. */
static void test_coarse_clock(void **state) {
    const struct server server = {1, 0, second};
    struct server_clock clock = {0};
    (void)state;
    for (int i = 0; i < 200; i++) {
        read_clock(&clock, &server, i * 313 * ms, 2 * ms);
        assert_int_equal(server_clock_settled(&clock), i * 313 >= 20000);
        assert_true(clock.rate == 1);
        assert_true(wrong_by(&clock, &server, i * 313 * ms) <= second);
    }
}

static void test_slow_calls_tell_no_rate(void **state) {
    const struct server server = {1, 0, ms};
    struct server_clock clock = {0};
    (void)state;
    read_clock(&clock, &server, 0, 5 * second);
    read_clock(&clock, &server, 6 * second, ms);
    assert_false(server_clock_settled(&clock));
    assert_true(clock.doubt == 0);
    assert_true(wrong_by(&clock, &server, 7 * second) < 10 * ms);
}

/* The first call is slow, as it makes the connection. */
static void test_a_quick_call_replaces_a_slow_one(void **state) {
    const struct server server = {60, 0, ms};
    struct server_clock clock = {0};
    (void)state;
    read_clock(&clock, &server, 0, 500 * ms);
    for (int i = 0; i < 4; i++)
        read_clock(&clock, &server, second + i * 100 * ms, ms);
    assert_true(server_clock_settled(&clock));
    assert_true(fabs(clock.rate / 60 - 1) < 0.05);
}

static void test_clock_is_set(void **state) {
    static const int64_t steps[] = {3600, -3600, 40, -40, -70};
    static const int64_t told[] = {0, 3600, 0, 0, 70}; /* an earlier time is no doubt */
    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct server server = {1, 0, ms};
        struct server_clock clock = {0};
        assert_int_equal(read_clock(&clock, &server, 0, ms), 0);
        assert_int_equal(read_clock(&clock, &server, 60 * second, ms), 0);
        server.offset_ns += steps[i] * second;
        assert_int_equal(read_clock(&clock, &server, 120 * second, ms), told[i]);
        assert_true(wrong_by(&clock, &server, 121 * second) < 10 * ms);
        read_clock(&clock, &server, 180 * second, ms);
        assert_true(server_clock_settled(&clock));
        assert_true(clock.rate == 1);
        assert_true(wrong_by(&clock, &server, 200 * second) < 10 * ms);
    }
}

static void test_clock_stands_still(void **state) {
    const struct server server = {0, 0, ms};
    struct server_clock clock = {0};
    (void)state;
    for (int i = 0; i < 5; i++)
        read_clock(&clock, &server, i * second, ms);
    assert_true(clock.doubt == 0);
    assert_true(clock.rate == 1);
}

static void test_rate_changes(void **state) {
    struct server server = {1, 0, ms};
    struct server_clock clock = {0};
    (void)state;
    read_clock(&clock, &server, 0, ms);
    read_clock(&clock, &server, 10 * second, ms);
    server = (struct server){60, -590 * second, ms};
    for (int i = 0; i < 3; i++)
        read_clock(&clock, &server, (11 + i) * second, ms);
    assert_true(fabs(clock.rate - 60) < 1);
    server = (struct server){1, (13 * 60 - 590 - 13) * second, ms};
    for (int i = 0; i < 3; i++)
        read_clock(&clock, &server, (14 + i) * second, ms);
    assert_true(clock.rate == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offset),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_coarse_clock),
        cmocka_unit_test(test_slow_calls_tell_no_rate),
        cmocka_unit_test(test_a_quick_call_replaces_a_slow_one),
        cmocka_unit_test(test_clock_is_set),
        cmocka_unit_test(test_clock_stands_still),
        cmocka_unit_test(test_rate_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
