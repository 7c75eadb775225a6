/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The host's counters: its own numbers, and sums over its guests that are whole or not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "source/libvirt/recorded.h"

static const int64_t second_ns = 1000000000;

enum { CPUS = 2 };

/* The worked check: dt 10000919398 ns, two CPUs, user +6.78 s, kernel +0.16 s, idle +12.89 s. */
static const int64_t elapsed_ns = 10000919398;

struct host {
    struct snapshot *before;
    struct snapshot *now;
    struct host_pair pair;
    struct values values;
};

static void set_cpu(int64_t *values, int64_t user, int64_t kernel, int64_t idle, int64_t iowait) {
    values[HOST_CPU_USER] = user;
    values[HOST_CPU_KERNEL] = kernel;
    values[HOST_CPU_IDLE] = idle;
    values[HOST_CPU_IOWAIT] = iowait;
}

static void add_cpu(struct host_sample *host, int cpu, int64_t user, int64_t idle) {
    struct device *device = sample_device(&host->cpus, cpu);
    device->name = memory_printf("%d", cpu);
    set_cpu(device->values, user, 0, idle, 0);
}

static int setup(void **state) {
    struct host *host = memory_alloc(sizeof *host);
    host->before = snapshot_new();
    host->now = snapshot_new();
    host->now->host.time_ns = elapsed_ns;
    set_cpu(host->before->host.values, 1000000000000, 2000000000, 3000000000, 4000000000);
    set_cpu(host->now->host.values, 1006780000000, 2160000000, 15890000000, 4000000000);
    add_cpu(&host->before->host, 0, 0, 0);
    add_cpu(&host->before->host, 3, 0, 0);
    add_cpu(&host->now->host, 0, 2500000000, 7500000000);
    add_cpu(&host->now->host, 3, 4000000000, 4000000000);
    host->now->host.cpus.items[1].values[HOST_CPU_IOWAIT] = 2000000000;
    *state = host;
    return 0;
}

static int teardown(void **state) {
    struct host *host = *state;
    rates_host_done(&host->pair);
    snapshot_free(host->before);
    snapshot_free(host->now);
    free(host);
    return 0;
}

static void pair_up(struct host *host) {
    rates_host_done(&host->pair);
    rates_host(&host->pair, &host->before->host, &host->now->host, 10);
    host->pair.mhz = RECORDED_MHZ;
    host->pair.page_bytes = 4096;
}

static int64_t get(const struct host *host, const char *counter, const char *instance) {
    return values_get(&host->values, counter, instance);
}

static void test_cpu(void **state) {
    struct host *host = *state;

    pair_up(host);
    values_of_host(&host->values, &host->pair);
    assert_int_equal(get(host, "cpu.utilization.average", ""), 3499);
    assert_int_equal(get(host, "cpu.usage.average", ""), 3499);
    assert_int_equal(get(host, "cpu.usagemhz.average", ""), 1734);
    assert_int_equal(get(host, "cpu.used.summation", ""), 6940);
    assert_int_equal(get(host, "cpu.idle.summation", ""), 12890);
    assert_int_equal(get(host, "cpu.utilization.average", "0"), 2500);
    /* iowait is idle. */
    assert_int_equal(get(host, "cpu.utilization.average", "3"), 4000);
    assert_int_equal(get(host, "cpu.used.summation", "3"), 4000);
    assert_int_equal(get(host, "cpu.idle.summation", "3"), 6000);
    assert_int_equal(get(host, "cpu.utilization.average", "1"), ABSENT);
}

static void test_first_poll(void **state) {
    struct host *host = *state;

    host->now->host.values[HOST_MEMORY_TOTAL] = 1000;
    rates_host(&host->pair, NULL, &host->now->host, 10);
    values_of_host(&host->values, &host->pair);
    assert_int_equal(get(host, "cpu.utilization.average", ""), ABSENT);
    assert_int_equal(get(host, "cpu.used.summation", "0"), ABSENT);
    assert_int_equal(get(host, "mem.capacity.provisioned.average", ""), 1000);
}

/* A driver whose numbers stand still, or that has none. */
static void test_no_cpu(void **state) {
    struct host *host = *state;

    memcpy(host->now->host.values, host->before->host.values, sizeof host->now->host.values);
    pair_up(host);
    values_of_host(&host->values, &host->pair);
    assert_int_equal(get(host, "cpu.utilization.average", ""), ABSENT);
    assert_int_equal(get(host, "cpu.used.summation", ""), 0);
    host->now->host.values[HOST_CPU_IDLE] = ABSENT;
    values_of_host(&host->values, &host->pair);
    assert_int_equal(get(host, "cpu.utilization.average", ""), ABSENT);
    assert_int_equal(get(host, "cpu.idle.summation", ""), ABSENT);
    host->pair.mhz = 0;
    values_of_host(&host->values, &host->pair);
    assert_int_equal(get(host, "cpu.usagemhz.average", ""), ABSENT);
}

static void test_memory(void **state) {
    struct host *host = *state;
    int64_t *values = host->now->host.values;

    values[HOST_MEMORY_TOTAL] = 24684096;
    values[HOST_MEMORY_FREE] = 20000000;
    values[HOST_MEMORY_BUFFERS] = 84096;
    values[HOST_MEMORY_CACHED] = 2600000;
    values[HOST_PAGES_SHARED] = 10;
    values[HOST_PAGES_SHARING] = 25;
    pair_up(host);
    values_of_host(&host->values, &host->pair);
    assert_int_equal(get(host, "mem.consumed.average", ""), 2000000);
    assert_int_equal(get(host, "mem.usage.average", ""), 810); /* 8.102 % */
    assert_int_equal(get(host, "mem.capacity.provisioned.average", ""), 24684096);
    assert_int_equal(get(host, "mem.sharedcommon.average", ""), 40);
    assert_int_equal(get(host, "mem.shared.average", ""), 140);
    host->pair.page_bytes = 0;
    values[HOST_MEMORY_CACHED] = ABSENT;
    values_of_host(&host->values, &host->pair);
    assert_int_equal(get(host, "mem.shared.average", ""), ABSENT);
    assert_int_equal(get(host, "mem.consumed.average", ""), ABSENT);
    assert_int_equal(get(host, "mem.usage.average", ""), ABSENT);
    memset(&values[HOST_MEMORY_TOTAL], 0, 4 * sizeof *values);
    values_of_host(&host->values, &host->pair);
    assert_int_equal(get(host, "mem.usage.average", ""), ABSENT);
}

/* Two guests of which each has one vCPU and one disk. */
struct guests {
    struct guest_sample before[2];
    struct guest_sample now[2];
    struct guest_pair pairs[2];
};

static void make_guests(struct guests *guests, int64_t second_elapsed_ns) {
    made_sample(&guests->before[0], 0,
                "vcpu.current 1\nvcpu.0.time 0\nvcpu.0.delay 0\nblock.0.name \"vda\"\n"
                "block.0.rd.bytes 0\nblock.0.wr.bytes 0\n");
    made_sample(&guests->now[0], 10 * second_ns,
                "vcpu.current 1\nvcpu.0.time 10\nvcpu.0.delay 1600000\nballoon.rss 500\n"
                "balloon.current 400\nballoon.maximum 1000\nblock.0.name \"vda\"\n"
                "block.0.rd.bytes 15360\nblock.0.wr.bytes 5120\n");
    made_sample(&guests->before[1], 0,
                "vcpu.current 2\nvcpu.0.time 0\nvcpu.0.delay 0\nvcpu.1.time 0\nvcpu.1.delay 0\n"
                "block.0.name \"vda\"\nblock.0.rd.bytes 0\nblock.0.wr.bytes 0\n");
    made_sample(&guests->now[1], second_elapsed_ns,
                "vcpu.current 2\nvcpu.0.time 10\nvcpu.0.delay 1600000\nvcpu.1.time 10\n"
                "vcpu.1.delay 1000000\nballoon.rss 300\nballoon.current 400\nballoon.maximum 400\n"
                "block.0.name \"vda\"\nblock.0.rd.bytes 15360\nblock.0.wr.bytes 0\n");
    for (size_t i = 0; i < 2; i++)
        rates_guest(&guests->pairs[i], &guests->before[i], &guests->now[i], 10);
}

static void free_guests(struct guests *guests) {
    for (size_t i = 0; i < 2; i++) {
        rates_guest_done(&guests->pairs[i]);
        sample_done(&guests->before[i]);
        sample_done(&guests->now[i]);
    }
}

static void sum_up(struct host *host, const struct guests *guests, bool known, bool same) {
    pair_up(host);
    host->pair.guests = guests->pairs;
    host->pair.guest_count = 2;
    host->pair.guests_known = known;
    host->pair.guests_same = same;
    values_of_host(&host->values, &host->pair);
}

static void test_sums(void **state) {
    struct host *host = *state;
    struct guests guests;

    make_guests(&guests, 10 * second_ns);
    sum_up(host, &guests, true, true);
    assert_int_equal(get(host, "cpu.ready.summation", ""), 4); /* 4.2 ms */
    assert_int_equal(get(host, "cpu.corecount.usage.average", ""), 3);
    assert_int_equal(get(host, "mem.consumed.vms.average", ""), 700);
    assert_int_equal(get(host, "mem.vmmemctl.average", ""), 600);
    assert_int_equal(get(host, "disk.read.average", ""), 3); /* 1.5 + 1.5 */
    assert_int_equal(get(host, "disk.write.average", ""), 0);
    assert_int_equal(get(host, "disk.usage.average", ""), 3); /* 3.5 */
    free_guests(&guests);

    /* Without a bulk call the guests' intervals differ. */
    make_guests(&guests, 5 * second_ns);
    sum_up(host, &guests, true, true);
    assert_int_equal(get(host, "disk.read.average", ""), 4); /* 1.5 + 3 */

    /* A guest without disks adds nothing. */
    struct device_set *disks = &guests.pairs[1].sets[DEVICE_DISK];
    disks->count = 0;
    sum_up(host, &guests, true, true);
    assert_int_equal(get(host, "disk.read.average", ""), 1);
    disks->count = 1;
    free_guests(&guests);
}

static void test_incomplete_sums(void **state) {
    static const char *const sums[] = {"cpu.ready.summation",  "disk.read.average",
                                       "disk.usage.average",   "mem.consumed.vms.average",
                                       "mem.vmmemctl.average", "cpu.corecount.usage.average"};
    struct host *host = *state;
    struct guests guests;

    make_guests(&guests, 10 * second_ns);
    sum_up(host, &guests, false, false);
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++)
        assert_int_equal(get(host, sums[i], ""), ABSENT);
    /* A guest came: what is true of the moment is known. */
    sum_up(host, &guests, true, false);
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++)
        assert_int_equal(get(host, sums[i], "") == ABSENT, i < 3);
    /* One guest does not tell all. */
    guests.now[1].devices[DEVICE_DISK].items[0].values[DISK_READ_BYTES] = ABSENT;
    guests.now[1].values[GUEST_BACKED] = ABSENT;
    sum_up(host, &guests, true, true);
    assert_int_equal(get(host, "disk.read.average", ""), ABSENT);
    assert_int_equal(get(host, "disk.write.average", ""), 0);
    assert_int_equal(get(host, "mem.consumed.vms.average", ""), ABSENT);
    assert_int_equal(get(host, "cpu.ready.summation", ""), 4);
    free_guests(&guests);
}

/* A host without guests: the sums are 0, and that is true. */
static void test_no_guests(void **state) {
    struct host *host = *state;

    pair_up(host);
    host->pair.guests_known = host->pair.guests_same = true;
    values_of_host(&host->values, &host->pair);
    assert_int_equal(get(host, "disk.usage.average", ""), 0);
    assert_int_equal(get(host, "cpu.ready.summation", ""), 0);
    assert_int_equal(get(host, "cpu.corecount.usage.average", ""), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cpu, setup, teardown),
        cmocka_unit_test_setup_teardown(test_first_poll, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_cpu, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sums, setup, teardown),
        cmocka_unit_test_setup_teardown(test_incomplete_sums, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_guests, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
