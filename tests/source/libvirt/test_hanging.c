/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Polls of a libvirt that hangs: each round ends in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "source/libvirt/fake.h"

/* The test driver answers at once: what takes longer hangs, or was told to be slow. */
static const struct poller_limits impatient = {
    .late_ns = 100000000,
    .hung_ns = 500000000,
    .deadline_ns = 3000000000,
};

static const struct sample_wish wish = {.groups = SAMPLE_GUESTS};

/* It has to end in time. */
static struct snapshot *hanging_round(struct poller *poller, struct error *error) {
    int64_t start_ns = clock_now_ns();
    struct snapshot *snapshot = poller_round(poller, &wish, &impatient, error);
    double seconds = (double)(clock_now_ns() - start_ns) / 1e9;
    if (seconds > 3.1)
        fail_msg("took %.2f s", seconds);
    assert_in_range(fake_living(), 0, 2);
    return snapshot;
}

/* T8: the first call hangs; on the second connection the guest is busy, and left out. */
static void test_hanging_guest(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(5000, ACT_HANG, ACT_PARTIAL);
    struct snapshot *snapshot = hanging_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(snapshot->count, 2);
    assert_int_equal(fake_blocked(snapshot), 1);
    assert_int_equal(snapshot->guests[0].blocked + snapshot->guests[1].blocked, 1);
    assert_int_equal(fake->opened, 2);
    snapshot_free(snapshot);

    /* From then on it costs no time, and no connection. */
    snapshot = hanging_round(&poller, &error);
    assert_int_equal(fake_blocked(snapshot), 1);
    assert_int_equal(snapshot->guests[snapshot->guests[1].blocked].blocked_ms, 5000);
    assert_int_equal(fake->opened, 2);
    assert_int_equal(fake_living(), 1);
    snapshot_free(snapshot);
    poller_done(&poller);
    assert_int_equal(fake_living(), 0);
}

/* Two guests hang at once: each holds up one connection. */
static void test_two_hanging_guests(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(5000, ACT_HANG, ACT_HANG, ACT_PARTIAL);
    struct snapshot *snapshot = hanging_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(fake->opened, 3);
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* Much to do, nobody hangs: the call is waited for, and nothing is missing. */
static void test_slow_daemon(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(10, ACT_SLOW, ACT_FULL);
    struct snapshot *snapshot = hanging_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(fake_blocked(snapshot), 0);
    assert_int_equal(fake->calls, 1);
    assert_true(snapshot->duration_ns >= FAKE_SLOW_MS * 1000000LL);
    snapshot_free(snapshot);

    /* The connection that has the guests' facts stays, the other one goes when it is idle. */
    int first = fake->pids[0];
    for (int i = 0; i < 2; i++)
        snapshot_free(fake_round(&poller, &error));
    assert_int_equal(fake_living(), 1);
    assert_int_equal(kill(first, 0), 0);
    assert_int_equal(fake->descriptions, 2);
    poller_done(&poller);
}

/* An answer that comes after its round is dropped, and its connection is kept. */
static void test_answer_after_the_round(void **state) {
    static const struct poller_limits hasty = {100000000, 200000000, 300000000};
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(10, ACT_FULL, ACT_SLOW, ACT_FULL);
    snapshot_free(fake_round(&poller, &error));
    assert_null(poller_round(&poller, &wish, &hasty, &error));
    assert_int_equal(error.kind, ERROR_TIMEOUT);
    error_clear(&error);
    struct snapshot *snapshot = fake_round(&poller, &error);
    assert_non_null(snapshot);
    assert_true(snapshot->duration_ns < FAKE_SLOW_MS * 1000000LL);
    assert_int_equal(fake->calls, 3);
    assert_int_equal(kill(fake->pids[0], 0), 0);
    assert_int_equal(fake->descriptions, 2);
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* Where nobody looks after hanging guests, what hangs for very long is given up. */
static void test_silent_for_long(void **state) {
    static const struct poller_limits hasty = {50000000, 100000000, 1000000000};
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_FULL, ACT_HANG, ACT_FULL);
    snapshot_free(fake_round(&poller, &error));
    int first = fake->pids[0];
    for (int i = 0; i < 2; i++) {
        assert_null(poller_round(&poller, &wish, &hasty, &error));
        error_clear(&error);
    }
    assert_int_equal(fake->calls, 2);
    struct snapshot *snapshot = poller_round(&poller, &wish, &hasty, &error);
    assert_non_null(snapshot);
    assert_int_equal(kill(first, 0), -1);
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* A guest that is left out because it is busy for a moment answers when it is asked again. */
static void test_busy_guest(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(10, ACT_PARTIAL, ACT_FULL);
    struct snapshot *snapshot = fake_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(fake_blocked(snapshot), 0);
    assert_int_equal(fake->calls, 2);
    assert_int_equal(fake->opened, 1);
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* Calls that are in each other's way: what one lacks is taken from the other. */
static void test_parts(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(10, ACT_PARTIAL, ACT_OTHERS);
    struct snapshot *snapshot = fake_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(snapshot->count, 2);
    assert_int_equal(fake_blocked(snapshot), 0);
    assert_true(snapshot->guests[0].time_ns != snapshot->guests[1].time_ns);
    assert_int_equal(fake->calls, 2);
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* A guest that is left out because it is being shut off ends. */
static void test_ending_guest(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(10, ACT_PARTIAL, ACT_OFF);
    struct snapshot *snapshot = fake_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(snapshot->count, 1);
    assert_int_equal(fake_blocked(snapshot), 0);
    assert_int_equal(fake->calls, 2);
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* Left out each time, though never for long: there is an end to asking. */
static void test_never_idle(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(10, ACT_PARTIAL);
    struct snapshot *snapshot = hanging_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(fake_blocked(snapshot), 1);
    assert_int_equal(snapshot->guests[snapshot->guests[1].blocked].blocked_ms, 10);
    assert_in_range(fake->calls, 2, 4);
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* A guest that took long to answer, but did: its full record is better than a part of it. */
static void test_late_answer(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    const struct poller_limits waiting = {100000000, 5000000000, 6000000000};
    (void)state;

    SCRIPT(200, ACT_SLOW, ACT_PARTIAL);
    struct snapshot *snapshot = poller_round(&poller, &wish, &waiting, &error);
    assert_non_null(snapshot);
    assert_in_range(fake->calls, 2, 4);
    assert_int_equal(fake_blocked(snapshot), 0);
    snapshot_free(snapshot);
    poller_done(&poller);
}

static void test_everything_hangs(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(5000, ACT_HANG);
    assert_null(hanging_round(&poller, &error));
    assert_int_equal(error.kind, ERROR_TIMEOUT);
    assert_string_equal(error.message, "no statistics within 3 s");
    assert_in_range(fake->opened, 3, 8);

    /* The next round begins anew. */
    error_clear(&error);
    SCRIPT(5000, ACT_FULL);
    struct snapshot *snapshot = hanging_round(&poller, &error);
    assert_non_null(snapshot);
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* Without control information nobody knows whether a guest hangs: no second poll. */
static void test_no_control_information(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(-1, ACT_HANG, ACT_FULL);
    assert_null(hanging_round(&poller, &error));
    assert_int_equal(fake->calls, 1);
    assert_int_equal(fake->looks, 1);
    assert_int_equal(fake->opened, 2);
    poller_done(&poller);
}

/* Before 4.5 there is no NOWAIT: a guest that hangs is looked for before each call. */
static void test_old_daemon(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_OLD);
    struct snapshot *snapshot = fake_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(snapshot->count, 2);
    assert_int_equal(fake->calls, 2);
    assert_int_equal(fake->nowaits, 1);
    snapshot_free(snapshot);
    snapshot = fake_round(&poller, &error);
    assert_int_equal(fake->calls, 3);
    assert_int_equal(fake->nowaits, 1);
    snapshot_free(snapshot);

    SCRIPT(5000, ACT_HANG);
    snapshot = hanging_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(snapshot->count, 0);
    assert_int_equal(snapshot->failure_count, 2);
    assert_string_equal(snapshot->failures[0].error.message, "QEMU does not answer libvirt");
    snapshot_free(snapshot);

    /* So it stays while it hangs, and for some polls more; then one call does for all again. */
    for (int i = 0; i < 12; i++) {
        snapshot = fake_round(&poller, &error);
        assert_int_equal(snapshot->failure_count, 2);
        snapshot_free(snapshot);
    }
    fake->occupied = 0;
    fake->acts[0] = ACT_OLD;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(fake->calls, 1);
        snapshot_free(fake_round(&poller, &error));
    }
    snapshot = fake_round(&poller, &error);
    assert_int_equal(fake->calls, 3);
    assert_int_equal(snapshot->count, 2);
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* The daemon stops before the connection is closed: the program ends all the same. */
static void test_hanging_close(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_FULL);
    snapshot_free(fake_round(&poller, &error));
    fake->close_hangs = true;
    int64_t start_ns = clock_now_ns();
    poller_done(&poller);
    assert_in_range(clock_now_ns() - start_ns, 1, 3000000000);
    assert_int_equal(fake_living(), 0);
}

static struct inventory *list_guests(struct poller *poller, struct error *error) {
    struct record answer;
    if (!poller_call(poller, message_new(MESSAGE_INVENTORY), "cannot list", &answer, error))
        return NULL;
    struct inventory *inventory = inventory_read(&answer);
    assert_true(record_done(&answer));
    return inventory;
}

/* While a poll hangs, other requests go another way, and the poll may still answer. */
static void test_call_beside_a_poll(void **state) {
    static const struct poller_limits hasty = {100000000, 200000000, 300000000};
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(10, ACT_FULL, ACT_HANG, ACT_FULL);
    snapshot_free(fake_round(&poller, &error));
    assert_null(poller_round(&poller, &wish, &hasty, &error));
    error_clear(&error);
    struct inventory *inventory = list_guests(&poller, &error);
    assert_non_null(inventory);
    assert_int_equal(inventory->count, 4);
    inventory_free(inventory);
    assert_int_equal(kill(fake->pids[0], 0), 0);
    assert_int_equal(fake_living(), 2);
    poller_done(&poller);
}

/* A daemon that takes connections and says nothing: an error in time, and no process is left. */
static void test_hanging_connect(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_FULL);
    fake->open_hangs = true;
    poller.timeout_ns = 300000000;
    assert_false(poller_connect(&poller, &error));
    assert_int_equal(error.kind, ERROR_TIMEOUT);
    assert_string_equal(error.message, "cannot connect: no answer in time");
    assert_int_equal(fake_living(), 0);
    poller_done(&poller);
}

/* A late answer that nobody reads while another helper is waited for keeps no CPU busy: the clock
 * would stand still.
 */
static void test_idle_wait(void **state) {
    static const struct poller_limits hasty = {10000000000, 10000000000, 50000000};
    struct poller poller = fake_poller();
    struct record answer;
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_FULL, ACT_SLOW);
    snapshot_free(fake_round(&poller, &error));
    assert_null(poller_round(&poller, &wish, &hasty, &error));
    poller.timeout_ns = 3LL * FAKE_SLOW_MS * 1000000;
    fake->open_hangs = true;
    error_clear(&error);
    assert_false(poller_call(&poller, message_new(MESSAGE_INVENTORY), "list", &answer, &error));
    assert_int_equal(error.kind, ERROR_TIMEOUT);
    poller_done(&poller);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hanging_guest),    cmocka_unit_test(test_two_hanging_guests),
        cmocka_unit_test(test_slow_daemon),      cmocka_unit_test(test_answer_after_the_round),
        cmocka_unit_test(test_silent_for_long),  cmocka_unit_test(test_late_answer),
        cmocka_unit_test(test_busy_guest),       cmocka_unit_test(test_parts),
        cmocka_unit_test(test_ending_guest),     cmocka_unit_test(test_never_idle),
        cmocka_unit_test(test_everything_hangs), cmocka_unit_test(test_no_control_information),
        cmocka_unit_test(test_old_daemon),       cmocka_unit_test(test_hanging_close),
        cmocka_unit_test(test_hanging_connect),  cmocka_unit_test(test_call_beside_a_poll),
        cmocka_unit_test(test_idle_wait),
    };
    return cmocka_run_group_tests(tests, fake_simulate, NULL);
}
