/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Records as entities: as recorded, with numbers of both kinds, and with what is no guest. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/xapi/answers.h"
#include "source/xapi/records/member.h"
#include "source/xapi/records/pool.h"
#include "source/xapi/wire/answer.h"

static struct pool *pool_of(json_t *records[POOL_CLASSES]) {
    struct pool *pool = pool_new(records);
    for (int i = 0; i < POOL_CLASSES; i++)
        json_decref(records[i]);
    return pool;
}

static json_t *recorded(const char *name) {
    size_t size = 0;
    char *text = read_answer(name, &size);
    if (!text)
        skip();
    json_t *json = json_loadb(text, size, 0, NULL);
    assert_non_null(json);
    g_free(text);
    return json;
}

static void test_recorded_host(void **state) {
    (void)state;
    json_t *records[POOL_CLASSES] = {
        [CLASS_HOST] = recorded("ch8.2-host-record.json"),
        [CLASS_VM] = recorded("ch8.2-vm-records.json"),
    };
    struct pool *pool = pool_of(records);
    assert_int_equal(pool->host_count, 1);
    const struct pool_host *host = pool_host(pool, "00000000-0000-4000-8000-00000000000a");
    assert_ptr_equal(host, &pool->hosts[0]);
    assert_string_equal(host->address, "192.0.2.103");
    assert_int_equal(host->threads, 1);
    assert_true(host->mhz == 2999);
    assert_true(host->boot_time == 1630403754);
    assert_true(host->live);
    /* The template is none. */
    assert_int_equal(pool->vm_count, 1);
    assert_true(pool->vms[0].is_host_domain);
    assert_ptr_equal(pool->vms[0].host, host);
    for (int with = 0; with < 2; with++) {
        struct inventory *inventory = pool_inventory(pool, "xen01", with);
        assert_int_equal(inventory->count, 1 + with);
        assert_string_equal(inventory->entities[with]->hypervisor, "xen");
        inventory_free(inventory);
    }
    pool_free(pool);
}

/* Both records of that file have one uuid. */
static void test_recorded_guests(void **state) {
    (void)state;
    json_t *answer = recorded("xapi24-jsonrpc-vm-get-all-records.json");
    json_t *records[POOL_CLASSES] = {[CLASS_VM] = json_incref(json_object_get(answer, "result"))};
    json_decref(answer);
    struct pool *pool = pool_of(records);
    assert_int_equal(pool->vm_count, 1);
    const struct pool_vm *vm = &pool->vms[0];
    assert_string_equal(vm->name, "win11");
    assert_int_equal(vm->state, STATE_ON);
    assert_int_equal(vm->cpus, 2);
    assert_int_equal(vm->memory_kib, 8 << 20);
    assert_true(vm->memory_maximum == 8589934592.0);
    assert_false(vm->devices_known);
    assert_null(vm->host);
    pool_free(pool);
}

static struct pool *pool_with_devices(void) {
    json_t *records[POOL_CLASSES] = {
        [CLASS_POOL] = read_json("{'p': {'name_label': 'lab', 'master': 'h'}}"),
        [CLASS_HOST] = read_json("{'h': {'uuid': 'H', 'name_label': 'xen01', 'metrics': 'hm',"
                                 "'cpu_info': {'cpu_count': '8', 'threads_per_core': 2}}}"),
        [CLASS_HOST_METRICS] = read_json("{'hm': {'live': false, 'memory_total': '2048'}}"),
        [CLASS_VM] = read_json("{'v': {'uuid': 'V', 'power_state': 'Paused', 'metrics': 'vm',"
                               "'guest_metrics': 'gm', 'VCPUs_max': '4', 'resident_on': 'h',"
                               "'VIFs': ['n0', 'n1'], 'VBDs': ['d0', 'd1', 'd2']},"
                               "'s': {'uuid': 'S', 'is_a_snapshot': true},"
                               "'t': {'uuid': 'T', 'is_a_template': '1'}, 'x': {}}"),
        [CLASS_VM_METRICS] =
            read_json("{'vm': {'VCPUs_number': 2, 'start_time': '20210831T10:03:28Z'}}"),
        [CLASS_VM_GUEST_METRICS] = read_json(
            "{'gm': {'os_version': {'name': 'Debian 12'}, 'networks': {'0/ip': '192.0.2.7'}}}"),
        [CLASS_VIF] = read_json("{'n0': {'device': '0', 'currently_attached': true},"
                                "'n1': {'device': '1', 'currently_attached': false}}"),
        [CLASS_VBD] =
            read_json("{'d0': {'device': 'xvda', 'currently_attached': true, 'type': 'Disk',"
                      "'VDI': 'i0'}, 'd1': {'device': 'xvdd', 'currently_attached': true,"
                      "'type': 'CD', 'VDI': 'OpaqueRef:NULL'},"
                      "'d2': {'device': '', 'currently_attached': false, 'type': 'Disk'}}"),
        [CLASS_VDI] = read_json("{'i0': {'virtual_size': '10240', 'physical_utilisation': 2048}}"),
        [CLASS_SR] =
            read_json("{'a': {'uuid': 'caa66549-1', 'physical_size': '10', 'name_label': 'nfs'},"
                      "'b': {'uuid': 'caa66549-2', 'physical_size': '0'},"
                      "'c': {'uuid': 'caa66549-3', 'physical_size': '9', 'content_type': 'iso'}}"),
        [CLASS_PIF] = read_json(
            "{'e0': {'host': 'h', 'device': 'eth0', 'physical': true, 'currently_attached': true},"
            "'e1': {'host': 'h', 'device': 'eth1', 'physical': true, 'currently_attached': false},"
            "'b0': {'host': 'h', 'device': 'bond0', 'physical': false,"
            "'currently_attached': true}}"),
    };
    return pool_of(records);
}

static void test_devices(void **state) {
    (void)state;
    struct pool *pool = pool_with_devices();
    const struct pool_host *host = &pool->hosts[0];
    assert_string_equal(pool->name, "lab");
    assert_int_equal(host->threads, 8);
    assert_int_equal(host->cores, 4);
    assert_int_equal(host->memory_kib, 2);
    assert_false(host->live);
    assert_int_equal(host->nics.count, 1);
    assert_string_equal(host->nics.items[0].name, "eth0");
    assert_int_equal(pool->vm_count, 1);
    const struct pool_vm *vm = &pool->vms[0];
    assert_int_equal(vm->state, STATE_SUSPENDED);
    assert_int_equal(vm->cpus, 2);
    assert_true(vm->start_time == 1630404208);
    assert_string_equal(vm->guest_os, "Debian 12");
    assert_string_equal(vm->guest_ip, "192.0.2.7");
    assert_true(vm->devices_known);
    assert_int_equal(vm->nics.count, 1);
    assert_int_equal(vm->disks.count, 2);
    assert_true(vm->disks.items[0].counts && vm->disks.items[0].size == 10240);
    assert_false(vm->disks.items[1].counts);
    assert_int_equal(pool->sr_count, 1);
    assert_ptr_equal(pool_sr(pool, "caa66549"), &pool->srs[0]);
    assert_ptr_equal(pool_sr(pool, pool->srs[0].uuid), &pool->srs[0]);
    assert_null(pool_sr(pool, "00000000"));
    pool_free(pool);
}

/* Hosts name an SR by eight digits, which two may have. */
static void test_storage(void **state) {
    (void)state;
    json_t *srs = read_json("{'a': {'uuid': 'aaaa0001-1', 'physical_size': '9'}, "
                            "'b': {'uuid': 'aaaa0001-2', 'physical_size': '9'}, "
                            "'c': {'uuid': 'aaaa0001-3', 'physical_size': '9'}, "
                            "'d': {'uuid': 'bbbb0002', 'physical_size': '9'}}");
    json_t *nothing = json_object();
    json_t *records[POOL_CLASSES];
    for (int class = 0; class < POOL_CLASSES; class ++)
        records[class] = class == CLASS_SR ? srs : nothing;
    struct pool *pool = pool_new(records);
    assert_int_equal(pool->sr_count, 4);
    assert_null(pool_sr(pool, "aaaa0001"));
    assert_string_equal(pool_sr(pool, "aaaa0001-2")->uuid, "aaaa0001-2");
    assert_string_equal(pool_sr(pool, "bbbb0002")->uuid, "bbbb0002");
    pool_free(pool);
    json_decref(srs);
    json_decref(nothing);
}

static void test_no_records(void **state) {
    (void)state;
    static const char *const odd[] = {"{}",        "[]",         "{'a': null}",
                                      "{'a': []}", "{'a': 'b'}", "{'a': {'uuid': 1}}"};
    for (size_t i = 0; i < G_N_ELEMENTS(odd); i++) {
        json_t *records[POOL_CLASSES];
        for (int class = 0; class < POOL_CLASSES; class ++)
            records[class] = read_json(odd[i]);
        struct pool *pool = pool_of(records);
        assert_int_equal(pool->host_count + pool->vm_count + pool->sr_count, 0);
        pool_free(pool);
    }
}

static void test_members(void **state) {
    (void)state;
    json_t *record = read_json("{'n': '-1', 'i': 5, 'r': 1.5, 'x': 'x', 'null': 'OpaqueRef:NULL',"
                               "'t': '2023-07-29T13:20:01Z', 'zero': '19700101T00:00:00Z',"
                               "'huge': '1e300', 'inf': 'inf'}");
    assert_true(member_number(record, "n") == -1);
    assert_int_equal(member_whole(record, "n", 100), 0);
    assert_int_equal(member_whole(record, "i", 100), 5);
    assert_int_equal(member_whole(record, "i", 4), 0);
    assert_int_equal(member_whole(record, "huge", 100), 0);
    assert_true(isnan(member_number(record, "x")));
    assert_true(isnan(member_number(record, "inf")));
    assert_true(isnan(member_number(record, "none")));
    assert_null(member_text(record, "null"));
    assert_true(member_time(record, "t") == 1690636801);
    assert_true(isnan(member_time(record, "zero")));
    assert_true(isnan(member_time(record, "x")));
    json_decref(record);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_host), cmocka_unit_test(test_recorded_guests),
        cmocka_unit_test(test_devices),       cmocka_unit_test(test_no_records),
        cmocka_unit_test(test_members),       cmocka_unit_test(test_storage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
