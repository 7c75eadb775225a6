/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Each formula against numbers computed by hand: the worked checks of the mapping (section 9), and
 * rows of our own where those have none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/libvirt/counters/counters.h"
#include "source/libvirt/recorded.h"

struct expected {
    const char *counter;
    const char *instance;
    int64_t value;
};

static void check(const struct values *values, const struct expected *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        int64_t value = values_get(values, rows[i].counter, rows[i].instance);
        if (value != rows[i].value)
            fail_msg("%s[%s] is %lld, not %lld", rows[i].counter, rows[i].instance,
                     (long long)value, (long long)rows[i].value);
    }
}

#define CHECK(values, rows) check(values, rows, sizeof(rows) / sizeof((rows)[0]))

/* Three vCPUs, ten times 1 MiB read and 1 MiB written in 64 KiB, dt = 10036695662 ns. */
static const struct expected scratch_guest[] = {
    {"cpu.usage.average", "", 770},
    {"cpu.usagemhz.average", "", 577},
    {"cpu.usagemhz.average", "0", 77},
    {"cpu.usagemhz.average", "1", 368},
    {"cpu.usagemhz.average", "2", 99},
    {"cpu.ready.summation", "", 762},
    {"cpu.ready.summation", "0", 279},
    {"cpu.ready.summation", "1", 247},
    {"cpu.ready.summation", "2", 235},
    {"cpu.readiness.average", "", 253},
    {"cpu.readiness.average", "0", 278},
    {"cpu.readiness.average", "1", 246},
    {"cpu.readiness.average", "2", 234},
    {"cpu.run.summation", "", 2190},
    {"cpu.run.summation", "0", 310},
    {"cpu.run.summation", "1", 1480},
    {"cpu.run.summation", "2", 400},
    {"cpu.used.summation", "", 2320},
    {"cpu.used.summation", "1", 1480},
    {"cpu.system.summation", "", 130},
    {"cpu.wait.summation", "", 27157},
    {"cpu.wait.summation", "0", 9447},
    {"cpu.wait.summation", "1", 8308},
    {"cpu.wait.summation", "2", 9401},
    {"cpu.idle.summation", "", ABSENT},
    {"cpu.corecount.provisioned.average", "", 3},
    {"mem.usage.average", "", 8056},
    {"mem.consumed.average", "", 262144},
    {"mem.granted.average", "", 262144},
    {"mem.vmmemctl.average", "", 0},
    {"net.received.average", "rstap0", 0},
    {"net.usage.average", "", 0},
    {"net.packetsRx.summation", "", 0},
    {"virtualDisk.read.average", "vda", 1020},
    {"virtualDisk.read.average", "vdb", 0},
    {"virtualDisk.read.average", "", 1020},
    {"virtualDisk.read.average", "sda", ABSENT},
    {"virtualDisk.write.average", "vda", 1020},
    {"virtualDisk.numberReadAveraged.average", "vda", 15},
    {"virtualDisk.numberWriteAveraged.average", "", 15},
    {"virtualDisk.totalReadLatency.average", "vda", 0},
    {"virtualDisk.totalWriteLatency.average", "vda", 0},
    {"virtualDisk.readLatencyUS.latest", "vda", 56},
    {"virtualDisk.readLatencyUS.latest", "vdb", 0},
    {"virtualDisk.readLatencyUS.latest", "", 56},
    {"virtualDisk.writeLatencyUS.latest", "vda", 74},
    {"virtualDisk.readIOSize.latest", "vda", 65536},
    {"virtualDisk.writeIOSize.latest", "", 65536},
    {"virtualDisk.readOIO.latest", "vda", 0},
    {"virtualDisk.writeOIO.latest", "", 0},
    {"disk.read.average", "", 1020},
    {"disk.write.average", "", 1020},
    {"disk.usage.average", "", 2040},
    {"disk.usage.average", "vda", ABSENT},
    {"disk.maxTotalLatency.latest", "", 0},
    {"disk.provisioned.latest", "", 360448},
    {"disk.provisioned.latest", "vda", 65536},
    {"disk.provisioned.latest", "vdc", 262144},
    {"disk.used.latest", "", 48192},
    {"disk.used.latest", "vda", 1288},
    {"disk.unshared.latest", "", 48192},
    {"sys.uptime.latest", "", ABSENT},
};

static void test_scratch_guest(void **state) {
    struct guest_sample before, now;
    struct values values;
    (void)state;

    recorded_load(&before, "final-a");
    recorded_load(&now, "final-b");
    values_of(&values, &before, &now, 10);
    CHECK(&values, scratch_guest);
    sample_done(&before);
    sample_done(&now);
}

/* The same two samples: what vSphere has no name for. */
static void test_native_counters(void **state) {
    static const struct expected rows[] = {
        {"kvm.state.latest", "", 1},
        {"kvm.cpuTime.latest", "", 103632},
        {"kvm.cpuUser.summation", "", 2291},
        {"kvm.cpuKernel.summation", "", 29},
        {"kvm.haltPoll.summation", "", 0},
        {"kvm.exits.summation", "", ABSENT},
        {"kvm.vcpuMaximum.latest", "", 3},
        {"kvm.memCurrent.average", "", 262144},
        {"kvm.memMaximum.average", "", 262144},
        {"kvm.memRss.average", "", 445800},
        {"kvm.memAvailable.average", "", 223128},
        {"kvm.memUnused.average", "", 39476},
        {"kvm.memUsable.average", "", 43376},
        {"kvm.memDiskCaches.average", "", 156092},
        {"kvm.balloonLastUpdate.latest", "", 1795290469},
        {"kvm.guestHugePageAllocations.latest", "", 0},
        {"kvm.guestHugePageFailures.latest", "", 0},
        {"kvm.memUsed.average", "", 183652},
        {"kvm.balloonAge.latest", "", 0},
        {"kvm.guestSwapIn.latest", "", 0},
        {"kvm.guestSwapOutRate.average", "", 0},
        {"kvm.guestMinorFaults.summation", "", 2488},
        {"kvm.guestMinorFaults.latest", "", 23596},
        {"kvm.guestMajorFaults.summation", "", 0},
        {"kvm.netRxBytes.latest", "rstap0", 936},
        {"kvm.netTxBytes.latest", "", 1662},
        {"kvm.netRxPackets.latest", "rstap0", 12},
        {"kvm.netTxPackets.latest", "rstap0", 21},
        {"kvm.netRxErrors.latest", "rstap0", 0},
        {"kvm.netTxErrors.latest", "", 0},
        {"kvm.netRxDrops.latest", "", 0},
        {"kvm.netTxDrops.latest", "rstap0", 0},
        {"kvm.diskReadBytes.latest", "vda", 319824896},
        {"kvm.diskWriteBytes.latest", "vda", 319815680},
        {"kvm.diskReadRequests.latest", "vda", 4884},
        {"kvm.diskWriteRequests.latest", "vda", 4880},
        {"kvm.diskErrors.latest", "vda", ABSENT},
        {"kvm.diskAllocation.latest", "vda", 1344},
        {"kvm.diskAllocation.latest", "", 48452},
        {"kvm.diskPhysical.latest", "vda", 1288},
        {"kvm.flushAveraged.average", "vda", 0},
        {"kvm.flushLatencyUS.latest", "vda", 1394},
        {"kvm.flushLatencyUS.latest", "vdb", 0},
    };
    struct guest_sample before, now;
    struct values values;
    (void)state;

    recorded_load(&before, "final-a");
    recorded_load(&now, "final-b");
    sample_judge_report(&before, NULL);
    sample_judge_report(&now, &before);
    values_of(&values, &before, &now, 10);
    CHECK(&values, rows);
    sample_done(&before);
    sample_done(&now);
}

/* The other worked check: one vCPU, dt = 10058089904 ns. */
static void test_emulated_guest(void **state) {
    static const struct expected rows[] = {
        {"cpu.usage.average", "", 6204},   {"cpu.usagemhz.average", "", 1550},
        {"cpu.run.summation", "0", 6120},  {"cpu.run.summation", "", 6120},
        {"cpu.ready.summation", "0", 41},  {"cpu.readiness.average", "", 41},
        {"cpu.wait.summation", "0", 3896}, {"cpu.system.summation", "", 120},
        {"cpu.used.summation", "", 6240},
    };
    struct guest_sample before, now;
    struct values values;
    (void)state;

    made_sample(&before, 1000000000000,
                "state.state 1\ncpu.time 831996135000\nvcpu.current 1\n"
                "vcpu.0.time 800000000000\nvcpu.0.delay 5000000000\n");
    made_sample(&now, 1000000000000 + 10058089904,
                "state.state 1\ncpu.time 838236175000\nvcpu.current 1\n"
                "vcpu.0.time 806120000000\nvcpu.0.delay 5041596982\n");
    values_of(&values, &before, &now, 10);
    CHECK(&values, rows);
    sample_done(&before);
    sample_done(&now);
}

/* Sums are formed before they are rounded: 1.5 + 1.5 KiB/s are 3, not 2. */
static void test_rounding(void **state) {
    static const struct expected rows[] = {
        {"net.received.average", "vnet0", 1},
        {"net.received.average", "vnet1", 1},
        {"net.received.average", "", 3},
        {"net.bytesRx.average", "", 3},
        {"net.transmitted.average", "vnet0", 0},
        {"net.transmitted.average", "", 1},
        {"net.bytesTx.average", "vnet1", 0},
        {"net.usage.average", "vnet0", 2},
        {"net.usage.average", "", 4},
        {"net.packetsRx.summation", "", 7},
        {"net.packetsTx.summation", "vnet1", 2},
        {"net.droppedRx.summation", "vnet0", 1},
        {"net.droppedTx.summation", "", 5},
        {"net.errorsRx.summation", "", 2},
        {"net.errorsTx.summation", "vnet0", 3},
    };
    struct guest_sample before, now;
    struct values values;
    (void)state;

    made_sample(&before, 0,
                "net.count 2\nnet.0.name \"vnet0\"\nnet.0.rx.bytes 0\nnet.0.tx.bytes 0\n"
                "net.0.rx.pkts 0\nnet.0.tx.pkts 0\nnet.0.rx.drop 0\nnet.0.tx.drop 0\n"
                "net.0.rx.errs 0\nnet.0.tx.errs 0\n"
                "net.1.name \"vnet1\"\nnet.1.rx.bytes 100\nnet.1.tx.bytes 100\n"
                "net.1.rx.pkts 1\nnet.1.tx.pkts 1\nnet.1.rx.drop 0\nnet.1.tx.drop 0\n"
                "net.1.rx.errs 0\nnet.1.tx.errs 0\n");
    made_sample(&now, 2000000000,
                "net.count 2\nnet.0.name \"vnet0\"\nnet.0.rx.bytes 3072\nnet.0.tx.bytes 1024\n"
                "net.0.rx.pkts 3\nnet.0.tx.pkts 2\nnet.0.rx.drop 1\nnet.0.tx.drop 2\n"
                "net.0.rx.errs 2\nnet.0.tx.errs 3\n"
                "net.1.name \"vnet1\"\nnet.1.rx.bytes 3172\nnet.1.tx.bytes 1124\n"
                "net.1.rx.pkts 5\nnet.1.tx.pkts 3\nnet.1.rx.drop 0\nnet.1.tx.drop 3\n"
                "net.1.rx.errs 0\nnet.1.tx.errs 0\n");
    values_of(&values, &before, &now, 2);
    CHECK(&values, rows);
    sample_done(&before);
    sample_done(&now);
}

/* Slow disks, so that no number is 0: 3 reads of 4 ms, 1 of 9 ms; 2 writes of 5 ms. dt = 1 s. */
static void test_slow_disks(void **state) {
    static const struct expected rows[] = {
        {"virtualDisk.read.average", "vda", 12},
        {"virtualDisk.write.average", "vda", 8},
        {"virtualDisk.read.average", "", 76},
        {"virtualDisk.numberReadAveraged.average", "", 4},
        {"virtualDisk.totalReadLatency.average", "vda", 4},
        {"virtualDisk.totalReadLatency.average", "vdb", 9},
        {"virtualDisk.totalReadLatency.average", "", 5}, /* 21 ms / 4 */
        {"virtualDisk.readLatencyUS.latest", "", 5250},
        {"virtualDisk.totalWriteLatency.average", "vda", 5},
        {"virtualDisk.writeLatencyUS.latest", "vda", 5000},
        {"virtualDisk.readIOSize.latest", "", 19456}, /* 77824 / 4 */
        {"virtualDisk.writeIOSize.latest", "vda", 4096},
        {"virtualDisk.readOIO.latest", "vda", 0},
        {"virtualDisk.writeOIO.latest", "vdb", 3},
        {"virtualDisk.writeOIO.latest", "", 3},
        {"disk.read.average", "", 76},
        {"disk.write.average", "", 8},
        {"disk.usage.average", "", 84},
        {"disk.maxTotalLatency.latest", "", 3509}, /* vdb: (9 ms + 3.5 s) / 1 */
        {"kvm.diskErrors.latest", "vda", 2},
        {"kvm.flushAveraged.average", "vda", 2},
        {"kvm.flushLatencyUS.latest", "vda", 750},
    };
    struct guest_sample before, now;
    struct values values;
    (void)state;

    made_sample(&before, 0,
                "block.0.name \"vda\"\nblock.0.rd.reqs 0\nblock.0.rd.bytes 0\nblock.0.rd.times 0\n"
                "block.0.wr.reqs 0\nblock.0.wr.bytes 0\nblock.0.wr.times 0\n"
                "block.0.fl.reqs 0\nblock.0.fl.times 0\nblock.0.errors 2\n"
                "block.1.name \"vdb\"\nblock.1.rd.reqs 5\nblock.1.rd.bytes 5\nblock.1.rd.times 5\n"
                "block.1.wr.reqs 5\nblock.1.wr.bytes 5\nblock.1.wr.times 5\n");
    made_sample(&now, 1000000000,
                "block.0.name \"vda\"\nblock.0.rd.reqs 3\nblock.0.rd.bytes 12288\n"
                "block.0.rd.times 12000000\nblock.0.wr.reqs 2\nblock.0.wr.bytes 8192\n"
                "block.0.wr.times 10000000\nblock.0.fl.reqs 2\nblock.0.fl.times 1500000\n"
                "block.0.errors 2\n"
                "block.1.name \"vdb\"\nblock.1.rd.reqs 6\nblock.1.rd.bytes 65541\n"
                "block.1.rd.times 9000005\nblock.1.wr.reqs 5\nblock.1.wr.bytes 5\n"
                "block.1.wr.times 3500000005\n");
    values_of(&values, &before, &now, 1);
    CHECK(&values, rows);
    sample_done(&before);
    sample_done(&now);
}

/* What only KVM has: halts, exits and halt polling. */
static void test_kvm_only(void **state) {
    static const struct expected rows[] = {
        {"cpu.idle.summation", "0", 7000}, /* as halted */
        {"cpu.idle.summation", "1", 9500}, /* not more than it waited */
        {"cpu.idle.summation", "", 16500}, {"kvm.exits.summation", "0", 1234},
        {"kvm.exits.summation", "", 2234}, {"kvm.haltPoll.summation", "", 30},
    };
    struct guest_sample before, now;
    struct values values;
    (void)state;

    made_sample(&before, 0,
                "state.state 1\nvcpu.current 2\ncpu.haltpoll.success.time 0\n"
                "cpu.haltpoll.fail.time 5000000\n"
                "vcpu.0.time 0\nvcpu.0.delay 0\nvcpu.0.halt_wait_ns.sum 1\nvcpu.0.exits.sum 1\n"
                "vcpu.1.time 0\nvcpu.1.delay 0\nvcpu.1.halt_wait_ns.sum 1\nvcpu.1.exits.sum 0\n");
    made_sample(&now, 10000000000,
                "state.state 1\nvcpu.current 2\ncpu.haltpoll.success.time 10000000\n"
                "cpu.haltpoll.fail.time 25000000\n"
                "vcpu.0.time 2000000000\nvcpu.0.delay 1\nvcpu.0.halt_wait_ns.sum 7000000001\n"
                "vcpu.0.exits.sum 1235\n"
                "vcpu.1.time 400000000\nvcpu.1.delay 100000000\n"
                "vcpu.1.halt_wait_ns.sum 12000000001\nvcpu.1.exits.sum 1000\n");
    values_of(&values, &before, &now, 10);
    CHECK(&values, rows);
    sample_done(&before);
    sample_done(&now);
}

/* Balloon and swap: a guest that was given 180 of its 256 MiB. */
static void test_balloon(void **state) {
    static const struct expected rows[] = {
        {"mem.vmmemctl.average", "", 77824},    {"kvm.memAvailable.average", "", 145304},
        {"kvm.memCurrent.average", "", 184320}, {"mem.consumed.average", "", 184320},
        {"mem.usage.average", "", 9480},        {"kvm.memUsed.average", "", 139936},
    };
    struct guest_sample now;
    struct values values;
    (void)state;

    recorded_load(&now, "setmem-180");
    sample_judge_report(&now, NULL);
    values_of(&values, NULL, &now, 4);
    CHECK(&values, rows);
    sample_done(&now);

    /* A guest that was given more than it was started with has no balloon in it. */
    made_sample(&now, 0, "balloon.maximum 5\nballoon.current 9\n");
    values_of(&values, NULL, &now, 4);
    assert_int_equal(values_get(&values, "mem.vmmemctl.average", ""), 0);
    sample_done(&now);
}

/* Every counter has all its texts, a formula of its own, and a name that no other has. */
static void test_table(void **state) {
    static const char *const fidelities[] = {"exact", "close", "approximate", "native"};
    struct catalog *catalog = mapping_catalog(NULL);
    (void)state;

    assert_int_equal(catalog_size(catalog), mapping_count());
    for (size_t i = 0; i < mapping_count(); i++) {
        const struct counter *counter = mapping_counter(i);
        bool known = false;
        assert_string_equal(catalog_at(catalog, i)->name, counter->name);
        assert_true(counter->label[0] && counter->summary[0] && counter->formula[0]);
        assert_string_equal(strrchr(counter->name, '.') + 1, counter->rollup);
        for (size_t k = 0; k < 4; k++)
            known = known || strcmp(counter->fidelity, fidelities[k]) == 0;
        assert_true(known);
        assert_int_equal(strncmp(counter->name, "kvm.", 4) == 0,
                         strcmp(counter->fidelity, "native") == 0);
    }
    assert_null(mapping_counter(mapping_count()));
    catalog_free(catalog);
}

static void check_formula(const struct libvirt_counter *row, const struct formula *formula) {
    const struct counter *counter = &row->counter;
    if (!formula->form)
        return;
    /* What is absolute may still be the mean of the time between two polls: a latency. */
    if (!formula_is_growth(formula) && strcmp(counter->stats, "absolute") != 0)
        fail_msg("%s is no %s", counter->name, counter->stats);
    assert_true(formula->fields[0] && formula->divisor > 0);
    if (formula->form != FORM_MEGAHERTZ)
        assert_int_equal(formula->form == FORM_RATIO, formula->below[0] != 0);
}

/* The formulas agree with what the texts say, and are of what their place in the row is for. */
static void test_formulas(void **state) {
    (void)state;
    for (size_t i = 0; i < libvirt_counter_count; i++) {
        const struct libvirt_counter *row = &libvirt_counters[i];
        bool of_guests = row->guest.form || row->device.form;
        check_formula(row, &row->guest);
        check_formula(row, &row->device);
        check_formula(row, &row->host);
        assert_int_equal(strstr(row->counter.formula, "guest: ") != NULL, of_guests);
        assert_int_equal(strstr(row->counter.formula, "host: ") != NULL, row->host.form != 0);
        assert_true(of_guests || row->host.form);
        assert_int_equal(row->guest.of, OF_GUEST);
        assert_true(!row->device.form || (row->device.of > OF_GUEST && row->device.of < OF_HOST));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scratch_guest),  cmocka_unit_test(test_native_counters),
        cmocka_unit_test(test_emulated_guest), cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_slow_disks),     cmocka_unit_test(test_kvm_only),
        cmocka_unit_test(test_balloon),        cmocka_unit_test(test_table),
        cmocka_unit_test(test_formulas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
