/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Rows as values: those of published answers, as expected.py computes them, and each rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/xapi/answers.h"
#include "source/xapi/counters/figures.h"

enum { ABSENT = -1 };

/* Values by "counter\tinstance", as text; and the counters that were offered. */
struct found {
    GHashTable *values;
    GHashTable *offers;
};

static void take_value(void *context, size_t counter, const char *instance, int64_t value) {
    struct found *found = context;
    char *key = g_strdup_printf("%s\t%s", figures_name(counter), instance);
    assert_false(g_hash_table_contains(found->values, key));
    g_hash_table_insert(found->values, key, g_strdup_printf("%lld", (long long)value));
}

static void take_offer(void *context, size_t counter) {
    struct found *found = context;
    g_hash_table_add(found->offers, (gpointer)figures_name(counter));
}

static struct found found_new(const struct subject *subject) {
    struct found found = {g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
                          g_hash_table_new(g_str_hash, g_str_equal)};
    const struct figures_output output = {
        .context = &found, .offer = take_offer, .value = take_value};
    figures_emit(subject, &output);
    return found;
}

static void found_done(struct found *found) {
    g_hash_table_destroy(found->values);
    g_hash_table_destroy(found->offers);
}

static int64_t value_of(const struct found *found, const char *counter, const char *instance) {
    char *key = g_strdup_printf("%s\t%s", counter, instance);
    const char *text = g_hash_table_lookup(found->values, key);
    g_free(key);
    return text ? atoll(text) : ABSENT;
}

/* What is recorded of a guest and its host. */
static struct pool_device nics[] = {{(char *)"0", true, 0, 0}};
static struct pool_device disks[] = {{(char *)"xvda", true, 2048, 1024},
                                     {(char *)"xvdb", true, 4096, 1024}};
static struct pool_device pifs[] = {{(char *)"eth0", true, 0, 0}, {(char *)"eth1", true, 0, 0}};
static struct pool_sr srs[] = {{.uuid = (char *)"caa66549-0000-4000-8000-000000000001"}};
static struct pool pool = {.srs = srs, .sr_count = 1};
static const struct pool_host host = {
    .mhz = 2999, .threads = 1, .boot_time = 1630403754, .nics = {pifs, 2, 2}};
static const struct pool_vm guest = {.cpus = 2,
                                     .memory_maximum = 5368709120.0,
                                     .start_time = 1627900000,
                                     .devices_known = true,
                                     .nics = {nics, 1, 1},
                                     .disks = {disks, 2, 2}};

static size_t compare_expected(const char *kind, const struct found *found) {
    size_t size = 0, count = 0;
    char *text = read_answer("expected.tsv", &size);
    char **lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line && **line; line++) {
        char **parts = g_strsplit(*line, "\t", 4);
        if (strcmp(parts[0], kind) == 0) {
            count++;
            if (value_of(found, parts[1], parts[2]) != atoll(parts[3]))
                fail_msg("%s: got %lld", *line, (long long)value_of(found, parts[1], parts[2]));
        }
        g_strfreev(parts);
    }
    g_strfreev(lines);
    g_free(text);
    return count;
}

static void read_updates(struct updates *updates, const char *name) {
    size_t size = 0;
    struct error error = {0};
    char *text = read_answer(name, &size);
    if (!text)
        skip();
    assert_true(updates_read(updates, text, size, &error));
    g_free(text);
}

static void test_guest(void **state) {
    (void)state;
    struct updates updates;
    read_updates(&updates, "derived-vm-rrd_updates.xml");
    struct layouts *layouts = layouts_new(&updates);
    struct subject subject = {
        .updates = &updates,
        .layout = layouts_find(layouts, OWNER_VM, "00000000-0000-4000-8000-000000000101"),
        .pool = &pool,
        .vm = &guest,
        .host = &host,
        .end = 1627907565,
        .interval = 20,
    };
    struct found found = found_new(&subject);
    size_t count = compare_expected("vm", &found);
    assert_int_equal(count + 1, g_hash_table_size(found.values));
    assert_int_equal(value_of(&found, "sys.uptime.latest", ""), 7565);
    /* NaN among the rows, and requests whose row before is not there. */
    assert_int_equal(value_of(&found, "cpu.used.summation", "0"), ABSENT);
    assert_true(g_hash_table_contains(found.offers, "cpu.used.summation"));
    assert_int_equal(value_of(&found, "virtualDisk.numberReadAveraged.average", "xvda"), ABSENT);
    found_done(&found);

    /* Now there is one; the records are of this time. */
    subject.interval = 10;
    subject.at_moment = true;
    found = found_new(&subject);
    assert_int_equal(value_of(&found, "cpu.used.summation", "0"), 2500);
    assert_int_equal(value_of(&found, "cpu.used.summation", ""), 3750);
    assert_int_equal(value_of(&found, "virtualDisk.numberReadAveraged.average", "xvda"), 64);
    assert_int_equal(value_of(&found, "virtualDisk.numberReadAveraged.average", ""), 64);
    assert_int_equal(value_of(&found, "virtualDisk.readLatencyUS.latest", "xvda"), 850);
    assert_int_equal(value_of(&found, "virtualDisk.readLatencyUS.latest", "xvdb"), 0);
    assert_int_equal(value_of(&found, "virtualDisk.readLatencyUS.latest", ""), 850);
    assert_int_equal(value_of(&found, "virtualDisk.totalWriteLatency.average", "xvda"), 1);
    assert_int_equal(value_of(&found, "disk.provisioned.latest", ""), 6);
    assert_int_equal(value_of(&found, "disk.used.latest", "xvda"), 1);
    assert_int_equal(value_of(&found, "cpu.corecount.provisioned.average", ""), 2);
    found_done(&found);
    layouts_free(layouts);
    updates_done(&updates);
}

static void test_host(void **state) {
    (void)state;
    struct updates updates;
    read_updates(&updates, "ch8.2-rrd_updates.xml");
    struct layouts *layouts = layouts_new(&updates);
    struct subject subject = {
        .updates = &updates,
        .layout = layouts_find(layouts, OWNER_HOST, "00000000-0000-4000-8000-00000000000a"),
        .pool = &pool,
        .host = &host,
        .end = 1630575355,
        .interval = 20,
    };
    struct found found = found_new(&subject);
    assert_int_equal(compare_expected("host", &found), g_hash_table_size(found.values));
    found_done(&found);
    /* A row that is not there. */
    static const struct {
        int64_t end;
        int64_t interval;
    } others[] = {{1630575360, 20}, {1630575354, 20}, {1630575355, 25}, {1630575355, 7}};
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        subject.end = others[i].end;
        subject.interval = others[i].interval;
        found = found_new(&subject);
        assert_int_equal(g_hash_table_size(found.values), 0);
        found_done(&found);
    }
    layouts_free(layouts);
    updates_done(&updates);
}

/* One row of one guest with these data sources. */
static struct found found_of(const char *const *sources, const struct pool_vm *vm) {
    GString *text = g_string_new("<xport><meta><step>20</step><legend>");
    GString *values = g_string_new("");
    for (int i = 0; sources[i]; i++) {
        char **parts = g_strsplit(sources[i], "=", 2);
        g_string_append_printf(text, "<entry>AVERAGE:vm:u:%s</entry>", parts[0]);
        g_string_append_printf(values, "<v>%s</v>", parts[1]);
        g_strfreev(parts);
    }
    g_string_append_printf(text,
                           "</legend></meta><data><row><t>40</t>%s</row><row><t>20</t>%s</row>"
                           "</data></xport>",
                           values->str, values->str);
    struct updates updates;
    struct error error = {0};
    assert_true(updates_read(&updates, text->str, text->len, &error));
    struct layouts *layouts = layouts_new(&updates);
    const struct subject subject = {.updates = &updates,
                                    .layout = layouts_find(layouts, OWNER_VM, "u"),
                                    .pool = &pool,
                                    .vm = vm,
                                    .host = &host,
                                    .end = 40,
                                    .interval = 20};
    struct found found = found_new(&subject);
    layouts_free(layouts);
    updates_done(&updates);
    g_string_free(text, TRUE);
    g_string_free(values, TRUE);
    return found;
}

static void check(const char *const *sources, const struct pool_vm *vm, const char *counter,
                  const char *instance, int64_t value) {
    struct found found = found_of(sources, vm);
    if (value_of(&found, counter, instance) != value)
        fail_msg("%s %s: %lld, not %lld", counter, instance,
                 (long long)value_of(&found, counter, instance), (long long)value);
    found_done(&found);
}

#define SOURCES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_cpu(void **state) {
    (void)state;
    /* xapi before 23.32 has no cpu_usage; a vCPU that lacks makes no mean. */
    check(SOURCES("cpu0=0.5", "cpu1=0.25"), &guest, "cpu.usage.average", "", 3750);
    check(SOURCES("cpu0=0.5"), &guest, "cpu.usage.average", "", ABSENT);
    check(SOURCES("cpu0=0.5", "cpu1=NaN"), &guest, "cpu.usage.average", "", ABSENT);
    check(SOURCES("cpu_usage=NaN", "cpu0=0.5", "cpu1=0.5"), &guest, "cpu.usage.average", "",
          ABSENT);
    /* A vCPU that is offline is 0. */
    check(SOURCES("cpu0=0.5", "cpu1=0.5", "cpu2=0"), &guest, "cpu.usage.average", "", 5000);
    /* What a decimal fraction loses as a double is not rounded away. */
    check(SOURCES("cpu_usage=0.29"), &guest, "cpu.usage.average", "", 2900);
    check(SOURCES("cpu0=0.0029"), &guest, "cpu.used.summation", "0", 58);
    check(SOURCES("cpu0-C0=0.5", "cpu=0.5", "cpux=0.5"), &guest, "cpu.used.summation", "", ABSENT);
}

static void test_memory(void **state) {
    (void)state;
    check(SOURCES("memory=4194304", "memory_internal_free=1024"), &guest, "mem.usage.average", "",
          7500);
    /* Without an agent, and with one that tells more than there is. */
    check(SOURCES("memory=4194304"), &guest, "mem.usage.average", "", ABSENT);
    check(SOURCES("memory=4194304", "memory_internal_free=8192"), &guest, "mem.usage.average", "",
          ABSENT);
    check(SOURCES("memory=6442450944"), &guest, "mem.vmmemctl.average", "", 0);
}

static void test_devices(void **state) {
    (void)state;
    const char *const *both = SOURCES("vif_0_rx=2048", "vif_0_tx=1024");
    struct pool_vm other = guest;
    check(both, &guest, "net.usage.average", "", 3);
    /* A NIC that the records do not know, and one that has no data source. */
    check(SOURCES("vif_0_rx=2048", "vif_1_rx=1024"), &guest, "net.received.average", "", ABSENT);
    check(SOURCES("vif_0_rx=2048", "vif_1_rx=1024"), &guest, "net.received.average", "1", 1);
    check(SOURCES("vif_1_rx=1024"), &guest, "net.received.average", "", ABSENT);
    other.devices_known = false;
    check(both, &other, "net.usage.average", "", ABSENT);
    check(both, &other, "net.usage.average", "0", 3);
    /* A CD drive is no disk. */
    struct pool_device drives[] = {{(char *)"xvda", true, 0, 0}, {(char *)"xvdd", false, 0, 0}};
    other = guest;
    other.disks = (struct pool_devices){drives, 2, 2};
    check(SOURCES("vbd_xvda_read=1024", "vbd_xvdd_read=1024"), &other, "disk.read.average", "", 1);
    check(SOURCES("vbd_xvda_read=1024", "vbd_xvdd_read=1024"), &other, "virtualDisk.read.average",
          "xvdd", ABSENT);
    /* MiB per second are no bytes. */
    check(SOURCES("vbd_xvda_io_throughput_read=1"), &other, "virtualDisk.read.average", "xvda",
          ABSENT);
}

/* What the shared table has to give is there, and the formula is this source's. */
static void test_catalog(void **state) {
    (void)state;
    struct catalog *catalog = figures_catalog();
    for (size_t i = 0; i < catalog_size(catalog); i++) {
        const struct counter *counter = catalog_at(catalog, i);
        assert_string_equal(counter->name, figures_name(i));
        assert_non_null(counter->unit);
        assert_non_null(counter->rollup);
        assert_non_null(counter->stats);
        assert_non_null(counter->label);
        assert_non_null(counter->summary);
        assert_null(strstr(counter->formula, "D("));
        assert_non_null(counter->fidelity);
    }
    assert_null(figures_name(catalog_size(catalog)));
    catalog_free(catalog);
}

int main(void) {
    pool.sr_numbers = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(pool.sr_numbers, (char *)"caa66549", GSIZE_TO_POINTER(1));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_catalog), cmocka_unit_test(test_guest),
        cmocka_unit_test(test_host),    cmocka_unit_test(test_cpu),
        cmocka_unit_test(test_memory),  cmocka_unit_test(test_devices),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_hash_table_destroy(pool.sr_numbers);
    return failed;
}
