/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Names and units of metrics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <math.h>
#include <string.h>

#include "core/catalog.h"
#include "sink/metric_name.h"
#include "source/libvirt/counters/mapping.h"
#include "source/vsphere/inventory/space.h"

static const struct {
    const char *counter;
    const char *unit;
    const char *stats;
    const char *name;
    const char *base;
    bool total;
} names[] = {
    {"cpu.usage.average", "percent", "rate", "vperf_cpu_usage_ratio", "ratio", false},
    {"cpu.usage.maximum", "percent", "rate", "vperf_cpu_usage_maximum_ratio", "ratio", false},
    {"cpu.usage.none", "percent", "rate", "vperf_cpu_usage_none_ratio", "ratio", false},
    {"cpu.ready.summation", "millisecond", "delta", "vperf_cpu_ready_seconds", "seconds", true},
    {"cpu.usagemhz.average", "megaHertz", "rate", "vperf_cpu_usagemhz_hertz", "hertz", false},
    {"disk.numberReadAveraged.average", "number", "rate", "vperf_disk_number_read_averaged", "",
     false},
    {"mem.vmfs.pbc.sizeMax.latest", "megaBytes", "absolute", "vperf_mem_vmfs_pbc_size_max_bytes",
     "bytes", false},
    {"net.received.average", "kiloBytesPerSecond", "rate", "vperf_net_received_bytes_per_second",
     "bytes_per_second", false},
    {"power.energy.summation", "joule", "delta", "vperf_power_energy_joules", "joules", true},
    {"gpu.temperature.average", "celsius", "absolute", "vperf_gpu_temperature_celsius", "celsius",
     false},
    {"gpu.temperature.latest", "celsius", "absolute", "vperf_gpu_temperature_latest_celsius",
     "celsius", false},
    {"sys.heartbeat.latest", "number", "absolute", "vperf_sys_heartbeat_latest", "", false},
    {"sys.heartbeat.summation", "number", "delta", "vperf_sys_heartbeat", "", true},
    {"datastore.datastoreVMObservedLatency.latest", "microsecond", "absolute",
     "vperf_datastore_datastore_vm_observed_latency_seconds", "seconds", false},
    {"datastore.numVMs.latest", "number", "absolute", "vperf_datastore_num_vms", "", false},
    {"vflashModule.numActiveVMDKs.latest", "number", "absolute",
     "vperf_vflash_module_num_active_vmdks", "", false},
    {"virtualDisk.readLatencyUS.latest", "microsecond", "absolute",
     "vperf_virtual_disk_read_latency_seconds", "seconds", false},
    {"rescpu.sampleCount.latest", "number", "absolute", "vperf_rescpu_sample_count_latest", "",
     false},
    {"storage.commands.total.summation", "number", "delta", "vperf_storage_commands", "", true},
    {"net.throughput.vds.txTotal.average", "number", "absolute",
     "vperf_net_throughput_vds_tx_total_average", "", false},
    {"vcDebugInfo.lockstats.summation", "number", "absolute",
     "vperf_vc_debug_info_lockstats_summation", "", false},
    {"vmx.poll.itersPerS.latest", "number", "absolute", "vperf_vmx_poll_iters_per_second", "",
     false},
    {"#131", "unknown", "", "vperf_unknown_131", "", false},
};

static void test_names(void **state) {
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        struct metric metric;
        const struct counter counter = {
            .name = names[i].counter, .unit = names[i].unit, .stats = names[i].stats};
        metric_init(&metric, &counter, false);
        assert_string_equal(metric.name, names[i].name);
        assert_string_equal(metric.unit, names[i].base);
        assert_int_equal(metric.total, names[i].total);
        assert_int_equal(strncmp(metric.help, counter.name, strlen(counter.name)), 0);
        metric_done(&metric);
    }
}

static void test_rollup_on_demand(void **state) {
    static const struct counter usage = {.name = "cpu.usage.average", .unit = "percent"};
    struct metric metric;
    (void)state;
    metric_init(&metric, &usage, true);
    assert_string_equal(metric.name, "vperf_cpu_usage_average_ratio");
    metric_done(&metric);
}

/* Names as Prometheus wants them; none comes twice. */
static void add_name(GHashTable *known, const struct counter *counter) {
    struct metric metric;
    metric_init(&metric, counter, false);
    assert_true(g_regex_match_simple("^vperf(_[a-z0-9]+)+$", metric.name, 0, 0));
    assert_false(g_str_has_suffix(metric.name, "_total"));
    assert_true(g_hash_table_add(known, g_strdup(metric.name)));
    metric_done(&metric);
}

/* What vperf computes itself; the servers' catalogues are the whole-program tests'. */
static void test_own_counters(void **state) {
    GHashTable *known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct catalog *catalog = catalog_new();
    (void)state;
    space_define(catalog);
    for (size_t i = 0; i < mapping_count(); i++)
        catalog_add(catalog, mapping_counter(i));
    for (size_t i = 0; i < catalog_size(catalog); i++)
        add_name(known, catalog_at(catalog, i));
    assert_true(g_hash_table_size(known) > mapping_count());
    g_hash_table_destroy(known);
    catalog_free(catalog);
}

static void test_values(void **state) {
    static const struct {
        const char *unit;
        int64_t value;
        const char *text;
    } rows[] = {
        {"percent", 459, "0.0459"},
        {"percent", 10000, "1"},
        {"percent", -1, "-0.0001"},
        {"percent", 25000, "2.5"},
        {"percent", 0, "0"},
        {"number", INT64_MIN, "-9223372036854775808"},
        {"kiloBytes", 3, "3072"},
        {"megaBytes", 1, "1048576"},
        {"gigaBytes", 1, "1073741824"},
        {"teraBytes", 2, "2199023255552"},
        {"teraBytes", 558345748480, "558345748480"},
        {"kiloBytesPerSecond", 100, "102400"},
        {"millisecond", 1200, "1.2"},
        {"millisecond", 20000, "20"},
        {"microsecond", 1000001, "1.000001"},
        {"nanosecond", 10, "0.00000001"},
        {"nanosecond", INT64_MAX, "9223372036.854775807"},
        {"megaHertz", 2400, "2400000000"},
        {"second", 61, "61"},
        {"unknown", 7, "7"},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct metric metric;
        char text[METRIC_TEXT_SIZE] = "";
        const struct counter counter = {.name = "a.b.latest", .unit = rows[i].unit};
        metric_init(&metric, &counter, false);
        text[metric_text(text, metric.scale, rows[i].value)] = '\0';
        assert_string_equal(text, rows[i].text);
        double number = g_ascii_strtod(text, NULL);
        assert_true(fabs(metric_number(metric.scale, rows[i].value) - number) <=
                    fabs(number) * 1e-15);
        metric_done(&metric);
    }
}

/* Beyond 64 bits the digits are those of a float. */
static void test_large_values(void **state) {
    char text[METRIC_TEXT_SIZE] = "";
    (void)state;
    text[metric_text(text, (struct metric_scale){1024, 0}, INT64_MAX)] = '\0';
    assert_true(g_ascii_strtod(text, NULL) == (double)INT64_MAX * 1024);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),        cmocka_unit_test(test_rollup_on_demand),
        cmocka_unit_test(test_own_counters), cmocka_unit_test(test_values),
        cmocka_unit_test(test_large_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
