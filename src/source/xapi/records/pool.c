/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/xapi/records/pool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/xapi/records/member.h"

enum { MOST_CPUS = 1 << 20, MOST_MHZ = 1000000, KIB = 1024 };

static const int64_t most_bytes = 1LL << 60;

static const char *const class_names[POOL_CLASSES] = {
    [CLASS_POOL] = "pool",
    [CLASS_HOST] = "host",
    [CLASS_HOST_METRICS] = "host_metrics",
    [CLASS_VM] = "VM",
    [CLASS_VM_METRICS] = "VM_metrics",
    [CLASS_VM_GUEST_METRICS] = "VM_guest_metrics",
    [CLASS_VIF] = "VIF",
    [CLASS_VBD] = "VBD",
    [CLASS_VDI] = "VDI",
    [CLASS_SR] = "SR",
    [CLASS_PIF] = "PIF",
};

/* What the records are read into. */
struct reading {
    json_t *const *records;
    struct pool *pool;
    size_t host_capacity;
    size_t vm_capacity;
    size_t sr_capacity;
    GHashTable *hosts; /* number + 1 by reference */
};

const char *pool_class_name(enum pool_class class) {
    return class_names[class];
}

static const json_t *find(const struct reading *reading, enum pool_class class,
                          const char *reference) {
    return reference ? json_object_get(reading->records[class], reference) : NULL;
}

static const json_t *refer(const struct reading *reading, enum pool_class class,
                           const json_t *record, const char *field) {
    return find(reading, class, member_text(record, field));
}

static struct pool_device *add_device(struct pool_devices *devices, const char *name) {
    devices->items =
        memory_grow(devices->items, devices->count, &devices->capacity, sizeof *devices->items);
    struct pool_device *device = &devices->items[devices->count++];
    *device = (struct pool_device){memory_strdup(name), true, (double)NAN, (double)NAN};
    return device;
}

static void devices_done(struct pool_devices *devices) {
    for (size_t i = 0; i < devices->count; i++)
        free(devices->items[i].name);
    free(devices->items);
}

/* Logical CPUs, and cores where the host tells how many threads each has. */
static void read_cpus(struct pool_host *host, const json_t *info) {
    int32_t threads = (int32_t)member_whole(info, "cpu_count", MOST_CPUS);
    int32_t per_core = (int32_t)member_whole(info, "threads_per_core", 64);
    host->threads = threads;
    host->cores = per_core > 1 ? threads / per_core : threads;
    host->mhz = (double)member_whole(info, "speed", MOST_MHZ);
    host->cpu_model = memory_strdup(member_text(info, "modelname"));
}

static void read_host(struct reading *reading, const char *reference, const json_t *record) {
    const json_t *metrics = refer(reading, CLASS_HOST_METRICS, record, "metrics");
    const char *uuid = member_text(record, "uuid");
    const char *name = member_text(record, "name_label");
    const json_t *config = json_object_get(record, "other_config");
    struct pool *pool = reading->pool;
    if (!uuid)
        return;
    pool->hosts =
        memory_grow(pool->hosts, pool->host_count, &reading->host_capacity, sizeof *pool->hosts);
    struct pool_host *host = &pool->hosts[pool->host_count++];
    *host = (struct pool_host){
        .reference = memory_strdup(reference),
        .uuid = memory_strdup(uuid),
        .name = memory_strdup(name ? name : uuid),
        .address = memory_strdup(member_text(record, "address")),
        .live = !metrics || !json_object_get(metrics, "live") || member_flag(metrics, "live"),
        .memory_kib = member_whole(metrics, "memory_total", most_bytes) / KIB,
        .boot_time = member_number(config, "boot_time"),
    };
    read_cpus(host, json_object_get(record, "cpu_info"));
    g_hash_table_insert(reading->hosts, host->reference, GSIZE_TO_POINTER(pool->host_count));
    g_hash_table_insert(pool->host_numbers, host->uuid, GSIZE_TO_POINTER(pool->host_count));
}

static struct pool_host *host_of(const struct reading *reading, const json_t *record,
                                 const char *field) {
    const char *reference = member_text(record, field);
    size_t number =
        reference ? GPOINTER_TO_SIZE(g_hash_table_lookup(reading->hosts, reference)) : 0;
    return number ? &reading->pool->hosts[number - 1] : NULL;
}

/* A bond or VLAN carries what its physical ones carry. */
static void read_pif(struct reading *reading, const json_t *record) {
    struct pool_host *host = host_of(reading, record, "host");
    const char *name = member_text(record, "device");
    if (host && name && member_flag(record, "physical") &&
        member_flag(record, "currently_attached"))
        add_device(&host->nics, name);
}

static enum entity_state state_of(const char *power_state) {
    static const struct {
        const char *name;
        enum entity_state state;
    } states[] = {{"Running", STATE_ON},
                  {"Halted", STATE_OFF},
                  {"Suspended", STATE_SUSPENDED},
                  {"Paused", STATE_SUSPENDED}};
    for (size_t i = 0; power_state && i < G_N_ELEMENTS(states); i++)
        if (strcmp(states[i].name, power_state) == 0)
            return states[i].state;
    return STATE_UNKNOWN;
}

/* The first of the addresses 0/ip, 1/ip, …, or 0/ipv4/0. */
static const char *address_of(const json_t *networks) {
    static const char *const names[] = {"0/ip", "0/ipv4/0", "1/ip", "1/ipv4/0"};
    const char *address = NULL;
    for (size_t i = 0; !address && i < G_N_ELEMENTS(names); i++)
        address = member_text(networks, names[i]);
    return address;
}

static void read_guest(struct pool_vm *vm, const json_t *metrics) {
    const json_t *os = json_object_get(metrics, "os_version");
    vm->guest_os = memory_strdup(member_text(os, "name"));
    vm->guest_ip = memory_strdup(address_of(json_object_get(metrics, "networks")));
}

/* References of the devices of a VM that are plugged in; false when a record is not there. */
static bool read_nics(const struct reading *reading, struct pool_vm *vm, const json_t *record) {
    const json_t *list = json_object_get(record, "VIFs");
    bool known = json_is_array(list);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vif = find(reading, CLASS_VIF, json_string_value(json_array_get(list, i)));
        const char *name = member_text(vif, "device");
        known = known && name;
        if (name && member_flag(vif, "currently_attached"))
            add_device(&vm->nics, name);
    }
    return known;
}

static void read_disk(const struct reading *reading, struct pool_vm *vm, const json_t *vbd) {
    const json_t *vdi = refer(reading, CLASS_VDI, vbd, "VDI");
    const char *type = member_text(vbd, "type");
    struct pool_device *device = add_device(&vm->disks, member_text(vbd, "device"));
    device->counts = type && strcmp(type, "Disk") == 0;
    device->size = member_number(vdi, "virtual_size");
    device->used = member_number(vdi, "physical_utilisation");
}

/* The device is empty before a VM was started for the first time. */
static bool read_disks(const struct reading *reading, struct pool_vm *vm, const json_t *record) {
    const json_t *list = json_object_get(record, "VBDs");
    bool known = json_is_array(list);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vbd = find(reading, CLASS_VBD, json_string_value(json_array_get(list, i)));
        bool attached = member_flag(vbd, "currently_attached");
        const char *name = member_text(vbd, "device");
        known = known && vbd && (name || !attached);
        if (name && attached)
            read_disk(reading, vm, vbd);
    }
    return known;
}

/* What the VM has now, else what it may have. */
static int32_t cpus_of(const json_t *record, const json_t *metrics) {
    int64_t cpus = member_whole(metrics, "VCPUs_number", MOST_CPUS);
    if (!cpus)
        cpus = member_whole(record, "VCPUs_at_startup", MOST_CPUS);
    return (int32_t)(cpus ? cpus : member_whole(record, "VCPUs_max", MOST_CPUS));
}

static struct pool_vm vm_from(const struct reading *reading, const char *reference,
                              const json_t *record) {
    const json_t *metrics = refer(reading, CLASS_VM_METRICS, record, "metrics");
    const char *name = member_text(record, "name_label");
    struct pool_vm vm = {
        .reference = memory_strdup(reference),
        .uuid = memory_strdup(member_text(record, "uuid")),
        .name = memory_strdup(name ? name : member_text(record, "uuid")),
        .state = state_of(member_text(record, "power_state")),
        .is_host_domain = member_flag(record, "is_control_domain"),
        .host = host_of(reading, record, "resident_on"),
        .cpus = cpus_of(record, metrics),
        .memory_kib = member_whole(record, "memory_static_max", most_bytes) / KIB,
        .memory_maximum = member_number(record, "memory_dynamic_max"),
        .start_time = member_time(metrics, "start_time"),
    };
    bool nics = read_nics(reading, &vm, record);
    vm.devices_known = read_disks(reading, &vm, record) && nics;
    read_guest(&vm, refer(reading, CLASS_VM_GUEST_METRICS, record, "guest_metrics"));
    return vm;
}

/* Templates and snapshots are VMs to XAPI. A uuid that comes twice is the first one's. */
static void read_vm(struct reading *reading, const char *reference, const json_t *record) {
    const char *uuid = member_text(record, "uuid");
    struct pool *pool = reading->pool;
    if (!uuid || member_flag(record, "is_a_template") || member_flag(record, "is_a_snapshot") ||
        member_flag(record, "is_default_template") || g_hash_table_contains(pool->vm_numbers, uuid))
        return;
    pool->vms = memory_grow(pool->vms, pool->vm_count, &reading->vm_capacity, sizeof *pool->vms);
    pool->vms[pool->vm_count] = vm_from(reading, reference, record);
    const char *key = pool->vms[pool->vm_count++].uuid;
    g_hash_table_insert(pool->vm_numbers, (char *)key, GSIZE_TO_POINTER(pool->vm_count));
}

/* XAPI gives -1 or 0 where it does not know a size. */
static double size_of(const json_t *record, const char *field) {
    double size = member_number(record, field);
    return size >= 0 ? size : (double)NAN;
}

/* The newest one of the pool; of digits that two have nobody knows which one is meant. */
static void index_sr(struct pool *pool) {
    const char *uuid = pool->srs[pool->sr_count - 1].uuid;
    char *digits = g_strndup(uuid, POOL_SR_DIGITS);
    bool twice = g_hash_table_contains(pool->sr_numbers, digits);
    g_hash_table_replace(pool->sr_numbers, g_strdup(uuid), GSIZE_TO_POINTER(pool->sr_count));
    g_hash_table_replace(pool->sr_numbers, digits, GSIZE_TO_POINTER(twice ? 0 : pool->sr_count));
}

/* CDs and shared folders of ISOs hold no disks of VMs. */
static void read_sr(struct reading *reading, const json_t *record) {
    const char *uuid = member_text(record, "uuid");
    const char *name = member_text(record, "name_label");
    const char *content = member_text(record, "content_type");
    struct pool *pool = reading->pool;
    double size = size_of(record, "physical_size");
    if (!uuid || !(size > 0) || (content && strcmp(content, "iso") == 0))
        return;
    pool->srs = memory_grow(pool->srs, pool->sr_count, &reading->sr_capacity, sizeof *pool->srs);
    pool->srs[pool->sr_count++] = (struct pool_sr){
        .uuid = memory_strdup(uuid),
        .name = memory_strdup(name ? name : uuid),
        .shared = member_flag(record, "shared"),
        .size = size,
        .used = size_of(record, "physical_utilisation"),
        .provisioned = size_of(record, "virtual_allocation"),
    };
    index_sr(pool);
}

/* There is one. */
static void read_pool(struct pool *pool, const json_t *record) {
    free(pool->name);
    free(pool->master);
    pool->name = memory_strdup(member_text(record, "name_label"));
    pool->master = memory_strdup(member_text(record, "master"));
}

static void read_each(struct reading *reading, enum pool_class class) {
    const char *reference;
    json_t *record;
    json_object_foreach(reading->records[class], reference, record) {
        if (class == CLASS_HOST)
            read_host(reading, reference, record);
        else if (class == CLASS_PIF)
            read_pif(reading, record);
        else if (class == CLASS_VM)
            read_vm(reading, reference, record);
        else if (class == CLASS_SR)
            read_sr(reading, record);
        else
            read_pool(reading->pool, record);
    }
}

struct pool *pool_new(json_t *const records[POOL_CLASSES]) {
    static const enum pool_class order[] = {CLASS_POOL, CLASS_HOST, CLASS_PIF, CLASS_VM, CLASS_SR};
    struct reading reading = {
        .records = records,
        .pool = memory_alloc(sizeof *reading.pool),
        .hosts = g_hash_table_new(g_str_hash, g_str_equal),
    };
    reading.pool->host_numbers = g_hash_table_new(g_str_hash, g_str_equal);
    reading.pool->vm_numbers = g_hash_table_new(g_str_hash, g_str_equal);
    reading.pool->sr_numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++)
        read_each(&reading, order[i]);
    g_hash_table_destroy(reading.hosts);
    return reading.pool;
}

static void host_done(struct pool_host *host) {
    free(host->reference);
    free(host->uuid);
    free(host->name);
    free(host->address);
    free(host->cpu_model);
    devices_done(&host->nics);
}

static void vm_done(struct pool_vm *vm) {
    free(vm->reference);
    free(vm->uuid);
    free(vm->name);
    devices_done(&vm->nics);
    devices_done(&vm->disks);
    free(vm->guest_os);
    free(vm->guest_ip);
}

void pool_free(struct pool *pool) {
    if (!pool)
        return;
    for (size_t i = 0; i < pool->host_count; i++)
        host_done(&pool->hosts[i]);
    for (size_t i = 0; i < pool->vm_count; i++)
        vm_done(&pool->vms[i]);
    for (size_t i = 0; i < pool->sr_count; i++) {
        free(pool->srs[i].uuid);
        free(pool->srs[i].name);
    }
    g_hash_table_destroy(pool->host_numbers);
    g_hash_table_destroy(pool->vm_numbers);
    g_hash_table_destroy(pool->sr_numbers);
    free(pool->hosts);
    free(pool->vms);
    free(pool->srs);
    free(pool->name);
    free(pool->master);
    free(pool);
}

const struct pool_host *pool_host(const struct pool *pool, const char *uuid) {
    size_t number = GPOINTER_TO_SIZE(g_hash_table_lookup(pool->host_numbers, uuid));
    return number ? &pool->hosts[number - 1] : NULL;
}

const struct pool_vm *pool_vm(const struct pool *pool, const char *uuid) {
    size_t number = GPOINTER_TO_SIZE(g_hash_table_lookup(pool->vm_numbers, uuid));
    return number ? &pool->vms[number - 1] : NULL;
}

const struct pool_sr *pool_sr(const struct pool *pool, const char *name) {
    size_t number = GPOINTER_TO_SIZE(g_hash_table_lookup(pool->sr_numbers, name));
    return number ? &pool->srs[number - 1] : NULL;
}
