/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The rules R4 to R10 of the mapping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/libvirt/helper/params.h"
#include "source/libvirt/recorded.h"

static const int64_t second_ns = 1000000000;

/* File systems: each, and all of them together when all tell what is used. */
static void test_filesystems(void **state) {
    struct guest_sample sample;
    struct values values;
    (void)state;

    made_sample(&sample, 0,
                "state.state 1\nfs.count 2\nfs.0.name \"vda1\"\nfs.0.mountpoint \"/\"\n"
                "fs.0.total-bytes 4096\nfs.0.used-bytes 1025\nfs.1.mountpoint \"/boot\"\n"
                "fs.1.total-bytes 2048\n");
    values_of(&values, NULL, &sample, 20);
    assert_int_equal(values_get(&values, "guestDisk.capacity.latest", "/"), 4);
    assert_int_equal(values_get(&values, "guestDisk.free.latest", "/"), 2);
    assert_int_equal(values_get(&values, "guestDisk.capacity.latest", "/boot"), 2);
    assert_int_equal(values_get(&values, "guestDisk.capacity.latest", ""), 6);
    assert_int_equal(values_get(&values, "guestDisk.free.latest", "/boot"), ABSENT);
    assert_int_equal(values_get(&values, "guestDisk.free.latest", ""), ABSENT);
    sample_done(&sample);
}

/* R4: the first poll gives what is true of a moment, and nothing else. */
static void test_first_poll(void **state) {
    struct guest_sample sample;
    struct values values;
    (void)state;

    recorded_load(&sample, "final-b");
    values_of(&values, NULL, &sample, 20);
    values_no_rates(&values);
    sample_done(&sample);
}

/* R4, R5: a disk and a NIC came, and another NIC has become smaller. */
static void test_device_hotplug(void **state) {
    struct guest_sample before, now;
    struct values values;
    (void)state;

    made_sample(&before, 0,
                "block.0.name \"vda\"\nblock.0.rd.bytes 0\n"
                "net.count 1\nnet.0.name \"vnet0\"\nnet.0.rx.bytes 9000\n");
    made_sample(&now, second_ns,
                "block.0.name \"vda\"\nblock.0.rd.bytes 10240\n"
                "block.1.name \"vdb\"\nblock.1.rd.bytes 102400000\n"
                "net.count 2\nnet.0.name \"vnet0\"\nnet.0.rx.bytes 90\n"
                "net.1.name \"vnet1\"\nnet.1.rx.bytes 4096\n");
    values_of(&values, &before, &now, 1);
    assert_int_equal(values_get(&values, "virtualDisk.read.average", "vda"), 10);
    assert_int_equal(values_get(&values, "virtualDisk.read.average", "vdb"), ABSENT);
    assert_int_equal(values_get(&values, "virtualDisk.read.average", ""), ABSENT);
    assert_int_equal(values_get(&values, "disk.read.average", ""), ABSENT);
    assert_int_equal(values_count(&values, "net.received.average"), 0);
    assert_int_equal(values_get(&values, "kvm.netRxBytes.latest", ""), 4186);

    /* Unplugged again: what it did until then is not known. */
    values_of(&values, &now, &before, 1);
    assert_int_equal(values_count(&values, "virtualDisk.read.average"), 0);
    sample_done(&before);
    sample_done(&now);
}

/* R5: another image under the name of an old one is another disk. */
static void test_other_image(void **state) {
    struct guest_sample before, now;
    struct values values;
    (void)state;

    made_sample(&before, 0, "block.0.name \"vdb\"\nblock.0.path \"/a\"\nblock.0.rd.bytes 10\n");
    made_sample(&now, second_ns,
                "block.0.name \"vdb\"\nblock.0.path \"/b\"\nblock.0.rd.bytes 102410\n");
    values_of(&values, &before, &now, 1);
    assert_int_equal(values_count(&values, "virtualDisk.read.average"), 0);
    sample_done(&before);
    sample_done(&now);
}

/* R6: NICs without statistics (user networking, passed-through) leave no sum over all. */
static void test_silent_nic(void **state) {
    struct guest_sample before, now;
    struct values values;
    (void)state;

    made_sample(&before, 0, "net.count 2\nnet.1.name \"vnet1\"\nnet.1.rx.bytes 0\n");
    made_sample(&now, second_ns, "net.count 2\nnet.1.name \"vnet1\"\nnet.1.rx.bytes 1024\n");
    values_of(&values, &before, &now, 1);
    assert_int_equal(values_get(&values, "net.received.average", "vnet1"), 1);
    assert_int_equal(values_get(&values, "net.received.average", ""), ABSENT);
    assert_int_equal(values_get(&values, "kvm.netRxBytes.latest", ""), ABSENT);
    sample_done(&before);
    sample_done(&now);
}

/* R6: a missing parameter is absent; one that did not move is 0. */
static void test_missing_and_idle(void **state) {
    struct guest_sample before, now;
    struct values values;
    (void)state;

    made_sample(&before, 0, "block.0.name \"vda\"\nblock.0.rd.bytes 7\nblock.0.wr.bytes 7\n");
    made_sample(&now, second_ns, "block.0.name \"vda\"\nblock.0.rd.bytes 7\n");
    values_of(&values, &before, &now, 1);
    assert_int_equal(values_get(&values, "virtualDisk.read.average", "vda"), 0);
    assert_int_equal(values_get(&values, "virtualDisk.write.average", "vda"), ABSENT);
    assert_int_equal(values_get(&values, "disk.usage.average", ""), ABSENT);
    assert_int_equal(values_get(&values, "virtualDisk.readOIO.latest", "vda"), ABSENT);
    assert_int_equal(values_count(&values, "net.received.average"), 0);
    sample_done(&before);
    sample_done(&now);
}

/*
 * R8: a call that takes much longer than the one before has numbers of other moments (one of 35 s
 * those of its beginning and of its end). Nor is it a baseline.
 */
static void test_slow_call(void **state) {
    struct guest_sample before, now;
    struct values values;
    (void)state;

    recorded_load(&before, "final-a");
    recorded_load(&now, "final-b");
    before.duration_ns = 0;
    now.duration_ns = 1001 * second_ns / 1000;
    values_of(&values, &before, &now, 10);
    assert_true(values_count(&values, "cpu.usage.average"));
    now.duration_ns = 1004 * second_ns / 1000;
    values_of(&values, &before, &now, 10);
    values_no_rates(&values);
    before.duration_ns = 35 * second_ns;
    values_of(&values, &before, &now, 10);
    values_no_rates(&values);
    sample_done(&before);
    sample_done(&now);
}

/* R9: with a poll lost in between, a sum would be that of two intervals. */
static void test_lost_poll(void **state) {
    struct guest_sample before, now;
    struct values values;
    (void)state;

    recorded_load(&before, "final-a");
    recorded_load(&now, "final-b");
    values_of(&values, &before, &now, 5);
    values_no_rates(&values);
    values_of(&values, &before, &now, 21);
    values_no_rates(&values);
    values_of(&values, &before, &now, 9);
    assert_true(values_count(&values, "cpu.usage.average"));
    sample_done(&before);
    sample_done(&now);
}

/* R10: 100 Gbit/s over 20 s, and a counter near the end of its range. */
static void test_huge_numbers(void **state) {
    struct guest_sample before, now;
    struct values values;
    (void)state;

    made_sample(&before, 0,
                "net.0.name \"vnet0\"\nnet.0.rx.bytes 9223372036854775000\nnet.0.tx.bytes 0\n");
    made_sample(&now, 20 * second_ns,
                "net.0.name \"vnet0\"\nnet.0.rx.bytes 9223372036854775807\n"
                "net.0.tx.bytes 250000000000\n");
    values_of(&values, &before, &now, 20);
    assert_int_equal(values_get(&values, "net.transmitted.average", "vnet0"), 12207031);
    assert_int_equal(values_get(&values, "net.received.average", "vnet0"), 0);
    sample_done(&before);
    sample_done(&now);

    /* What is too large for 64 bits is no number. */
    made_sample(&before, 0, "block.0.name \"vda\"\nblock.0.rd.reqs 0\n");
    made_sample(&now, second_ns / 2, "block.0.name \"vda\"\nblock.0.rd.reqs 9223372036854775807\n");
    values_of(&values, &before, &now, 1);
    assert_int_equal(values_count(&values, "virtualDisk.numberReadAveraged.average"), 0);
    assert_int_equal(values_count(&values, "kvm.diskReadRequests.latest"), 2);
    sample_done(&before);
    sample_done(&now);
}

/* R10: one getter for all types; what is negative, too large or text is no number. */
static void test_types(void **state) {
    virTypedParameterPtr list = NULL;
    int count = 0;
    int room = 0;
    static const int64_t expected[] = {7,      ABSENT, 4294967295, 9, ABSENT, 11,
                                       ABSENT, 2,      ABSENT,     1, ABSENT};
    (void)state;

    assert_int_equal(virInitialize(), 0);
    virTypedParamsAddInt(&list, &count, &room, "a", 7);
    virTypedParamsAddInt(&list, &count, &room, "b", -1);
    virTypedParamsAddUInt(&list, &count, &room, "c", 4294967295U);
    virTypedParamsAddLLong(&list, &count, &room, "d", 9);
    virTypedParamsAddLLong(&list, &count, &room, "e", -1);
    virTypedParamsAddULLong(&list, &count, &room, "f", 11);
    virTypedParamsAddULLong(&list, &count, &room, "g", 18446744073709551615ULL);
    virTypedParamsAddDouble(&list, &count, &room, "h", 2.9);
    virTypedParamsAddDouble(&list, &count, &room, "i", 1e300);
    virTypedParamsAddBoolean(&list, &count, &room, "j", 1);
    virTypedParamsAddString(&list, &count, &room, "k", "5");
    for (int i = 0; i < count; i++)
        assert_int_equal(params_number(&list[i]), expected[i]);
    virTypedParamsFree(list, count);
}

/* Names that are not ours, or malformed, do no harm. */
static void test_strange_names(void **state) {
    struct guest_sample sample;
    (void)state;

    made_sample(
        &sample, 0,
        "block.count 2\nblock.x.name \"a\"\nblock.-1.name \"b\"\nblock.99999999.name \"c\"\n"
        "block.0 1\nblock.0.name 5\nnet. 1\nvcpu..time 5\nblock.1.rd.reqs 5\n"
        "vcpu.7.time 5\nperf.cmt 5\n");
    assert_int_equal(sample.devices[DEVICE_DISK].count, 0);
    assert_int_equal(sample.devices[DEVICE_NIC].count, 0);
    assert_int_equal(sample.devices[DEVICE_VCPU].count, 1);
    assert_string_equal(sample.devices[DEVICE_VCPU].items[0].name, "7");
    sample_done(&sample);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_poll),     cmocka_unit_test(test_filesystems),
        cmocka_unit_test(test_device_hotplug), cmocka_unit_test(test_other_image),
        cmocka_unit_test(test_silent_nic),     cmocka_unit_test(test_missing_and_idle),
        cmocka_unit_test(test_slow_call),      cmocka_unit_test(test_lost_poll),
        cmocka_unit_test(test_huge_numbers),   cmocka_unit_test(test_types),
        cmocka_unit_test(test_strange_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
