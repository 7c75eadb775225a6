/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Usage of hosts and guests from series, and what is left on hosts and clusters. */
#include "report/capacity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

static const double gb = 1024 * 1024;
static const double no_limits[USAGE_METRICS];

static void assert_near(double value, double expected) {
    if (fabs(value - expected) > 1e-9)
        fail_msg("%.17g is not %.17g", value, expected);
}

static const struct entity guest = {.type = ENTITY_VM,
                                    .source = "vc",
                                    .hypervisor = "esxi",
                                    .name = "web",
                                    .id = "vm-1",
                                    .host = "a",
                                    .cpus = 2,
                                    .memory_kib = 4 * 1024 * 1024};
static const struct entity kvm_guest = {.type = ENTITY_VM,
                                        .source = "kvm01",
                                        .hypervisor = "kvm",
                                        .name = "db",
                                        .id = "7",
                                        .cpus = 4,
                                        .memory_kib = 8 * 1024 * 1024};
static const struct entity host_a = {.type = ENTITY_HOST,
                                     .source = "vc",
                                     .name = "a",
                                     .id = "host-1",
                                     .cluster = "c1",
                                     .cpus = 4,
                                     .threads = 8,
                                     .cpu_mhz = 2500,
                                     .memory_kib = 16 * 1024 * 1024};
static const struct entity host_b = {.type = ENTITY_HOST,
                                     .source = "vc",
                                     .name = "b",
                                     .id = "host-2",
                                     .cluster = "c1",
                                     .cpus = 2,
                                     .threads = 4,
                                     .cpu_mhz = 2500,
                                     .memory_kib = 32 * 1024 * 1024};

/* Samples every 20 s; a negative value is none. */
static void write_series(struct usage *usage, const struct entity *entity, const char *counter_name,
                         const char *instance, const int64_t *values, size_t count) {
    const struct counter counter = {.name = counter_name, .unit = "", .stats = "", .rollup = ""};
    struct sample samples[8];
    struct series series = {.entity = entity,
                            .counter = &counter,
                            .instance = instance,
                            .interval = 20,
                            .samples = samples};
    for (size_t i = 0; i < count; i++)
        if (values[i] >= 0)
            samples[series.count++] = (struct sample){(int64_t)(i + 1) * 20, values[i]};
    usage_write(usage, &series);
}

#define WRITE(usage, entity, counter, instance, ...)                                               \
    write_series(usage, entity, counter, instance, (const int64_t[]){__VA_ARGS__},                 \
                 sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void test_conversions(void **state) {
    struct usage *usage = usage_new(no_limits);
    (void)state;

    WRITE(usage, &guest, "cpu.usage.average", "", 4590);
    WRITE(usage, &guest, "cpu.usage.average", "0", 9999); /* a device is not the whole */
    WRITE(usage, &guest, "cpu.ready.summation", "", 1000);
    WRITE(usage, &guest, "net.droppedRx.summation", "", 100);
    WRITE(usage, &guest, "mem.usage.average", "", 5000); /* active: not what it needs */
    WRITE(usage, &guest, "guest.mem.needed.latest", "", 1000);
    WRITE(usage, &kvm_guest, "mem.usage.average", "", 5000);
    struct usage_entity *one = usage_at(usage, 0), *other = usage_at(usage, 1);
    assert_int_equal(usage_count(usage), 2);
    assert_near(one->measures[USAGE_CPU].peak, 45.9);
    assert_int_equal(one->measures[USAGE_CPU].values.total, 1);
    assert_near(one->measures[USAGE_READY].peak, 2.5); /* 1 s of 20 s of 2 vCPUs */
    assert_near(one->measures[USAGE_DROPS].peak, 5);
    assert_near(one->measures[USAGE_NEED].peak, 1000);
    assert_near(other->measures[USAGE_NEED].peak, 4 * gb);
    usage_free(usage);
}

/* Of a guest that was resized, figures begin with its present size. */
static void test_resized(void **state) {
    struct usage *usage = usage_new(no_limits);
    struct entity smaller = guest;
    struct sample later[] = {{1020, 9000}, {1040, 8000}};
    const struct counter counter = {.name = "cpu.usage.average", .unit = "percent"};
    (void)state;

    smaller.cpus = guest.cpus / 2;
    WRITE(usage, &guest, "cpu.usage.average", "", 1000, 2000);
    WRITE(usage, &guest, "cpu.usagemhz.average", "", 10, 20);
    assert_int_equal(usage_at(usage, 0)->resized, 0);
    usage_write(usage, &(struct series){.entity = &smaller,
                                        .counter = &counter,
                                        .instance = "",
                                        .interval = 20,
                                        .count = 2,
                                        .samples = later});
    struct usage_entity *one = usage_at(usage, 0);
    assert_int_equal(usage_count(usage), 1);
    assert_int_equal(one->resized, 1000);
    assert_near(measure_average(&one->measures[USAGE_CPU]), 85);
    assert_false(measure_known(&one->measures[USAGE_MHZ]));
    usage_free(usage);
}

/* Means are weighted by requests, which come before their latencies or after. */
static void test_latencies(void **state) {
    struct usage *usage = usage_new(no_limits);
    (void)state;

    WRITE(usage, &guest, "virtualDisk.totalReadLatency.average", "scsi0:0", 10, 99, -1);
    WRITE(usage, &guest, "virtualDisk.numberReadAveraged.average", "scsi0:0", 1, 0, 50);
    WRITE(usage, &guest, "virtualDisk.numberWriteAveraged.average", "scsi0:1", 3);
    WRITE(usage, &guest, "virtualDisk.totalWriteLatency.average", "scsi0:1", 2);
    WRITE(usage, &guest, "virtualDisk.totalWriteLatency.average", "scsi0:2", 1000);
    const struct usage_entity *one = usage_at(usage, 0);
    assert_near(weighted_mean_value(&one->latency), 4); /* (10 x 1 + 2 x 3) / 4 */
    assert_near(one->latency_peak, 10);                 /* nobody waited for the 99 ms */
    assert_int_equal(one->latency_peak_time, 20);
    usage_free(usage);
}

/*
 * Demand is added up where both hosts have a sample: 1500 and 3000 MHz, p95 2925; 5 and 7 GB, p95
 * 6.9. Host a has most of the CPU, host b most of the memory.
 */
static void test_cluster(void **state) {
    struct usage *usage = usage_new(no_limits);
    size_t count = 0;
    (void)state;

    WRITE(usage, &host_a, "cpu.usagemhz.average", "", 1000, 2000, 9000);
    WRITE(usage, &host_a, "mem.consumed.average", "", 2 << 20, 3 << 20, 15 << 20);
    WRITE(usage, &host_b, "cpu.usagemhz.average", "", 500, 1000);
    WRITE(usage, &host_b, "mem.consumed.average", "", 3 << 20, 4 << 20);
    WRITE(usage, &guest, "cpu.usagemhz.average", "", 100, 200);
    WRITE(usage, &guest, "mem.consumed.average", "", 1 << 20, 1 << 20);
    usage_sort(usage);
    struct capacity *list = capacity_list(usage, 1, &count);
    assert_int_equal(count, 3);
    assert_string_equal(list[0].name, "c1");
    assert_int_equal(list[0].cores, 6);
    assert_int_equal(list[0].times, 3);
    assert_int_equal(list[0].common_times, 2);
    assert_int_equal(list[0].vcpus, 2);
    assert_near(list[0].mhz, 15000);
    assert_int_equal(list[0].demand.values.total, 2);
    assert_near(list[0].now.mhz, 15000 - 2925);
    assert_near(list[0].now.memory_kib, (48 - 6.9) * gb);
    assert_near(list[0].failed.mhz, 5000 - 2925);
    assert_near(list[0].failed.memory_kib, (16 - 6.9) * gb);
    assert_true(list[0].now.holds_peak && list[0].failed.holds_peak);
    /* Guests of 150 MHz and 1 GB: 13.8 by CPU, 9.1 by memory; large ones have 195 MHz: 10.6. */
    assert_near(list[0].failed.more_average, 9);
    assert_near(list[0].failed.more_large, 9);
    assert_near(list[0].now.more_average, 41);
    assert_string_equal(list[1].name, "a");
    assert_int_equal(list[1].guests, 1);
    assert_near(list[1].demand.peak, 9000);
    assert_int_equal(list[2].guests, 0);
    assert_int_equal(list[2].spare, 0);
    capacity_list_free(list, count);
    list = capacity_list(usage, 5, &count);
    assert_int_equal(list[0].spare, 2);
    capacity_list_free(list, count);
    usage_free(usage);
}

static void write_archived(struct usage *usage, const struct entity *host, const char *name,
                           int64_t time, int64_t value) {
    const struct counter counter = {.name = name, .unit = "", .stats = "", .rollup = ""};
    struct sample sample = {time, value};
    usage_write(usage, &(struct series){.entity = host,
                                        .counter = &counter,
                                        .instance = "",
                                        .interval = 300,
                                        .count = 1,
                                        .samples = &sample});
}

/*
 * Two samples of 20 s and one of 300 s: 1500, 3000 and 5000 MHz, each for its own seconds. Only
 * host a has the last one, and memory of the archive.
 */
static void test_cluster_of_intervals(void **state) {
    struct usage *usage = usage_new(no_limits);
    size_t count = 0;
    (void)state;

    WRITE(usage, &host_a, "cpu.usagemhz.average", "", 1000, 2000);
    write_archived(usage, &host_a, "cpu.usagemhz.average", 600, 3000);
    write_archived(usage, &host_a, "cpu.usagemhz.average", 900, 9000);
    write_archived(usage, &host_a, "mem.consumed.average", 600, 9000);
    write_archived(usage, &host_b, "cpu.usagemhz.average", 600, 2000);
    WRITE(usage, &host_b, "cpu.usagemhz.average", "", 500, 1000);
    WRITE(usage, &host_b, "mem.consumed.average", "", 700);
    usage_sort(usage);
    struct capacity *list = capacity_list(usage, 1, &count);
    assert_string_equal(list[0].name, "c1");
    assert_int_equal(list[0].times, 4);
    assert_int_equal(list[0].common_times, 3);
    assert_int_equal(list[0].demand.seconds, 340);
    assert_int_equal(list[0].demand.shortest, 20);
    assert_int_equal(list[0].demand.longest, 300);
    assert_near(measure_average(&list[0].demand), (20 * 1500 + 20 * 3000 + 300 * 5000) / 340.0);
    assert_near(list[0].demand.peak, 5000);
    assert_int_equal(list[0].demand.peak_time, 600);
    assert_false(measure_known(&list[0].consumed));
    double weight = 0;
    for (size_t i = 0; i < list[0].timeline.count; i++)
        weight += list[0].timeline.steps[i].weight;
    assert_near(weight, 340);
    assert_near(list[0].hours.means[3 * 24].weight, 340);
    capacity_list_free(list, count);
    usage_free(usage);
}

/*
 * 100 MHz more each day, of 10 GHz: after 20 days the p95 is 2805 MHz, and 7195 last 71.95 days.
 * Memory shrinks: no date.
 */
static void test_growth(void **state) {
    enum { DAYS = 20, DAY = 86400 };
    const struct counter mhz = {.name = "cpu.usagemhz.average", .unit = "", .stats = ""};
    const struct counter consumed = {.name = "mem.consumed.average", .unit = "", .stats = ""};
    struct usage *usage = usage_new(no_limits);
    size_t count = 0;
    (void)state;

    for (int64_t day = 0; day < DAYS; day++) {
        struct sample sample = {(20000 + day) * DAY, 1000 + 100 * day};
        struct series series = {.entity = &host_a,
                                .counter = &mhz,
                                .instance = "",
                                .interval = DAY,
                                .count = 1,
                                .samples = &sample};
        usage_write(usage, &series);
        series.counter = &consumed;
        sample.value = 1000000 - 100 * day;
        usage_write(usage, &series);
    }
    usage_sort(usage);
    struct capacity *list = capacity_list(usage, 1, &count);
    assert_int_equal(count, 1);
    assert_true(list[0].mhz_growth.known && list[0].mhz_growth.ends);
    assert_near(list[0].mhz_growth.trend.slope, 100);
    assert_near(list[0].mhz_growth.days, 71.95);
    assert_true(list[0].memory_growth.known);
    assert_false(list[0].memory_growth.ends);
    capacity_list_free(list, count);
    usage_free(usage);
}

/* A host without samples has no capacity and no guests, and a guest that is off is none. */
static void test_absent(void **state) {
    struct usage *usage = usage_new(no_limits);
    struct entity off = guest, stranded = guest;
    size_t count = 0;
    (void)state;

    off.state = STATE_OFF;
    stranded.id = "vm-2";
    stranded.host = "b";
    WRITE(usage, &host_a, "cpu.usagemhz.average", "", 1000);
    usage_add_entity(usage, &host_b, true);
    usage_add_entity(usage, &off, false);
    usage_add_entity(usage, &stranded, false);
    usage_sort(usage);
    struct capacity *list = capacity_list(usage, 1, &count);
    assert_int_equal(list[0].hosts, 1);
    assert_int_equal(list[0].hosts_without, 1);
    assert_int_equal(list[0].cores, 4);
    assert_int_equal(list[0].guests, 0);
    assert_near(list[0].failed.mhz, -1000); /* the only one fails */
    assert_false(list[0].failed.has_memory);
    assert_false(list[0].now.holds_peak);
    assert_false(list[0].failed.has_more);
    capacity_list_free(list, count);
    usage_free(usage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversions),
        cmocka_unit_test(test_resized),
        cmocka_unit_test(test_latencies),
        cmocka_unit_test(test_cluster),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_cluster_of_intervals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
