/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Answers of Proxmox VE as samples and values. Those that others published lie beside the project,
 * or where VPERF_PVE_RECORDED says; their figures were computed with Python's json.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "source/pve/cluster.h"
#include "source/pve/counters.h"
#include "source/pve/read.h"
#include "source/rest/helper/json.h"

static bool wanted[256];

/* The last value of each counter and instance. */
struct values {
    GHashTable *by_name;
    const struct catalog *catalog;
};

static void keep_value(void *context, size_t counter, const char *instance, int64_t value) {
    const struct values *values = context;
    char *key = memory_printf("%s %s", catalog_at(values->catalog, counter)->name, instance);
    g_hash_table_replace(values->by_name, key, GSIZE_TO_POINTER(value + 1));
}

static int64_t value_of(const struct values *values, const char *key) {
    return (int64_t)GPOINTER_TO_SIZE(g_hash_table_lookup(values->by_name, key)) - 1;
}

static struct values values_of(const struct pve_guest *before, const struct pve_guest *now) {
    struct values values = {g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL),
                            pve_catalog(true)};
    const struct pve_output output = {.context = &values, .wanted = wanted, .value = keep_value};
    pve_guest_values(before, now, &output);
    return values;
}

static void values_done(struct values *values) {
    g_hash_table_destroy(values->by_name);
    catalog_free((struct catalog *)values->catalog);
}

static json_t *parse(const char *text) {
    struct error error = {0};
    json_t *root = rest_json_parse(text, strlen(text), "test", &error);
    assert_non_null(root);
    return root;
}

/* NULL when the folder is not there. */
static json_t *recorded(const char *name) {
    const char *folder = getenv("VPERF_PVE_RECORDED");
    char *path =
        memory_printf("%s/%s", folder ? folder : VPERF_TEST_DATA "/../../../shared/data/pve", name);
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    if (!root)
        print_message("no %s: VPERF_PVE_RECORDED may name its folder\n", path);
    free(path);
    return root;
}

static void test_qemu_of_8(void **state) {
    json_t *root = recorded("pve8.0-qemu-status-current.json");
    struct pve_guests guests = {0};
    (void)state;
    if (!root)
        skip();
    pve_read_qemu(json_object_get(root, "data"), &guests);
    assert_int_equal(guests.count, 1);
    struct pve_guest *guest = &guests.items[0];
    assert_true(guest->running && !guest->silent && guest->cpus == 8);
    assert_int_equal(guest->pid, 1563102);
    assert_int_equal(guest->values[PVE_UPTIME], 170815);
    assert_int_equal(guest->disks.count, 2);
    pve_device(&guest->disks, "ide2")->cdrom = true;
    guest->disks_known = true;
    guest->cpu = 0.0112815646165076;
    pve_derive(guest, &(struct pve_view){20, 2500, guest->values[PVE_LAST_UPDATE]});
    assert_int_equal(guest->values[PVE_READ], 649448960);
    assert_int_equal(guest->values[PVE_WRITTEN], 1515457024);
    assert_int_equal(guest->values[PVE_DISKREAD], 649448960 + 344348);
    struct values values = values_of(NULL, guest);
    assert_int_equal(value_of(&values, "cpu.usage.average "), 112);
    assert_int_equal(value_of(&values, "cpu.used.summation "), 1805);
    assert_int_equal(value_of(&values, "cpu.usagemhz.average "), 225);
    assert_int_equal(value_of(&values, "mem.usage.average "), 5596);
    assert_int_equal(value_of(&values, "mem.vmmemctl.average "), 0);
    assert_int_equal(value_of(&values, "mem.consumed.average "), -1);
    assert_int_equal(value_of(&values, "disk.read.average "), -1);
    values_done(&values);
    pve_guests_done(&guests);
    json_decref(root);
}

static void test_qemu_of_9(void **state) {
    json_t *root = recorded("pve9.1-qemu-status-current-fragment.json");
    struct pve_guests guests = {0};
    (void)state;
    if (!root)
        skip();
    pve_read_qemu(json_object_get(root, "data"), &guests);
    struct pve_guest *guest = &guests.items[0];
    assert_true(guest->silent);
    pve_derive(guest, &(struct pve_view){20, 0, 0});
    assert_int_equal(guest->values[PVE_CONSUMED], 3768188928);
    assert_int_equal(guest->nics.count, 1);
    assert_string_equal(guest->nics.items[0].name, "net0");
    assert_int_equal(guest->nics.items[0].values[PVE_RX_BYTES], 1496334773);
    pve_guests_done(&guests);
    json_decref(root);
}

static void test_containers_of_9(void **state) {
    json_t *root = recorded("pve9.2-node-lxc-list.json");
    struct pve_guests guests = {0};
    (void)state;
    if (!root)
        skip();
    pve_read_lxc(json_object_get(root, "data"), &guests);
    GHashTable *by_number = pve_guests_by_number(&guests);
    struct pve_guest *guest = g_hash_table_lookup(by_number, &(int64_t){101});
    assert_non_null(guest);
    guest->cpu = -5.75291683982414e-05;
    pve_derive(guest, &(struct pve_view){20, 2500, 0});
    assert_int_equal(guest->values[PVE_CPU_USAGE], ABSENT);
    assert_int_equal(guest->values[PVE_CONSUMED], 21114880);
    assert_int_equal(guest->values[PVE_READ], 258342912);
    assert_int_equal(guest->values[PVE_CPU_SOME], 0);
    g_hash_table_destroy(by_number);
    pve_guests_done(&guests);
    json_decref(root);
}

static void test_strings_of_6(void **state) {
    json_t *root = recorded("pve5-6-node-lxc-list-strings.json");
    struct pve_guests guests = {0};
    (void)state;
    if (!root)
        skip();
    pve_read_lxc(json_object_get(root, "data"), &guests);
    assert_int_equal(guests.items[0].vmid, 111);
    assert_int_equal(guests.items[0].values[PVE_DISK], 744189952);
    assert_int_equal(guests.items[0].values[PVE_MEM], 98500608);
    pve_guests_done(&guests);
    json_decref(root);
}

static void test_nodes(void **state) {
    static const struct {
        const char *file;
        const char *version;
        int32_t mhz;
        int64_t used;
    } cases[] = {
        {"pve7.4-node-status.json", "7.4-16", 3400, 8095399936},
        {"pve9.2-node-status.json", "9.2.2", 4400, 16423432192 - 13701681152},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *root = recorded(cases[i].file);
        struct pve_node node;
        if (!root)
            skip();
        pve_node_init(&node);
        pve_read_node(json_object_get(root, "data"), &node);
        assert_string_equal(node.version, cases[i].version);
        assert_int_equal(node.mhz, cases[i].mhz);
        assert_int_equal(node.values[PVE_NODE_MEM_USED], cases[i].used);
        pve_node_done(&node);
        json_decref(root);
    }
}

static void count_metric(void *context, const struct pve_metric *metric) {
    double *sum = context;
    sum[0]++;
    if (strcmp(metric->id, "node/pve1") == 0 && strcmp(metric->metric, "cpu_current") == 0)
        sum[1] = metric->value;
}

static void test_export_of_8(void **state) {
    json_t *root = recorded("pve8.4-cluster-metrics-export.json");
    double sum[2] = {0};
    (void)state;
    if (!root)
        skip();
    const json_t *data = json_object_get(root, "data");
    pve_read_export(data, count_metric, sum);
    assert_true(sum[0] == (double)json_array_size(json_object_get(data, "data")));
    assert_true(sum[1] == 0.00451518824996925);
    json_decref(root);
}

static void count_row(void *context, const struct pve_row *row) {
    int *counts = context;
    counts[0]++;
    counts[1] += !isnan(row->cpu);
}

static void test_rrd_of_8(void **state) {
    json_t *root = recorded("pve8.0-qemu-rrddata-hour.json");
    int counts[2] = {0};
    (void)state;
    if (!root)
        skip();
    pve_read_rrd(json_object_get(root, "data"), count_row, counts);
    assert_int_equal(counts[0], 70);
    assert_int_equal(counts[1], 0);
    json_decref(root);
}

static void test_cluster_of_7(void **state) {
    json_t *root = recorded("pve7.4-cluster-resources.json");
    json_t *status = recorded("pve7.x-cluster-status.json");
    struct pve_cluster cluster;
    (void)state;
    if (!root || !status)
        skip();
    pve_cluster_init(&cluster);
    pve_cluster_name(&cluster, json_object_get(status, "data"));
    struct inventory *inventory = pve_inventory(&cluster, json_object_get(root, "data"));
    size_t guests = 0;
    for (size_t i = 0; i < inventory->count; i++) {
        assert_string_not_equal(inventory->entities[i]->id, "clustername/101"); /* a template */
        guests += inventory->entities[i]->type == ENTITY_VM;
    }
    assert_true(guests > 0);
    GHashTable *online = pve_online_nodes(json_object_get(root, "data"));
    assert_true(g_hash_table_contains(online, "node3"));
    g_hash_table_destroy(online);
    inventory_free(inventory);
    pve_cluster_done(&cluster);
    json_decref(root);
    json_decref(status);
}

static const char two_looks[] =
    "{\"data\":[{\"vmid\":7,\"status\":\"running\",\"pid\":9,\"uptime\":100,\"cpus\":2,"
    "\"nics\":{\"tap7i0\":{\"netin\":1000,\"netout\":2000}},\"blockstat\":{\"scsi0\":{"
    "\"rd_bytes\":4096,\"rd_operations\":10,\"rd_total_time_ns\":5000000,\"wr_bytes\":0,"
    "\"wr_operations\":0,\"wr_total_time_ns\":0}}},"
    "{\"vmid\":7,\"status\":\"running\",\"pid\":9,\"uptime\":120,\"cpus\":2,"
    "\"nics\":{\"tap7i0\":{\"netin\":205800,\"netout\":1000}},\"blockstat\":{\"scsi0\":{"
    "\"rd_bytes\":413696,\"rd_operations\":50,\"rd_total_time_ns\":65000000,\"wr_bytes\":0,"
    "\"wr_operations\":0,\"wr_total_time_ns\":0},\"scsi1\":{\"rd_bytes\":5}}}]}";

/* 20 s between two looks: 204800 and 409600 bytes, 40 requests of 1.5 ms. */
static void test_rates(void **state) {
    json_t *root = parse(two_looks);
    struct pve_guests guests = {0};
    (void)state;
    pve_read_qemu(json_object_get(root, "data"), &guests);
    for (size_t i = 0; i < 2; i++) {
        guests.items[i].time_ns = (int64_t)i * 20000000000 + 1;
        guests.items[i].disks_known = true;
        pve_derive(&guests.items[i], &(struct pve_view){20, 0, 0});
    }
    struct values values = values_of(&guests.items[0], &guests.items[1]);
    assert_int_equal(value_of(&values, "net.received.average net0"), 10);
    assert_int_equal(value_of(&values, "net.received.average "), 10);
    assert_int_equal(value_of(&values, "net.transmitted.average net0"), -1); /* it went back */
    assert_int_equal(value_of(&values, "net.usage.average "), -1);
    assert_int_equal(value_of(&values, "virtualDisk.read.average scsi0"), 20);
    assert_int_equal(value_of(&values, "virtualDisk.read.average "), -1); /* a disk came */
    assert_int_equal(value_of(&values, "virtualDisk.readLatencyUS.latest scsi0"), 1500);
    assert_int_equal(value_of(&values, "virtualDisk.totalReadLatency.average scsi0"), 1);
    assert_int_equal(value_of(&values, "virtualDisk.writeLatencyUS.latest scsi0"), 0);
    assert_int_equal(value_of(&values, "virtualDisk.numberReadAveraged.average scsi0"), 2);
    values_done(&values);
    pve_guests_done(&guests);
    json_decref(root);
}

/* Two hours old statistics of a balloon driver say nothing of now; nor do those of a skewed clock.
 */
static void test_old_report(void **state) {
    struct pve_guests guests = {0};
    struct pve_guest *guest = pve_guests_add(&guests);
    (void)state;
    guest->values[PVE_TOTAL_MEM] = 1000;
    guest->values[PVE_FREE_MEM] = 250;
    guest->values[PVE_LAST_UPDATE] = 100000;
    pve_derive(guest, &(struct pve_view){20, 0, 107200});
    assert_int_equal(guest->values[PVE_MEM_USAGE], ABSENT);
    pve_derive(guest, &(struct pve_view){20, 0, 0});
    assert_int_equal(guest->values[PVE_MEM_USAGE], ABSENT);
    pve_derive(guest, &(struct pve_view){20, 0, 100010});
    assert_int_equal(guest->values[PVE_MEM_USAGE], 7500);
    pve_guests_done(&guests);
}

static void test_config(void **state) {
    json_t *root = parse("{\"scsi0\":\"ceph:vm-1,size=10G\",\"ide2\":\"iso,media=cdrom,size=3G\","
                         "\"efidisk0\":\"ceph:vm-2,size=4M\",\"kvm\":0,\"smbios1\":\"uuid=u-1\"}");
    struct pve_config *config = pve_read_config(root);
    (void)state;
    assert_int_equal(config->provisioned_bytes, 10737418240);
    assert_true(g_hash_table_contains(config->cdroms, "ide2") && config->no_kvm);
    assert_string_equal(config->uuid, "u-1");
    pve_config_free(config);
    json_decref(root);
    root = parse("{\"scsi0\":\"/dev/sdb\"}"); /* a disk of the host, of unknown size */
    config = pve_read_config(root);
    assert_int_equal(config->provisioned_bytes, ABSENT);
    pve_config_free(config);
    json_decref(root);
}

/* What was read 10 minutes ago is read again, and if that fails, not in each round. */
static void test_old_configs(void **state) {
    static const int64_t minute_ns = 60 * 1000000000LL;
    struct pve_cluster cluster;
    json_t *root = parse("{\"smbios1\":\"uuid=u-1\"}");
    (void)state;
    pve_cluster_init(&cluster);
    assert_true(pve_cluster_needs(&cluster, "qemu/1", "pve1", 0));
    assert_false(pve_cluster_is_old(&cluster, "qemu/1", 10 * minute_ns));
    pve_cluster_keep(&cluster, "qemu/1", "pve1", pve_read_config(root), minute_ns);
    assert_false(pve_cluster_needs(&cluster, "qemu/1", "pve1", 10 * minute_ns));
    assert_true(pve_cluster_needs(&cluster, "qemu/1", "pve2", 10 * minute_ns));
    assert_true(pve_cluster_needs(&cluster, "qemu/1", "pve1", 11 * minute_ns));
    assert_true(pve_cluster_is_old(&cluster, "qemu/1", 11 * minute_ns));
    pve_cluster_asked(&cluster, "qemu/1", 11 * minute_ns);
    assert_false(pve_cluster_needs(&cluster, "qemu/1", "pve1", 12 * minute_ns));
    assert_string_equal(pve_cluster_config(&cluster, "qemu/1")->uuid, "u-1");
    pve_cluster_done(&cluster);
    json_decref(root);
}

/* Sums of what a server says that no number holds. */
static void test_sums_beyond_all_bounds(void **state) {
    json_t *root = parse("[{\"vmid\":7,\"status\":\"running\",\"blockstat\":{"
                         "\"scsi0\":{\"rd_bytes\":9223372036854775807,\"wr_bytes\":1},"
                         "\"scsi1\":{\"rd_bytes\":9223372036854775807,\"wr_bytes\":2}}}]");
    struct pve_guests guests = {0};
    (void)state;
    pve_read_qemu(root, &guests);
    guests.items[0].disks_known = true;
    pve_derive(&guests.items[0], &(struct pve_view){20, 0, 0});
    assert_int_equal(guests.items[0].values[PVE_READ], ABSENT);
    assert_int_equal(guests.items[0].values[PVE_WRITTEN], 3);
    pve_guests_done(&guests);
    json_decref(root);
    GString *text = g_string_new("{\"ostype\":\"l26\"");
    for (int i = 0; i < 10; i++)
        g_string_append_printf(text, ",\"scsi%d\":\"ceph:vm-%d,size=900000T\"", i, i);
    root = parse(g_string_append_c(text, '}')->str);
    struct pve_config *config = pve_read_config(root);
    assert_int_equal(config->provisioned_bytes, ABSENT);
    pve_config_free(config);
    g_string_free(text, TRUE);
    json_decref(root);
}

static void test_times_beyond_all_bounds(void **state) {
    json_t *root = parse("{\"data\":["
                         "{\"id\":\"a\",\"metric\":\"m\",\"value\":1,"
                         "\"timestamp\":-9223372036854775808},"
                         "{\"id\":\"a\",\"metric\":\"m\",\"value\":1,"
                         "\"timestamp\":9223372036854775807},"
                         "{\"id\":\"a\",\"metric\":\"m\",\"value\":1,"
                         "\"timestamp\":1795000000}]}");
    double sum[2] = {0};
    (void)state;
    pve_read_export(root, count_metric, sum);
    assert_true(sum[0] == 1);
    json_decref(root);
}

/* What stands first of a node counts, wherever it stands among the guests. */
static void test_online(void **state) {
    json_t *data = parse("[{\"type\":\"qemu\",\"id\":\"qemu/7\",\"vmid\":7,\"node\":\"a\"},"
                         "{\"type\":\"node\",\"id\":\"node/b\",\"node\":\"b\"},"
                         "{\"type\":\"node\",\"id\":\"node/a\",\"node\":\"a\","
                         "\"status\":\"online\"},"
                         "{\"type\":\"node\",\"id\":\"node/b\",\"node\":\"b\","
                         "\"status\":\"online\"}]");
    GHashTable *online = pve_online_nodes(data);
    (void)state;
    assert_true(g_hash_table_contains(online, "a"));
    assert_false(g_hash_table_contains(online, "b"));
    assert_int_equal(g_hash_table_size(online), 1);
    g_hash_table_destroy(online);
    json_decref(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_qemu_of_8),
        cmocka_unit_test(test_qemu_of_9),
        cmocka_unit_test(test_containers_of_9),
        cmocka_unit_test(test_strings_of_6),
        cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_export_of_8),
        cmocka_unit_test(test_rrd_of_8),
        cmocka_unit_test(test_cluster_of_7),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_old_report),
        cmocka_unit_test(test_config),
        cmocka_unit_test(test_old_configs),
        cmocka_unit_test(test_sums_beyond_all_bounds),
        cmocka_unit_test(test_times_beyond_all_bounds),
        cmocka_unit_test(test_online),
    };
    memset(wanted, 1, sizeof wanted);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
