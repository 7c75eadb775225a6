/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The traps T1 to T16 and the rules R1 to R10 of the mapping: what cannot be known is absent, and
 * never negative, huge or wrong. T8, T14 and T15 concern calls and are tested in test_libvirt.c,
 * test_poller.c and with real guests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "source/libvirt/params.h"
#include "source/libvirt/recorded.h"

static const int64_t second_ns = 1000000000;

/* Counters that need two samples, and one of the absolute ones for each group. */
static const char *const rates[] = {
    "cpu.usage.average",
    "cpu.usagemhz.average",
    "cpu.ready.summation",
    "cpu.readiness.average",
    "cpu.run.summation",
    "cpu.used.summation",
    "cpu.system.summation",
    "cpu.wait.summation",
    "net.received.average",
    "net.packetsTx.summation",
    "virtualDisk.read.average",
    "virtualDisk.readLatencyUS.latest",
    "virtualDisk.totalWriteLatency.average",
    "virtualDisk.writeOIO.latest",
    "disk.usage.average",
    "disk.maxTotalLatency.latest",
    "kvm.cpuUser.summation",
    "kvm.guestMinorFaults.summation",
    "kvm.flushAveraged.average",
};

static const char *const absolutes[] = {
    "cpu.corecount.provisioned.average",
    "mem.consumed.average",
    "disk.provisioned.latest",
    "kvm.cpuTime.latest",
    "kvm.netRxBytes.latest",
};

static void no_rates(const struct values *values) {
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        if (values_count(values, rates[i]))
            fail_msg("%s has a value", rates[i]);
    }
    for (size_t i = 0; i < sizeof absolutes / sizeof absolutes[0]; i++) {
        if (!values_count(values, absolutes[i]))
            fail_msg("%s has no value", absolutes[i]);
    }
}

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
    no_rates(&values);
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
    no_rates(&values);
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
    struct guest_sample sample;
    struct values values;
    (void)state;

    recorded_load(&sample, "final-b");
    sample.hugepages = true;
    values_of(&values, NULL, &sample, 20);
    assert_int_equal(values_count(&values, "mem.consumed.average"), 0);
    assert_int_equal(values_count(&values, "mem.granted.average"), 0);
    assert_int_equal(values_get(&values, "kvm.memRss.average", ""), 445800);
    sample_done(&sample);
}

/* R4: the first poll gives what is true of a moment, and nothing else. */
static void test_first_poll(void **state) {
    struct guest_sample sample;
    struct values values;
    (void)state;

    recorded_load(&sample, "final-b");
    values_of(&values, NULL, &sample, 20);
    no_rates(&values);
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

/* R8: a call of 35 s has numbers of its beginning and of its end. Nor is it a baseline. */
static void test_slow_call(void **state) {
    struct guest_sample before, now;
    struct values values;
    (void)state;

    recorded_load(&before, "final-a");
    recorded_load(&now, "final-b");
    now.duration_ns = 1001 * second_ns / 1000;
    values_of(&values, &before, &now, 10);
    assert_true(values_count(&values, "cpu.usage.average"));
    now.duration_ns = 1004 * second_ns / 1000;
    values_of(&values, &before, &now, 10);
    no_rates(&values);
    now.duration_ns = 0;
    before.duration_ns = 35 * second_ns;
    values_of(&values, &before, &now, 10);
    no_rates(&values);
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
    no_rates(&values);
    values_of(&values, &before, &now, 21);
    no_rates(&values);
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
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_restart_with_same_id),
        cmocka_unit_test(test_reboot),
        cmocka_unit_test(test_vcpu_hotplug),
        cmocka_unit_test(test_sparse_vcpus),
        cmocka_unit_test(test_more_than_everything),
        cmocka_unit_test(test_wait_is_not_negative),
        cmocka_unit_test(test_no_scheduler_statistics),
        cmocka_unit_test(test_stale_reports),
        cmocka_unit_test(test_long_period),
        cmocka_unit_test(test_remote_reports),
        cmocka_unit_test(test_remote_without_period),
        cmocka_unit_test(test_driver_without_reports),
        cmocka_unit_test(test_reports_between_polls),
        cmocka_unit_test(test_usable_of_windows),
        cmocka_unit_test(test_half_empty_record),
        cmocka_unit_test(test_backing_chain),
        cmocka_unit_test(test_unknown_chain),
        cmocka_unit_test(test_shared_disk),
        cmocka_unit_test(test_cdrom),
        cmocka_unit_test(test_hugepages),
        cmocka_unit_test(test_first_poll),
        cmocka_unit_test(test_device_hotplug),
        cmocka_unit_test(test_other_image),
        cmocka_unit_test(test_silent_nic),
        cmocka_unit_test(test_missing_and_idle),
        cmocka_unit_test(test_slow_call),
        cmocka_unit_test(test_lost_poll),
        cmocka_unit_test(test_huge_numbers),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_strange_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
