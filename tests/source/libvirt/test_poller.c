/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Polls of a libvirt that answers, fails, or lacks a call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "core/clock.h"
#include "source/libvirt/fake.h"

static void test_one_call_a_poll(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_FULL);
    for (int i = 0; i < 3; i++) {
        struct snapshot *snapshot = fake_round(&poller, &error);
        assert_non_null(snapshot);
        assert_int_equal(snapshot->count, 2);
        assert_int_equal(fake_blocked(snapshot), 0);
        assert_true(snapshot->guests[0].one_call);
        assert_int_equal(snapshot->guests[0].time_ns, snapshot->guests[1].time_ns);
        assert_int_equal(snapshot->guests[0].time_ns, snapshot->time_ns);
        snapshot_free(snapshot);
    }
    assert_int_equal(fake->calls, 3);
    assert_int_equal(fake->nowaits, 3);
    assert_int_equal(fake->opened, 1);
    poller_done(&poller);
}

/* T2: what libvirt says of a guest that is shut off is its own CPU time. */
static void test_shut_off(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_OFF);
    struct snapshot *snapshot = fake_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(snapshot->count, 1);
    assert_int_equal(snapshot->failure_count, 0);
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* One guest fails the call for all: then each is asked by itself. */
static void test_failing_guest(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_FAIL);
    struct snapshot *snapshot = fake_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(snapshot->count, 1);
    assert_string_equal(snapshot->guests[0].name, "running, \"quoted\"");
    assert_int_equal(snapshot->guests[0].values[GUEST_RSS], 100);
    assert_int_equal(snapshot->failure_count, 1);
    assert_non_null(strstr(snapshot->failures[0].error.message, "this one is broken"));
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* No bulk call at all: calls for each guest, and the bulk call is not tried again. */
static void test_no_bulk(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_NO_BULK);
    for (int i = 0; i < 2; i++) {
        struct snapshot *snapshot = fake_round(&poller, &error);
        assert_non_null(snapshot);
        assert_int_equal(snapshot->count, 2);
        assert_false(snapshot->guests[0].one_call);
        assert_int_equal(fake_blocked(snapshot), 0);
        assert_true(snapshot->guests[0].values[GUEST_CPU_TIME] > 0);
        assert_int_equal(snapshot->guests[0].devices[DEVICE_DISK].count, 2);
        snapshot_free(snapshot);
    }
    assert_int_equal(fake->calls, 1);
    poller_done(&poller);
}

/* The file systems of the guest that has an agent, after so many calls of it. */
static void check_agent(struct poller *poller, size_t count, int asked) {
    struct error error = {0};
    struct snapshot *snapshot = fake_round(poller, &error);
    assert_non_null(snapshot);
    const struct device_list *systems = &snapshot->guests[0].devices[DEVICE_FILESYSTEM];
    assert_int_equal(systems->count, count);
    assert_int_equal(snapshot->guests[1].devices[DEVICE_FILESYSTEM].count, 0);
    assert_int_equal(fake->agent_asked, asked);
    if (count) {
        assert_string_equal(systems->items[0].name, "/");
        assert_int_equal(systems->items[0].values[FILESYSTEM_TOTAL], 10240000);
        assert_int_equal(systems->items[0].values[FILESYSTEM_USED], 1024000);
        assert_int_equal(systems->items[1].values[FILESYSTEM_USED], ABSENT);
    }
    snapshot_free(snapshot);
}

/* It is asked once a minute, and its answer kept; one that gives none is left alone for longer. */
static void test_guest_agent(void **state) {
    (void)state;
    for (int answers = 0; answers < 2; answers++) {
        struct poller poller = fake_poller();
        SCRIPT(0, ACT_FULL);
        fake->agent_answers = answers;
        check_agent(&poller, answers ? 2 : 0, 1);
        check_agent(&poller, answers ? 2 : 0, 1);
        poller_done(&poller);
    }
}

/* The disks' read times of a round, which only BlockStatsFlags knows, and the calls of it so far.
 */
static void assert_flags(struct poller *poller, int times, int calls) {
    struct error error = {0};
    int found = 0;
    struct snapshot *snapshot = fake_round(poller, &error);
    assert_non_null(snapshot);
    for (size_t i = 0; i < snapshot->count; i++) {
        const struct device_list *disks = &snapshot->guests[i].devices[DEVICE_DISK];
        for (size_t j = 0; j < disks->count; j++)
            found += disks->items[j].values[DISK_READ_TIMES] == 7;
    }
    assert_int_equal(found, times);
    assert_int_equal(fake->flags_calls, calls);
    snapshot_free(snapshot);
}

/* A disk that is unplugged at the wrong moment costs its own values; a call that cannot, all. */
static void test_failing_disk(void **state) {
    struct poller poller = fake_poller();
    (void)state;

    SCRIPT(0, ACT_NO_BULK);
    fake->flags_code = VIR_ERR_OPERATION_INVALID;
    fake->flags_fail = 1;
    assert_flags(&poller, 1, 2);
    assert_flags(&poller, 2, 4);
    poller_done(&poller);

    poller = fake_poller();
    SCRIPT(0, ACT_NO_BULK);
    fake->flags_code = VIR_ERR_INVALID_ARG;
    fake->flags_fail = 1;
    assert_flags(&poller, 0, 1);
    assert_flags(&poller, 0, 1);
    poller_done(&poller);
}

/* Descriptions are read again once a minute where nothing else tells of new devices. */
static void test_descriptions(void **state) {
    static const struct poller_limits patient = {10000000000, 10000000000, 20000000000};
    static const struct sample_wish cpu = {.groups = SAMPLE_CPU};
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    fake_simulate(NULL);
    SCRIPT(0, ACT_NO_BULK);
    fake->xen = true;
    for (int i = 0; i < 3; i++)
        snapshot_free(poller_round(&poller, &cpu, &patient, &error));
    snapshot_free(fake_round(&poller, &error));
    assert_int_equal(fake->descriptions, 2);
    fake_wait_until(clock_boot_ns() + 61000000000);
    snapshot_free(fake_round(&poller, &error));
    assert_int_equal(fake->descriptions, 4);
    poller_done(&poller);
    fake->simulated = false;
}

/* The daemon was restarted: a new connection, and the round is not lost. */
static void test_reconnect(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_FULL, ACT_DEAD, ACT_FULL);
    for (int i = 0; i < 2; i++) {
        struct snapshot *snapshot = fake_round(&poller, &error);
        assert_non_null(snapshot);
        assert_int_equal(snapshot->count, 2);
        snapshot_free(snapshot);
    }
    assert_int_equal(fake->opened, 2);
    poller_done(&poller);
}

/* libvirt ends its process: ours goes on, with a new one. */
static void test_crash(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_CRASH, ACT_FULL);
    struct snapshot *snapshot = fake_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(fake->opened, 2);
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* What nobody wants is not asked for; memory tells whether QEMU answered for disks. */
static void test_groups(void **state) {
    static const struct poller_limits patient = {4000000000, 4000000000, 20000000000};
    static const struct {
        unsigned groups;
        unsigned stats;
    } rows[] = {
        {0, 0},
        {SAMPLE_CPU, 0},
        {SAMPLE_NIC, VIR_DOMAIN_STATS_INTERFACE},
        {SAMPLE_BALLOON, VIR_DOMAIN_STATS_BALLOON},
        {SAMPLE_VCPU, VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_BALLOON},
        {SAMPLE_DISK, VIR_DOMAIN_STATS_BLOCK | VIR_DOMAIN_STATS_BALLOON},
        {SAMPLE_GUESTS, VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_BALLOON |
                            VIR_DOMAIN_STATS_INTERFACE | VIR_DOMAIN_STATS_BLOCK},
    };
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(5000, ACT_PARTIAL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct sample_wish wish = {.groups = rows[i].groups};
        struct snapshot *snapshot = poller_round(&poller, &wish, &patient, &error);
        assert_non_null(snapshot);
        assert_int_equal(fake->groups,
                         rows[i].stats | VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL);
        assert_int_equal(fake_blocked(snapshot), (rows[i].stats & VIR_DOMAIN_STATS_BALLOON) != 0);
        snapshot_free(snapshot);
    }
    poller_done(&poller);
}

/* What is known of guests that are no more is dropped. */
static void test_forgotten_facts(void **state) {
    static const int descriptions[] = {2, 2, 3};
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;

    SCRIPT(0, ACT_FULL, ACT_GONE, ACT_FULL);
    for (size_t i = 0; i < sizeof descriptions / sizeof descriptions[0]; i++) {
        snapshot_free(fake_round(&poller, &error));
        assert_int_equal(fake->descriptions, descriptions[i]);
    }
    poller_done(&poller);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descriptions),    cmocka_unit_test(test_one_call_a_poll),
        cmocka_unit_test(test_shut_off),        cmocka_unit_test(test_failing_guest),
        cmocka_unit_test(test_no_bulk),         cmocka_unit_test(test_guest_agent),
        cmocka_unit_test(test_failing_disk),    cmocka_unit_test(test_reconnect),
        cmocka_unit_test(test_crash),           cmocka_unit_test(test_groups),
        cmocka_unit_test(test_forgotten_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
