/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What is known of an entity lives as long as the entity. */
#include "source/vsphere/query/tracked.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_same_entity_same_record(void **state) {
    struct tracking tracking = {0};
    char id[] = "vm-1";
    (void)state;
    struct tracked *first = tracking_of(&tracking, id);
    first->offered = true;
    assert_ptr_equal(tracking_of(&tracking, "vm-1"), first);
    id[3] = '2'; /* the table has its own copy */
    assert_ptr_not_equal(tracking_of(&tracking, id), first);
    assert_int_not_equal(tracking_of(&tracking, id)->number, first->number);
    tracking_done(&tracking);
}

static void test_what_is_gone_is_forgotten(void **state) {
    struct tracking tracking = {0};
    (void)state;
    tracking_of(&tracking, "vm-1")->offered = true;
    uint32_t number = tracking_of(&tracking, "vm-2")->number;
    tracking_sweep(&tracking);
    assert_true(tracking_of(&tracking, "vm-1")->offered);
    tracking_sweep(&tracking);
    assert_int_equal(HASH_COUNT(tracking.all), 1);
    tracking_sweep(&tracking);
    assert_int_equal(HASH_COUNT(tracking.all), 0);
    assert_false(tracking_of(&tracking, "vm-1")->offered);
    assert_true(tracking_of(&tracking, "vm-2")->number > number); /* never used again */
    tracking_done(&tracking);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_entity_same_record),
        cmocka_unit_test(test_what_is_gone_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
