/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which value a guest has of a counter, which guest a series is of, and what totals are made of. */
#include "command/test_comparison.h"

/* The value of one column in the only guest's row of a CSV. */
static void check_value(struct bench *bench, const char *value) {
    sink_end(&bench->comparison.sink);
    fclose(bench->stream);
    const char *row = strchr(bench->text, '\n') + 1;
    char *expected = memory_printf("g,esxi,esx01,vm,1,2026-11-21T19:17:20Z,20,,,%s,\n", value);
    assert_int_equal(strncmp(row, expected, strlen(expected)), 0);
    free(expected);
    comparison_done(&bench->comparison);
    globs_done(&bench->counters);
    free(bench->text);
}

static void test_devices(void **state) {
    static const struct {
        const struct counter *counter;
        struct {
            const char *instance;
            int64_t value, requests; /* -1: not there */
        } devices[3];
        const char *expected;
    } cases[] = {
        /* The aggregate counts, wherever it stands. */
        {&reads, {{"scsi0:0", 3, -1}, {"", 100, -1}, {"scsi0:1", 4, -1}}, "100"},
        {&latency, {{"scsi0:0", 3, 10}, {"", 0, -1}, {NULL, 0, 0}}, "0"},
        /* Without one: the sum, the mean, the weighted mean, nothing. */
        {&reads, {{"scsi0:0", 3, -1}, {"scsi0:1", 4, -1}, {NULL, 0, 0}}, "7"},
        {&usage, {{"0", 300, -1}, {"1", 401, -1}, {NULL, 0, 0}}, "3.50"},
        {&latency, {{"scsi0:0", 10, 1}, {"scsi0:1", 20, 3}, {NULL, 0, 0}}, "17"},
        {&latency, {{"scsi0:0", 10, 5}, {"scsi0:1", 20, 0}, {NULL, 0, 0}}, "10"},
        {&io_size, {{"scsi0:0", 10, -1}, {"scsi0:1", 20, -1}, {NULL, 0, 0}}, ""},
        /* Without requests, or where one disk's are not known: the highest. */
        {&latency, {{"scsi0:0", 10, 0}, {"scsi0:1", 20, 0}, {NULL, 0, 0}}, "20"},
        {&latency, {{"scsi0:0", 30, 5}, {"scsi0:1", 20, -1}, {NULL, 0, 0}}, "30"},
        {&latency, {{"scsi0:0", -3, -1}, {"scsi0:1", -2, -1}, {NULL, 0, 0}}, "-2"},
        /* Too large to be added or weighted; a sum that is too large on the way only is one. */
        {&reads, {{"0", INT64_MAX, -1}, {"1", 1, -1}, {"2", -2, -1}}, "9223372036854775806"},
        {&usage,
         {{"0", INT64_MAX, -1}, {"1", INT64_MAX, -1}, {NULL, 0, 0}},
         "92233720368547758.07"},
        {&reads, {{"0", INT64_MAX, -1}, {"1", 1, -1}, {NULL, 0, 0}}, ""},
        {&latency, {{"0", INT64_MAX, 2}, {"1", 1, 1}, {NULL, 0, 0}}, "9223372036854775807"},
    };
    const struct entity entity = guest("esxi", "g", "1");
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench bench;
        set_up(&bench, cases[i].counter->name, RECORDS_CSV);
        for (size_t k = 0; k < 3 && cases[i].devices[k].instance; k++) {
            feed(&bench, &entity, cases[i].counter, cases[i].devices[k].instance,
                 cases[i].devices[k].value);
            if (cases[i].devices[k].requests >= 0)
                feed(&bench, &entity, &reads, cases[i].devices[k].instance,
                     cases[i].devices[k].requests);
        }
        check_value(&bench, cases[i].expected);
    }
}

static void test_servers_number_counters_their_own_way(void **state) {
    static const struct counter other = {
        .id = 1, .name = "mem.usage.average", .unit = "percent", .stats = "absolute"};
    const struct entity a = guest("esxi", "a", "1"), b = guest("esxi", "b", "2");
    struct bench bench;
    (void)state;

    set_up(&bench, "cpu.usage.average,mem.usage.average", RECORDS_CSV);
    feed(&bench, &a, &usage, "", 300);
    feed(&bench, &b, &other, "", 400);
    expect(&bench, "\"name\",hypervisor,source,type,id,timestamp,interval,cpus,memory_kib,"
                   "cpu.usage.average,mem.usage.average,approximate\n"
                   "a,esxi,esx01,vm,1,2026-11-21T19:17:20Z,20,,,3.00,,\n"
                   "b,esxi,esx01,vm,2,2026-11-21T19:17:20Z,20,,,,4.00,\n");
}

/* The first source is closed, and its memory used by the next one's entity. */
static void test_entities_at_one_address(void **state) {
    struct entity entity = guest("esxi", "a", "1");
    struct bench bench;
    (void)state;

    set_up(&bench, "cpu.usage.average", RECORDS_CSV);
    feed(&bench, &entity, &usage, "", 100);
    entity = guest("kvm", "a", "1");
    feed(&bench, &entity, &usage_kvm, "", 200);
    expect(&bench, "\"name\",hypervisor,source,type,id,timestamp,interval,cpus,memory_kib,"
                   "cpu.usage.average,approximate\n"
                   "a,kvm,kvm01,vm,1,2026-11-21T19:17:20Z,20,,,2.00,\n"
                   "a,esxi,esx01,vm,1,2026-11-21T19:17:20Z,20,,,1.00,\n");
}

static void feed_at(struct bench *bench, const struct entity *entity, const struct counter *counter,
                    int64_t time, int64_t value) {
    const struct sample sample = {time, value};
    const struct series series = {.entity = entity,
                                  .counter = counter,
                                  .instance = "",
                                  .interval = 20,
                                  .count = 1,
                                  .samples = &sample};
    sink_write(&bench->comparison.sink, &series);
}

/* A guest that migrates is known to both targets. */
static void test_moved_guest_is_counted_once(void **state) {
    static const struct {
        int64_t old_time, new_time; /* 0: it is there, without a value */
        const char *row;
    } cases[] = {
        {1795288620, 1795288640, "a,kvm,kvm02,vm,u-1,2026-11-21T19:17:20Z,20,,,8,\n"},
        {1795288640, 1795288620, "a,kvm,kvm01,vm,u-1,2026-11-21T19:17:20Z,20,,,7,\n"},
        {1795288640, 1795288640, "a,kvm,kvm01,vm,u-1,2026-11-21T19:17:20Z,20,,,7,\n"},
        {1795288640, 0, "a,kvm,kvm01,vm,u-1,2026-11-21T19:17:20Z,20,,,7,\n"},
        {0, 1795288640, "a,kvm,kvm02,vm,u-1,2026-11-21T19:17:20Z,20,,,8,\n"},
    };
    struct entity old = guest("kvm", "a", "u-1"), new = guest("kvm", "a", "u-1");
    (void)state;

    old.uuid = new.uuid = "u-1";
    new.source = "kvm02";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench bench;
        set_up(&bench, "cpu.ready.summation", RECORDS_CSV);
        if (cases[i].old_time)
            feed_at(&bench, &old, &ready, cases[i].old_time, 7);
        sink_entity(&bench.comparison.sink, &old);
        if (cases[i].new_time)
            feed_at(&bench, &new, &ready, cases[i].new_time, 8);
        sink_entity(&bench.comparison.sink, &new);
        char *expected =
            memory_printf("\"name\",hypervisor,source,type,id,timestamp,interval,cpus,memory_kib,"
                          "cpu.ready.summation,approximate\n"
                          "%s",
                          cases[i].row);
        expect(&bench, expected);
        free(expected);
    }
}

/* Clones have one UUID, another server may have the same managed object id, a host is no guest. */
static void test_one_uuid_is_not_always_one_guest(void **state) {
    struct entity entities[] = {guest("esxi", "a", "vm-1"), guest("esxi", "b", "vm-2"),
                                guest("esxi", "c", "vm-1"), guest("kvm", "d", "u-1"),
                                guest("kvm", "e", "u-1")};
    struct bench bench;
    (void)state;

    set_up(&bench, "cpu.ready.summation", RECORDS_TABLE);
    entities[2].source = "esx02";
    entities[4].source = "kvm02";
    for (size_t i = 0; i < 5; i++) {
        entities[i].uuid = "u-1";
        entities[i].type = i < 3 ? ENTITY_VM : ENTITY_HOST;
        feed(&bench, &entities[i], &ready, "", (int64_t)(10 - i));
    }
    expect(&bench, "name        hypervisor  source  vCPUs  memory MB  ready ms\n"
                   "a           esxi        esx01                           10\n"
                   "b           esxi        esx01                            9\n"
                   "c           esxi        esx02                            8\n"
                   "d           kvm         kvm01                            7\n"
                   "e           kvm         kvm02                            6\n"
                   "\n"
                   "total of 3  esxi                                        27\n"
                   "total of 2  kvm                                         13\n"
                   "\n" LEGEND);
}

/* What a guest has of a counter, with its size. */
struct part {
    int32_t cpus;
    int64_t memory_kib, value, requests; /* -1: not there */
};

/* The totals of two guests as CSV. */
static void check_total(const struct counter *counter, const struct part parts[2],
                        const char *expected) {
    struct bench bench;
    char *text = NULL;
    size_t size = 0;
    FILE *totals = open_memstream(&text, &size);
    set_up(&bench, counter->name, RECORDS_CSV);
    bench.comparison.order.totals = totals;
    for (int i = 0; i < 2; i++) {
        const struct entity entity = sized("g", i ? "2" : "1", parts[i].cpus, parts[i].memory_kib);
        feed(&bench, &entity, counter, "", parts[i].value);
        if (parts[i].requests >= 0)
            feed(&bench, &entity, &reads, "scsi0:0", parts[i].requests);
    }
    sink_end(&bench.comparison.sink);
    fclose(totals);
    assert_null(strstr(bench.text ? bench.text : "", "total"));
    char *all = memory_printf("hypervisor,type,count,cpus,memory_kib,%s,approximate\n"
                              "esxi,vm,2,%s,\n",
                              counter->name, expected);
    assert_string_equal(text, all);
    free(all);
    free(text);
    fclose(bench.stream);
    comparison_done(&bench.comparison);
    globs_done(&bench.counters);
    free(bench.text);
}

/* Percent of what: of the guest's CPUs, or its memory; latencies are of requests. */
static void test_totals_are_weighted(void **state) {
    static const struct {
        const struct counter *counter;
        struct part parts[2];
        const char *expected;
    } cases[] = {
        {&ready, {{1, 100, 5, -1}, {3, 300, 7, -1}}, "4,400,12"},
        {&usage, {{1, 300, 10000, -1}, {3, 100, 2000, -1}}, "4,400,40.00"},
        {&memory, {{1, 300, 10000, -1}, {3, 100, 2000, -1}}, "4,400,80.00"},
        {&latency, {{1, 300, 10, 1}, {3, 100, 2, 7}}, "4,400,3"},
        /* Where a weight is not known: the plain mean, the highest latency. */
        {&usage, {{1, 300, 10000, -1}, {0, 100, 2000, -1}}, "1,400,60.00"},
        {&latency, {{1, 300, 10, 1}, {3, 100, 20, -1}}, "4,400,20"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_total(cases[i].counter, cases[i].parts, cases[i].expected);
}

/* A later piece of a series replaces what came before; an empty one is nothing. */
static void test_newest_sample_counts(void **state) {
    const struct entity entity = guest("esxi", "g", "1");
    const struct sample later = {1795288640, 9};
    const struct series more = {.entity = &entity,
                                .counter = &ready,
                                .instance = "",
                                .interval = 20,
                                .continues = true,
                                .count = 1,
                                .samples = &later};
    const struct series empty = {.entity = &entity, .counter = &usage, .instance = ""};
    struct bench bench;
    (void)state;

    set_up(&bench, "cpu.ready.summation", RECORDS_CSV);
    sink_write(&bench.comparison.sink, &empty);
    feed(&bench, &entity, &ready, "", 5);
    feed(&bench, &entity, &ready, "0", 6);
    sink_write(&bench.comparison.sink, &more);
    check_value(&bench, "9");
}

static void test_guest_without_values(void **state) {
    const struct entity one = guest("esxi", "a", "1"), none = guest("esxi", "b", "2");
    struct bench bench;
    (void)state;

    set_up(&bench, "cpu.ready.summation", RECORDS_CSV);
    feed(&bench, &one, &ready, "", 5);
    sink_entity(&bench.comparison.sink, &one);
    sink_entity(&bench.comparison.sink, &none);
    expect(&bench, "\"name\",hypervisor,source,type,id,timestamp,interval,cpus,memory_kib,"
                   "cpu.ready.summation,approximate\n"
                   "a,esxi,esx01,vm,1,2026-11-21T19:17:20Z,20,,,5,\n"
                   "b,esxi,esx01,vm,2,,,,,,\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_servers_number_counters_their_own_way),
        cmocka_unit_test(test_entities_at_one_address),
        cmocka_unit_test(test_moved_guest_is_counted_once),
        cmocka_unit_test(test_one_uuid_is_not_always_one_guest),
        cmocka_unit_test(test_totals_are_weighted),
        cmocka_unit_test(test_newest_sample_counts),
        cmocka_unit_test(test_guest_without_values),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests_name("comparison_rows", tests, NULL, NULL);
}
