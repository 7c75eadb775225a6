/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The traps of the mapping: what cannot be known is absent, and never negative, huge or wrong. T2,
 * T8 and T15 concern calls as well: test_poller.c; T6 and T7: test_reports.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/libvirt/recorded.h"

static const int64_t second_ns = 1000000000;

/* A pair of recorded samples, with the time between them as the interval. */
static void recorded_pair(struct values *values, const char *first, const char *second) {
    struct guest_sample before, now;

    recorded_load(&before, first);
    recorded_load(&now, second);
    sample_judge_report(&before, NULL);
    sample_judge_report(&now, before.id == now.id ? &before : NULL);
    int64_t seconds = (now.time_ns - before.time_ns + second_ns / 2) / second_ns;
    values_of(values, &before, &now, seconds > 0 ? seconds : 1);
    sample_done(&before);
    sample_done(&now);
}

/* T1: destroyed and started: the id changed, CPU time fell, and so nothing is a rate. */
static void test_restart(void **state) {
    struct values values;
    (void)state;
    recorded_pair(&values, "before-destroy", "after-restart");
    values_no_rates(&values);
}

/* R5: the id is no proof. With the same id, CPU time that fell is. */
static void test_restart_with_same_id(void **state) {
    struct guest_sample before, now;
    struct values values;
    (void)state;

    recorded_load(&before, "before-destroy");
    recorded_load(&now, "after-restart");
    now.id = before.id;
    now.time_ns = before.time_ns + 5 * second_ns;
    /* A new QEMU may have read more than the old one. */
    struct device *disk = &now.devices[DEVICE_DISK].items[0];
    disk->values[DISK_READ_BYTES] =
        before.devices[DEVICE_DISK].items[0].values[DISK_READ_BYTES] * 2;
    values_of(&values, &before, &now, 5);
    values_no_rates(&values);
    sample_done(&before);
    sample_done(&now);
}

/* T1: a reboot keeps id and CPU time; only what the new system counts anew has no value. */
static void test_reboot(void **state) {
    struct guest_sample before, now;
    struct values values;
    (void)state;

    made_sample(&before, 0,
                "cpu.time 5000\nvcpu.current 1\nballoon.last-update 1795289995\n"
                "balloon.available 223128\nballoon.swap_out 46892\nballoon.minor_fault 62274\n"
                "balloon.swap_in 10\n");
    made_sample(&now, 10 * second_ns,
                "cpu.time 6000000000\nvcpu.current 1\nballoon.last-update 1795290005\n"
                "balloon.available 223128\nballoon.swap_out 0\nballoon.minor_fault 5584\n"
                "balloon.swap_in 110\n");
    before.report_clock = now.report_clock = REPORT_LOCAL;
    values_of(&values, &before, &now, 10);
    assert_int_equal(values_get(&values, "cpu.usage.average", ""), 5999);
    assert_int_equal(values_get(&values, "kvm.guestSwapOutRate.average", ""), ABSENT);
    assert_int_equal(values_get(&values, "kvm.guestMinorFaults.summation", ""), ABSENT);
    assert_int_equal(values_get(&values, "kvm.guestSwapInRate.average", ""), 10);
    assert_int_equal(values_get(&values, "kvm.guestSwapOut.latest", ""), 0);
    sample_done(&before);
    sample_done(&now);
}

/* T3: a vCPU came. What divides by their number has no value, nor has a sum over all of them. */
static void test_vcpu_hotplug(void **state) {
    struct values values;
    (void)state;

    recorded_pair(&values, "two-vcpus", "three-vcpus");
    assert_int_equal(values_count(&values, "cpu.usage.average"), 0);
    assert_int_equal(values_get(&values, "cpu.readiness.average", ""), ABSENT);
    assert_int_equal(values_get(&values, "cpu.wait.summation", ""), ABSENT);
    assert_int_equal(values_get(&values, "cpu.run.summation", ""), ABSENT);
    assert_int_equal(values_get(&values, "cpu.system.summation", ""), ABSENT);
    assert_int_equal(values_get(&values, "cpu.run.summation", "2"), ABSENT);
    assert_true(values_get(&values, "cpu.run.summation", "0") > 0);
    assert_true(values_get(&values, "cpu.readiness.average", "1") > 0);
    assert_true(values_get(&values, "cpu.used.summation", "") > 0);
    assert_int_equal(values_get(&values, "cpu.corecount.provisioned.average", ""), 3);

    recorded_pair(&values, "three-vcpus", "three-vcpus+5s");
    assert_true(values_get(&values, "cpu.usage.average", "") > 0);
    assert_int_equal(values_count(&values, "cpu.run.summation"), 4);
}

/* T3: vCPU numbers can have gaps. */
static void test_sparse_vcpus(void **state) {
    struct guest_sample before, now;
    struct values values;
    (void)state;

    made_sample(&before, 0, "vcpu.current 2\nvcpu.0.time 0\nvcpu.2.time 0\n");
    made_sample(&now, 10 * second_ns,
                "vcpu.current 2\nvcpu.0.time 1000000000\nvcpu.2.time 3000000000\n");
    values_of(&values, &before, &now, 10);
    assert_int_equal(values_get(&values, "cpu.run.summation", "0"), 1000);
    assert_int_equal(values_get(&values, "cpu.run.summation", "2"), 3000);
    assert_int_equal(values_get(&values, "cpu.run.summation", "1"), ABSENT);
    assert_int_equal(values_get(&values, "cpu.run.summation", ""), 4000);
    /* R6: without cpu.time the vCPUs' own. */
    assert_int_equal(values_get(&values, "cpu.usage.average", ""), 2000);
    sample_done(&before);
    sample_done(&now);
}

/* T4: more than 100 % is legal, and a paused guest is not at 0. */
static void test_more_than_everything(void **state) {
    struct guest_sample before, now;
    struct values values;
    (void)state;

    made_sample(&before, 0, "state.state 1\ncpu.time 0\nvcpu.current 1\nvcpu.0.time 0\n");
    made_sample(&now, second_ns,
                "state.state 1\ncpu.time 1250000000\nvcpu.current 1\nvcpu.0.time 1260000000\n");
    values_of(&values, &before, &now, 1);
    assert_int_equal(values_get(&values, "cpu.usage.average", ""), 12500);
    /* T13: ticks of 10 ms can exceed the whole: the rest is 0, not negative. */
    assert_int_equal(values_get(&values, "cpu.system.summation", ""), 0);
    sample_done(&before);
    sample_done(&now);

    recorded_pair(&values, "suspended-1", "suspended-2");
    assert_int_equal(values_get(&values, "cpu.usage.average", ""), 11);
    assert_int_equal(values_get(&values, "cpu.run.summation", ""), 0);
    assert_int_equal(values_get(&values, "cpu.wait.summation", ""), ABSENT);
    assert_int_equal(values_get(&values, "kvm.state.latest", ""), 3);

    /* It was resumed in between: how long it waited is not known. */
    made_sample(&before, 0, "state.state 3\nvcpu.current 1\nvcpu.0.time 0\nvcpu.0.delay 0\n");
    made_sample(&now, second_ns, "state.state 1\nvcpu.current 1\nvcpu.0.time 9\nvcpu.0.delay 9\n");
    values_of(&values, &before, &now, 1);
    assert_int_equal(values_count(&values, "cpu.wait.summation"), 0);
    assert_int_equal(values_get(&values, "cpu.run.summation", ""), 0);
    sample_done(&before);
    sample_done(&now);
}

/* A vCPU that ran and was ready for longer than the interval did not wait. */
static void test_wait_is_not_negative(void **state) {
    struct guest_sample before, now;
    struct values values;
    (void)state;

    made_sample(&before, 0, "state.state 1\nvcpu.current 1\nvcpu.0.time 0\nvcpu.0.delay 0\n");
    made_sample(&now, second_ns,
                "state.state 1\nvcpu.current 1\nvcpu.0.time 1010000000\nvcpu.0.delay 1\n");
    values_of(&values, &before, &now, 1);
    assert_int_equal(values_get(&values, "cpu.wait.summation", "0"), 0);
    assert_int_equal(values_get(&values, "cpu.wait.summation", ""), 0);
    sample_done(&before);
    sample_done(&now);
}

/* T5: vcpu.N.wait is not read. A kernel without scheduler statistics shows as a delay of 0. */
static void test_no_scheduler_statistics(void **state) {
    struct guest_sample before, now;
    struct values values;
    (void)state;

    made_sample(&before, 0,
                "state.state 1\nvcpu.current 1\nvcpu.0.time 5000000000\nvcpu.0.wait 0\n"
                "vcpu.0.delay 0\n");
    made_sample(&now, 10 * second_ns,
                "state.state 1\nvcpu.current 1\nvcpu.0.time 9000000000\nvcpu.0.wait 7000000000\n"
                "vcpu.0.delay 0\n");
    values_of(&values, &before, &now, 10);
    assert_int_equal(values_count(&values, "cpu.ready.summation"), 0);
    assert_int_equal(values_count(&values, "cpu.readiness.average"), 0);
    assert_int_equal(values_count(&values, "cpu.wait.summation"), 0);
    assert_int_equal(values_get(&values, "cpu.run.summation", ""), 4000);
    sample_done(&before);
    sample_done(&now);
}

/* T8: a half-empty record: what QEMU's monitor knows is absent, the rest is there. */
static void test_half_empty_record(void **state) {
    struct guest_sample before, now;
    struct values values;
    (void)state;

    recorded_load(&before, "final-a");
    made_sample(&now, before.time_ns + 10 * second_ns,
                "state.state 1\ncpu.time 103632442000\ncpu.user 1\ncpu.system 2\n"
                "balloon.current 262144\nballoon.maximum 262144\nvcpu.current 3\n"
                "vcpu.0.time 41720000000\nvcpu.0.delay 13429442242\n"
                "vcpu.1.time 42620000000\nvcpu.1.delay 13207507732\n"
                "vcpu.2.time 13350000000\nvcpu.2.delay 4207576201\n"
                "net.count 1\nnet.0.name \"rstap0\"\nnet.0.rx.bytes 936\nnet.0.rx.pkts 12\n"
                "net.0.tx.bytes 1662\nnet.0.tx.pkts 21\n"
                "block.count 1\nblock.0.name \"vda\"\n"
                "block.0.path \"/var/lib/libvirt/images/top.qcow2\"\nblock.0.backingIndex 4\n");
    values_of(&values, &before, &now, 10);
    assert_true(values_get(&values, "cpu.usage.average", "") > 0);
    assert_int_equal(values_get(&values, "cpu.ready.summation", ""), 762);
    assert_int_equal(values_get(&values, "net.received.average", ""), 0);
    assert_int_equal(values_get(&values, "mem.vmmemctl.average", ""), 0);
    assert_int_equal(values_count(&values, "virtualDisk.read.average"), 0);
    assert_int_equal(values_count(&values, "disk.usage.average"), 0);
    assert_int_equal(values_count(&values, "disk.provisioned.latest"), 0);
    assert_int_equal(values_count(&values, "mem.usage.average"), 0);
    assert_int_equal(values_count(&values, "mem.consumed.average"), 0);
    assert_int_equal(values_count(&values, "kvm.diskReadBytes.latest"), 0);
    sample_done(&before);
    sample_done(&now);
}

/* T9, T10: two layers of one disk are one disk; capacity is not added up, space is. */
static void test_backing_chain(void **state) {
    struct guest_sample sample;
    struct values values;
    struct guest_facts *facts = facts_parse(recorded_xml);
    (void)state;

    made_sample(&sample, 0,
                "block.count 3\nblock.0.name \"vda\"\nblock.0.path \"/top\"\n"
                "block.0.backingIndex 1\nblock.0.rd.reqs 7\nblock.0.rd.bytes 7168\n"
                "block.0.capacity 67108864\nblock.0.allocation 9999\nblock.0.physical 1318912\n"
                "block.1.name \"vda\"\nblock.1.path \"/base\"\nblock.1.backingIndex 2\n"
                "block.1.capacity 67108864\nblock.1.physical 2097152\n"
                "block.2.name \"vdb\"\nblock.2.rd.reqs 1\nblock.2.capacity 1048576\n"
                "block.2.physical 4096\n");
    assert_int_equal(sample.devices[DEVICE_DISK].count, 2);
    assert_int_equal(sample.devices[DEVICE_DISK].items[0].values[DISK_CHAIN], 3416064);
    /* As it is done: the layers below are asked for once, and then added to each sample. */
    facts->disks[0].lower_bytes = ABSENT;
    facts_learn_layers(facts, &sample);
    assert_int_equal(facts->disks[0].lower_bytes, 2097152);
    facts_apply(facts, &sample);
    values_of(&values, NULL, &sample, 20);
    assert_int_equal(values_get(&values, "disk.provisioned.latest", ""), 66560);
    assert_int_equal(values_get(&values, "disk.used.latest", "vda"), 3336);
    assert_int_equal(values_get(&values, "disk.used.latest", ""), 3340);
    assert_int_equal(values_get(&values, "disk.unshared.latest", "vda"), 1288);
    assert_int_equal(values_get(&values, "kvm.diskPhysical.latest", "vda"), 1288);
    assert_int_equal(values_get(&values, "kvm.diskReadRequests.latest", "vda"), 7);
    sample_done(&sample);
    facts_free(facts);
}

/* T9: with a chain of unknown size, what is used is not known. */
static void test_unknown_chain(void **state) {
    struct guest_sample sample;
    struct values values;
    struct guest_facts *facts = facts_parse(recorded_xml);
    (void)state;

    recorded_raw(&sample, "final-b");
    sample_tidy(&sample);
    facts->disks[0].lower_bytes = ABSENT;
    facts_apply(facts, &sample);
    values_of(&values, NULL, &sample, 20);
    assert_int_equal(values_get(&values, "disk.used.latest", "vda"), ABSENT);
    assert_int_equal(values_get(&values, "disk.used.latest", ""), ABSENT);
    assert_int_equal(values_get(&values, "disk.unshared.latest", "vda"), 1288);
    sample_done(&sample);
    facts_free(facts);
}

/* T11: what other guests write to as well is not this guest's alone. */
static void test_shared_disk(void **state) {
    struct guest_sample sample;
    struct values values;
    struct guest_facts *facts = facts_parse(recorded_xml);
    (void)state;

    recorded_raw(&sample, "final-b");
    sample_tidy(&sample);
    facts->disks[2].shareable = true;
    facts_apply(facts, &sample);
    values_of(&values, NULL, &sample, 20);
    assert_int_equal(values_get(&values, "disk.unshared.latest", "vdc"), 0);
    assert_int_equal(values_get(&values, "disk.unshared.latest", ""), 1292);
    assert_int_equal(values_get(&values, "disk.used.latest", ""), 48192);
    sample_done(&sample);
    facts_free(facts);
}

/* T12: a CD-ROM, with an image in it too, is no disk. */
static void test_cdrom(void **state) {
    struct guest_sample sample;
    struct values values;
    struct guest_facts *facts = facts_parse(recorded_xml);
    (void)state;

    recorded_raw(&sample, "final-b");
    sample_tidy(&sample);
    assert_int_equal(sample.devices[DEVICE_DISK].count, 4);
    sample.devices[DEVICE_DISK].items[3].values[DISK_CAPACITY] = 4000000000;
    facts_apply(facts, &sample);
    assert_int_equal(sample.devices[DEVICE_DISK].count, 3);
    values_of(&values, NULL, &sample, 20);
    assert_int_equal(values_get(&values, "disk.provisioned.latest", ""), 360448);
    assert_int_equal(values_get(&values, "kvm.diskReadBytes.latest", "sda"), ABSENT);
    sample_done(&sample);
    facts_free(facts);
}

/* T16: huge pages are not in RSS. */
static void test_hugepages(void **state) {
    struct guest_facts *facts = facts_parse(recorded_xml);
    struct guest_sample sample;
    struct values values;
    (void)state;

    recorded_raw(&sample, "final-b");
    sample_tidy(&sample);
    facts->hugepages = true;
    facts_apply(facts, &sample);
    facts_free(facts);
    values_of(&values, NULL, &sample, 20);
    assert_int_equal(values_count(&values, "mem.consumed.average"), 0);
    assert_int_equal(values_count(&values, "mem.granted.average"), 0);
    assert_int_equal(values_get(&values, "kvm.memRss.average", ""), 445800);
    sample_done(&sample);
}

/* A daemon may list a guest's figures in another order, one device's among those of others. */
static void test_order(void **state) {
    struct guest_sample usual, other;
    (void)state;
    made_sample(&usual, 0,
                "cpu.time 5\nvcpu.current 2\nvcpu.0.time 1\nvcpu.0.delay 2\nvcpu.1.time 3\n"
                "net.0.name \"a\"\nnet.0.rx.bytes 4\nnet.1.name \"b\"\nnet.1.rx.bytes 5\n"
                "block.0.name \"vda\"\nblock.0.rd.reqs 6\nblock.0.physical 7\n");
    made_sample(&other, 0,
                "block.0.physical 7\nnet.1.rx.bytes 5\nvcpu.0.delay 2\nblock.0.name \"vda\"\n"
                "net.0.rx.bytes 4\nnet.1.name \"b\"\nblock.0.rd.reqs 6\nvcpu.1.time 3\n"
                "net.0.name \"a\"\nvcpu.0.time 1\nvcpu.current 2\ncpu.time 5\n");
    assert_memory_equal(usual.values, other.values, sizeof usual.values);
    for (int kind = 0; kind < DEVICE_KINDS; kind++) {
        const struct device_list *list = &usual.devices[kind];
        assert_int_equal(list->count, other.devices[kind].count);
        for (size_t i = 0; i < list->count; i++) {
            const struct device *same = sample_named(&other.devices[kind], list->items[i].name);
            assert_non_null(same);
            assert_memory_equal(list->items[i].values, same->values, sizeof same->values);
        }
    }
    assert_int_equal(usual.devices[DEVICE_NIC].items[1].values[NIC_RX_BYTES], 5);
    sample_done(&usual);
    sample_done(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_restart_with_same_id),
        cmocka_unit_test(test_reboot),
        cmocka_unit_test(test_vcpu_hotplug),
        cmocka_unit_test(test_sparse_vcpus),
        cmocka_unit_test(test_more_than_everything),
        cmocka_unit_test(test_wait_is_not_negative),
        cmocka_unit_test(test_no_scheduler_statistics),
        cmocka_unit_test(test_half_empty_record),
        cmocka_unit_test(test_backing_chain),
        cmocka_unit_test(test_unknown_chain),
        cmocka_unit_test(test_shared_disk),
        cmocka_unit_test(test_cdrom),
        cmocka_unit_test(test_hugepages),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
