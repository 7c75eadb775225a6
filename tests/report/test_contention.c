/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Who waited most: by what is farthest above its limit, whatever it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/section_lists.h"

enum { NOW = 1795725000, INTERVAL = 20, COUNT = 2 };

static const double no_limits[USAGE_METRICS];

/* Of 1 vCPU and 1000 KiB; two samples of the counter, the second one is the peak. */
static const struct {
    const char *guest;
    const char *counter;
    const char *instance;
    int64_t peak;
} written[] = {
    {"still", "cpu.ready.summation", "", 0},
    {"ready", "cpu.ready.summation", "", 2000},
    {"costop", "cpu.costop.summation", "", 3000},
    {"slow", "virtualDisk.numberReadAveraged.average", "scsi0:0", 9},
    {"slow", "virtualDisk.totalReadLatency.average", "scsi0:0", 200},
    {"swapped", "cpu.ready.summation", "", 100},
    {"swapped", "mem.swapped.average", "", 500},
    {"dropping", "net.droppedRx.summation", "", 120},
    {"squeezed", "mem.vmmemctl.average", "", 700},
    {"quick", "virtualDisk.numberReadAveraged.average", "scsi0:0", 9},
    {"quick", "virtualDisk.totalReadLatency.average", "scsi0:0", 40},
};

static struct usage *measured(void) {
    struct usage *usage = usage_new(no_limits);
    for (size_t i = 0; i < G_N_ELEMENTS(written); i++) {
        const struct entity guest = {.type = ENTITY_VM,
                                     .source = "vc",
                                     .name = written[i].guest,
                                     .id = written[i].guest,
                                     .cpus = 1,
                                     .memory_kib = 1000};
        const struct counter counter = {
            .name = written[i].counter, .unit = "", .stats = "", .rollup = ""};
        const struct sample samples[COUNT] = {{NOW - INTERVAL, written[i].peak / 2},
                                              {NOW, written[i].peak}};
        usage_write(usage, &(struct series){.entity = &guest,
                                            .counter = &counter,
                                            .instance = written[i].instance,
                                            .interval = INTERVAL,
                                            .count = COUNT,
                                            .samples = samples});
    }
    return usage;
}

struct expected {
    const char *name, *worst, *times;
};

static void check(const char *rules, const struct expected *expected, size_t count) {
    struct usage *usage = measured();
    struct findings findings;
    struct error error = {0};
    struct findings_order order = {.seconds = COUNT * INTERVAL};
    sizing_rules_init(&order.rules);
    assert_true(!rules || sizing_rules_parse(&order.rules, rules, &error));
    findings_init(&findings, usage, &order);
    struct grid *grid = section_contention(&findings, 100);
    assert_int_equal(grid->rows->len, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(grid_text_of(grid, i, 0), expected[i].name);
        assert_string_equal(grid_text_of(grid, i, 1), expected[i].worst);
        assert_string_equal(grid_text_of(grid, i, 2), expected[i].times);
    }
    grid_free(grid);
    findings_done(&findings);
    usage_free(usage);
}

static void test_order(void **state) {
    static const struct expected usual[] = {
        {"squeezed", "balloon", "7.00"}, {"dropping", "drops", "6.00"}, {"swapped", "swap", "5.00"},
        {"slow", "latency", "4.00"},     {"costop", "co-stop", "3.00"}, {"ready", "ready", "2.00"},
    };
    (void)state;
    check(NULL, usual, G_N_ELEMENTS(usual));
}

static void test_rules(void **state) {
    static const struct expected ruled[] = {
        {"costop", "co-stop", "30.00"},  {"ready", "ready", "20.00"},
        {"slow", "latency", "10.00"},    {"quick", "latency", "2.00"},
        {"squeezed", "balloon", "1.40"}, {"swapped", "ready", "1.00"},
        {"dropping", "drops", "0.60"},
    };
    (void)state;
    check("latency-limit=20,reclaim-limit=50,drops-limit=10,ready-limit=0.5", ruled,
          G_N_ELEMENTS(ruled));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_rules)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
