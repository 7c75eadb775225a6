/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* InfluxDB's line protocol, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink/written.h"

static const struct counter usage = {.name = "cpu.usage.average", .unit = "percent"},
                            ready = {.name = "cpu.ready.summation", .unit = "millisecond"},
                            cache = {.name = "mem.vmfs.pbc.size.latest", .unit = "megaBytes"},
                            reads = {.name = "datastore.read.average", .unit = "kiloBytes"},
                            uptime = {.name = "sys.uptime.latest", .unit = "second"},
                            unknown = {.name = "#131", .unit = "unknown"};

static const struct entity guest = {.type = ENTITY_VM,
                                    .source = "vc",
                                    .hypervisor = "esxi",
                                    .name = "web 1",
                                    .id = "vm-9",
                                    .guest_id = "debian11_64Guest",
                                    .memory_kib = 2097152},
                           host = {.type = ENTITY_HOST,
                                   .source = "vc",
                                   .hypervisor = "kvm",
                                   .name = "a,b",
                                   .id = "host-1"};

#define GUEST ",vcenter=vc,source=web\\ 1,moid=vm-9,vmname=web\\ 1,guest=debian11_64"
#define HOST ",vcenter=vc,source=a\\,b,moid=host-1,esxhostname=a\\,b,hypervisor=kvm"
#define MEMORY ",memorySizeMB=\"2048\" "

/* Fields of one time share a line, in whatever order they come; a time may lack some. */
static void test_lines(void **state) {
    static const struct sample two[] = {{10, 459}, {30, -1}}, one[] = {{30, 1000}};
    (void)state;
    struct written *to = begin("influx", &(struct sink_options){0});
    put(to, &guest, &usage, "", 2, two);
    put(to, &guest, &uptime, "", 1, one);
    put(to, &guest, &ready, "0", 1, one);
    put(to, &guest, &ready, "", 1, one);
    put(to, &guest, &ready, "1", 0, NULL);
    put(to, &host, &cache, "", 1, one);
    check(to, "vsphere_vm_cpu" GUEST ",cpu=instance-total usage_average=4.59" MEMORY "10000000000\n"
              "vsphere_vm_cpu" GUEST
              ",cpu=instance-total usage_average=-0.01,ready_summation=1000" MEMORY "30000000000\n"
              "vsphere_vm_sys" GUEST " uptime_latest=1000" MEMORY "30000000000\n"
              "vsphere_vm_cpu" GUEST ",cpu=0 ready_summation=1000" MEMORY "30000000000\n"
              "vsphere_host_mem" HOST " vmfs_pbc_size_latest=1000 30000000000\n");
}

static void test_volumes(void **state) {
    static const struct sample one[] = {{30, 7}};
    const struct entity store = {
        .type = ENTITY_DATASTORE, .source = "vc", .name = "fast", .id = "ds-1", .uuid = "5f-1"};
    struct inventory *inventory = inventory_new();
    (void)state;
    inventory_add(inventory, &store);
    struct written *to = begin("influx", &(struct sink_options){0});
    to->sink.ops->know(&to->sink, inventory);
    put(to, &host, &reads, "5f-1", 1, one);
    put(to, &host, &reads, "5f-2", 1, one);
    put(to, &host, &reads, "", 1, one);
    put(to, &host, &unknown, "", 1, one);
    check(to, "vsphere_host_datastore" HOST ",lun=5f-1,dsname=fast read_average=7 30000000000\n"
              "vsphere_host_datastore" HOST ",lun=5f-2,dsname=5f-2 read_average=7 30000000000\n"
              "vsphere_host_datastore" HOST
              ",lun=instance-total,dsname=instance-total read_average=7 30000000000\n"
              "vsphere_host" HOST " #131=7 30000000000\n");
    inventory_free(inventory);
}

/* A datastore that is added or renamed later. */
static void test_new_volumes(void **state) {
    static const struct sample one[] = {{30, 7}}, two[] = {{50, 8}}, three[] = {{70, 9}};
    struct entity store = {
        .type = ENTITY_DATASTORE, .source = "vc", .name = "fast", .id = "ds-1", .uuid = "5f-1"};
    struct written *to = begin("influx", &(struct sink_options){0});
    (void)state;
    put(to, &host, &reads, "5f-1", 1, one);
    for (int i = 0; i < 2; i++) {
        struct inventory *inventory = inventory_new();
        store.name = i ? "slow" : "fast";
        inventory_add(inventory, &store);
        to->sink.ops->know(&to->sink, inventory);
        put(to, &host, &reads, "5f-1", 1, i ? three : two);
        inventory_free(inventory);
    }
    check(to, "vsphere_host_datastore" HOST ",lun=5f-1,dsname=5f-1 read_average=7 30000000000\n"
              "vsphere_host_datastore" HOST ",lun=5f-1,dsname=fast read_average=8 50000000000\n"
              "vsphere_host_datastore" HOST ",lun=5f-1,dsname=slow read_average=9 70000000000\n");
}

/* No reader takes a backslash of the name for an escape. */
static void test_names(void **state) {
    static const struct {
        const char *name;
        const char *tag;
    } rows[] = {
        {"a=b", "a\\=b"},   {"two\nlines\r", "two\\nlines\\r"},
        {"a\\b", "a\\b"},   {"a\\, b", "a\\,\\ b"},
        {"end\\", "end"},   {"\\\\x", "\\x"},
        {"\"q\"", "\"q\""}, {"\377", "\357\277\275"},
    };
    static const struct sample one[] = {{30, 7}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char expected[256];
        const struct entity named = {
            .type = ENTITY_HOST, .hypervisor = "esxi", .name = rows[i].name};
        snprintf(expected, sizeof expected,
                 "vsphere_host_sys,source=%s,esxhostname=%s uptime_latest=7 30000000000\n",
                 rows[i].tag, rows[i].tag);
        struct written *to = begin("influx", &(struct sink_options){0});
        put(to, &named, &uptime, "", 1, one);
        check(to, expected);
    }
}

/* The series of several targets come side by side; what has come is complete with its round. */
static void test_rounds(void **state) {
    static const struct sample one[] = {{30, 7}};
    struct error error = {0};
    (void)state;
    struct written *to = begin("influx", &(struct sink_options){0});
    put(to, &guest, &ready, "0", 1, one);
    to->sink.target = 1;
    put(to, &host, &uptime, "", 1, one);
    to->sink.target = 0;
    put(to, &guest, &usage, "0", 1, one);
    assert_true(sink_round_end(&to->sink, &error));
    fflush(to->sink.stream);
    assert_string_equal(to->text,
                        "vsphere_vm_cpu" GUEST ",cpu=0 ready_summation=7,usage_average=0.07" MEMORY
                        "30000000000\n");
    sink_end(&to->sink);
    fflush(to->sink.stream);
    assert_non_null(strstr(to->text, "\nvsphere_host_sys" HOST));
    sink_done(&to->sink);
    fclose(to->sink.stream);
    free(to->text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),       cmocka_unit_test(test_volumes),
        cmocka_unit_test(test_new_volumes), cmocka_unit_test(test_names),
        cmocka_unit_test(test_rounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
