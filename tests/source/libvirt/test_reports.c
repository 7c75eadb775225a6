/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Traps T6 and T7 of the mapping: memory reports of guests that are stale, or lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/libvirt/recorded.h"

static const int64_t second_ns = 1000000000;

static bool has_report(const struct guest_sample *sample) {
    struct values values;
    values_of(&values, NULL, sample, 20);
    bool has = values_count(&values, "mem.usage.average") > 0;
    assert_int_equal(values_count(&values, "kvm.memUsed.average"), has);
    assert_int_equal(values_count(&values, "kvm.memAvailable.average"), has);
    assert_int_equal(values_count(&values, "kvm.guestSwapIn.latest"), has);
    /* What QEMU itself knows is never stale. */
    assert_int_equal(values_get(&values, "kvm.memCurrent.average", ""), 262144);
    return has;
}

/* T6: the four states of balloon statistics, by the host's clock. */
static void test_stale_reports(void **state) {
    static const struct {
        const char *record;
        int64_t period;
        bool fresh;
    } rows[] = {
        {"booting", 0, false},    /* (a) no driver yet: last-update is 0 */
        {"booted", 0, true},      /* (b) asked once, 3 s ago */
        {"stale", 0, false},      /* (b) and 59 s later: 60 s is the limit ... */
        {"period-set", 2, true},  /* (c) */
        {"suspended-2", 2, true}, /* (d) frozen 7 s ago */
        {"no-period", 0, true},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct guest_sample sample;
        recorded_load(&sample, rows[i].record);
        sample.report_period = rows[i].period;
        /* ... so this one is looked at two seconds later. */
        sample.wall_seconds += strcmp(rows[i].record, "stale") == 0 ? 2 : 0;
        sample_judge_report(&sample, NULL);
        if (has_report(&sample) != rows[i].fresh)
            fail_msg("%s", rows[i].record);
        sample_done(&sample);
    }
}

/* T6: three periods are the limit when they are longer than 60 s. */
static void test_long_period(void **state) {
    struct guest_sample sample;
    (void)state;

    recorded_load(&sample, "final-b");
    sample.report_period = 300;
    sample.wall_seconds += 900;
    sample_judge_report(&sample, NULL);
    assert_true(has_report(&sample));
    assert_int_equal(sample.values[GUEST_REPORT_AGE], 900);
    sample.wall_seconds++;
    sample_judge_report(&sample, NULL);
    assert_false(has_report(&sample));
    sample_done(&sample);
}

/* T6, remote: clocks may differ by hours, so a report is fresh as long as it advances. */
static void test_remote_reports(void **state) {
    struct guest_sample first, second, third;
    (void)state;

    recorded_load(&first, "final-a");
    recorded_load(&second, "final-b");
    recorded_load(&third, "final-b");
    first.report_clock = second.report_clock = third.report_clock = REPORT_REMOTE;
    first.wall_seconds = second.wall_seconds = third.wall_seconds = 1795290459 - 7200;
    sample_judge_report(&first, NULL);
    assert_true(has_report(&first));
    assert_int_equal(first.values[GUEST_REPORT_AGE], ABSENT);
    sample_judge_report(&second, &first);
    assert_true(has_report(&second));
    third.time_ns = second.time_ns + 60 * second_ns;
    sample_judge_report(&third, &second);
    assert_true(has_report(&third));
    third.time_ns = second.time_ns + 61 * second_ns;
    sample_judge_report(&third, &second);
    assert_false(has_report(&third));
    sample_done(&first);
    sample_done(&second);
    sample_done(&third);
}

/* T6, remote: without a period nobody asks the guest again, so only an advance is proof. */
static void test_remote_without_period(void **state) {
    struct guest_sample first, second;
    (void)state;

    recorded_load(&first, "final-a");
    first.report_clock = REPORT_REMOTE;
    first.report_period = 0;
    sample_judge_report(&first, NULL);
    assert_false(has_report(&first));
    recorded_load(&second, "final-b");
    second.report_clock = REPORT_REMOTE;
    second.report_period = 0;
    sample_judge_report(&second, &first);
    assert_true(has_report(&second));
    sample_done(&first);
    sample_done(&second);
}

/* T6: the test driver's reports are of 1989 for ever, and are meant. */
static void test_driver_without_reports(void **state) {
    struct guest_sample sample;
    (void)state;

    recorded_load(&sample, "final-b");
    sample.report_clock = REPORT_ALWAYS_FRESH;
    sample.values[GUEST_LAST_UPDATE] = 627319920;
    sample_judge_report(&sample, NULL);
    assert_true(has_report(&sample));
    assert_int_equal(sample.values[GUEST_REPORT_AGE], ABSENT);
    sample_done(&sample);
}

/*
 * Deviation from section 5: between two polls a second apart lies one report of ten seconds, or
 * none. Divided by the time between the polls, 1000 KiB in 10 s would be 1000 KiB/s; they are 100.
 */
static void test_reports_between_polls(void **state) {
    struct guest_sample before, now;
    struct values values;
    (void)state;

    made_sample(&before, 0,
                "balloon.last-update 1795289990\nballoon.available 1000\nballoon.swap_in 5000\n"
                "balloon.major_fault 7\n");
    made_sample(&now, second_ns,
                "balloon.last-update 1795290000\nballoon.available 1000\nballoon.swap_in 6000\n"
                "balloon.major_fault 9\n");
    before.report_clock = now.report_clock = REPORT_LOCAL;
    values_of(&values, &before, &now, 1);
    assert_int_equal(values_get(&values, "kvm.guestSwapInRate.average", ""), 100);
    assert_int_equal(values_get(&values, "kvm.guestMajorFaults.summation", ""), 2);
    now.values[GUEST_LAST_UPDATE] = before.values[GUEST_LAST_UPDATE];
    values_of(&values, &before, &now, 1);
    assert_int_equal(values_get(&values, "kvm.guestSwapInRate.average", ""), ABSENT);
    assert_int_equal(values_get(&values, "kvm.guestMajorFaults.summation", ""), ABSENT);
    sample_done(&before);
    sample_done(&now);
}

/* T7: old Windows drivers report terabytes as usable: unused takes its place. */
static void test_usable_of_windows(void **state) {
    struct guest_sample sample;
    struct values values;
    (void)state;

    made_sample(&sample, 0,
                "balloon.available 4193848\nballoon.unused 1048462\nballoon.usable 137438953344\n");
    values_of(&values, NULL, &sample, 20);
    assert_int_equal(values_get(&values, "mem.usage.average", ""), 7500);
    assert_int_equal(values_get(&values, "kvm.memUsable.average", ""), ABSENT);
    sample_done(&sample);

    made_sample(&sample, 0, "balloon.unused 5\nballoon.usable 5\n");
    values_of(&values, NULL, &sample, 20);
    assert_int_equal(values_get(&values, "mem.usage.average", ""), ABSENT);
    sample_done(&sample);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stale_reports),          cmocka_unit_test(test_long_period),
        cmocka_unit_test(test_remote_reports),         cmocka_unit_test(test_remote_without_period),
        cmocka_unit_test(test_driver_without_reports), cmocka_unit_test(test_reports_between_polls),
        cmocka_unit_test(test_usable_of_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
