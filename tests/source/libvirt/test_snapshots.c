/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Snapshots of guests: read at first, then now and then, and not in each poll. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/clock.h"
#include "source/libvirt/fake.h"

static const int64_t second_ns = 1000000000;

/* One round: number, bytes and age of the first guest's snapshots, and calls for those so far. */
static void check(struct poller *poller, const int64_t expected[3], int lists) {
    struct error error = {0};
    struct snapshot *snapshot = fake_round(poller, &error);
    assert_non_null(snapshot);
    const struct guest_sample *guest = &snapshot->guests[0];
    int64_t taken = guest->wall_seconds - guest->values[GUEST_SNAPSHOT_AGE];
    assert_int_equal(guest->values[GUEST_SNAPSHOT_COUNT], expected[0]);
    assert_int_equal(guest->values[GUEST_SNAPSHOT_BYTES], expected[1]);
    if (expected[2] == ABSENT)
        assert_int_equal(guest->values[GUEST_SNAPSHOT_AGE], ABSENT);
    else
        assert_int_equal(taken, expected[2]);
    assert_int_equal(fake->snapshot_lists, lists);
    snapshot_free(snapshot);
}

/* Of each guest one call, and then none until ten minutes have passed. */
static void test_renewal(void **state) {
    static const int64_t expected[] = {2, 1024 + 2048 + 8192, 1795262300};
    struct poller poller = fake_poller();
    (void)state;
    SCRIPT(0, ACT_FULL);
    check(&poller, expected, 2);
    for (int minutes = 0; minutes < 9; minutes++) {
        fake_wait_until(clock_boot_ns() + 60 * second_ns);
        check(&poller, expected, 2);
    }
    assert_int_equal(fake->calls, 10);
    fake_wait_until(clock_boot_ns() + 60 * second_ns);
    check(&poller, expected, 4);
    poller_done(&poller);
}

/* An image that the guest no longer uses is somewhere, and libvirt does not say how large. */
static void test_merged(void **state) {
    static const int64_t expected[] = {2, ABSENT, 1795262300};
    struct poller poller = fake_poller();
    (void)state;
    SCRIPT(0, ACT_FULL);
    fake->merged = true;
    check(&poller, expected, 2);
    poller_done(&poller);
}

/* A guest without any has none, of no size and no age. */
static void test_none(void **state) {
    struct poller poller = fake_poller();
    struct error error = {0};
    (void)state;
    SCRIPT(0, ACT_FULL);
    struct snapshot *snapshot = fake_round(&poller, &error);
    assert_non_null(snapshot);
    assert_int_equal(snapshot->guests[1].values[GUEST_SNAPSHOT_COUNT], 0);
    assert_int_equal(snapshot->guests[1].values[GUEST_SNAPSHOT_BYTES], 0);
    assert_int_equal(snapshot->guests[1].values[GUEST_SNAPSHOT_AGE], ABSENT);
    snapshot_free(snapshot);
    poller_done(&poller);
}

/* A driver without snapshots is asked once, and nothing is known. */
static void test_unsupported(void **state) {
    static const int64_t expected[] = {ABSENT, ABSENT, ABSENT};
    struct poller poller = fake_poller();
    (void)state;
    SCRIPT(0, ACT_NO_BULK);
    fake->xen = true;
    check(&poller, expected, 1);
    fake_wait_until(clock_boot_ns() + 1000 * second_ns);
    check(&poller, expected, 1);
    poller_done(&poller);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_renewal),
        cmocka_unit_test(test_merged),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_unsupported),
    };
    return cmocka_run_group_tests(tests, fake_simulate, NULL);
}
