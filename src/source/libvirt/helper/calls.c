/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Numbers that need a call each. libvirt's -1 in them means "not available": ABSENT. */
#include "source/libvirt/helper/calls.h"

#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/libvirt/helper/failure.h"
#include "source/libvirt/helper/params.h"
#include "source/libvirt/helper/stopwatch.h"

struct named_field {
    const char *name;
    int field;
};

static int64_t unsigned_number(unsigned long long value) {
    return value > INT64_MAX ? ABSENT : (int64_t)value;
}

static int64_t signed_number(long long value) {
    return value < 0 ? ABSENT : value;
}

/* False when the guest is gone, or with the error. */
static bool call_info(struct connection *connection, virDomainPtr domain,
                      struct guest_sample *sample, struct error *error) {
    virDomainInfo info;
    bool good = virDomainGetInfo(domain, &info) == 0;
    if (!connection_called(connection, CALL_INFO, good)) {
        if (failure_code() != VIR_ERR_NO_DOMAIN && failure_code() != VIR_ERR_NO_SUPPORT)
            failure_of(error, "no statistics");
        return failure_code() == VIR_ERR_NO_SUPPORT;
    }
    sample->values[GUEST_STATE] = info.state;
    sample->values[GUEST_CPU_TIME] = unsigned_number(info.cpuTime);
    sample->values[GUEST_VCPU_CURRENT] = info.nrVirtCpu;
    sample->values[GUEST_MEMORY_MAXIMUM] = unsigned_number(info.maxMem);
    sample->values[GUEST_MEMORY_CURRENT] = unsigned_number(info.memory);
    /* Xen takes from a guest what it is not to have. */
    if (connection->is_xen)
        sample->values[GUEST_BACKED] = unsigned_number(info.memory);
    return info.state != VIR_DOMAIN_SHUTOFF;
}

static void call_vcpus(struct connection *connection, virDomainPtr domain,
                       struct guest_sample *sample) {
    int64_t room = sample->values[GUEST_VCPU_CURRENT];
    if (room <= 0 || room > UINT16_MAX)
        return;

    virVcpuInfoPtr vcpus = memory_array((size_t)room, sizeof *vcpus);
    int count = virDomainGetVcpus(domain, vcpus, (int)room, NULL, 0);
    connection_called(connection, CALL_VCPUS, count >= 0);
    for (int i = 0; i < count; i++) {
        struct device *vcpu = sample_device(&sample->devices[DEVICE_VCPU], (int)vcpus[i].number);
        if (!vcpu->name)
            vcpu->name = memory_printf("%u", vcpus[i].number);
        vcpu->values[VCPU_TIME] = unsigned_number(vcpus[i].cpuTime);
    }
    free(vcpus);
}

static void call_memory(struct connection *connection, virDomainPtr domain,
                        struct guest_sample *sample) {
    static const int fields[VIR_DOMAIN_MEMORY_STAT_NR] = {
        [VIR_DOMAIN_MEMORY_STAT_SWAP_IN] = GUEST_SWAP_IN,
        [VIR_DOMAIN_MEMORY_STAT_SWAP_OUT] = GUEST_SWAP_OUT,
        [VIR_DOMAIN_MEMORY_STAT_MAJOR_FAULT] = GUEST_MAJOR_FAULT,
        [VIR_DOMAIN_MEMORY_STAT_MINOR_FAULT] = GUEST_MINOR_FAULT,
        [VIR_DOMAIN_MEMORY_STAT_UNUSED] = GUEST_UNUSED,
        [VIR_DOMAIN_MEMORY_STAT_AVAILABLE] = GUEST_AVAILABLE,
        [VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON] = GUEST_MEMORY_CURRENT,
        [VIR_DOMAIN_MEMORY_STAT_RSS] = GUEST_RSS,
        [VIR_DOMAIN_MEMORY_STAT_USABLE] = GUEST_USABLE,
        [VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE] = GUEST_LAST_UPDATE,
        [VIR_DOMAIN_MEMORY_STAT_DISK_CACHES] = GUEST_DISK_CACHES,
        [VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGALLOC] = GUEST_HUGE_ALLOCATIONS,
        [VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGFAIL] = GUEST_HUGE_FAILURES,
    };
    virDomainMemoryStatStruct stats[VIR_DOMAIN_MEMORY_STAT_NR];
    /* A smaller array loses RSS: it is appended last. */
    int count = virDomainMemoryStats(domain, stats, VIR_DOMAIN_MEMORY_STAT_NR, 0);

    connection_called(connection, CALL_MEMORY, count >= 0);
    for (int i = 0; i < count; i++) {
        int field = stats[i].tag >= 0 && stats[i].tag < VIR_DOMAIN_MEMORY_STAT_NR
                        ? fields[stats[i].tag]
                        : 0;
        if (field)
            sample->values[field] = unsigned_number(stats[i].val);
    }
}

static struct device *add_device(struct device_list *list, const char *name) {
    struct device *device = sample_device(list, (int)list->count);
    device->name = memory_strdup(name);
    return device;
}

static void call_interface(struct connection *connection, virDomainPtr domain,
                           struct nic_facts *facts, struct guest_sample *sample) {
    virDomainInterfaceStatsStruct stats;
    bool good = virDomainInterfaceStats(domain, facts->name, &stats, sizeof stats) == 0;
    facts->silent = !good;
    if (!connection_called(connection, CALL_INTERFACE, good))
        return;
    const int64_t values[] = {
        [NIC_RX_BYTES] = stats.rx_bytes, [NIC_RX_PACKETS] = stats.rx_packets,
        [NIC_RX_ERRORS] = stats.rx_errs, [NIC_RX_DROPS] = stats.rx_drop,
        [NIC_TX_BYTES] = stats.tx_bytes, [NIC_TX_PACKETS] = stats.tx_packets,
        [NIC_TX_ERRORS] = stats.tx_errs, [NIC_TX_DROPS] = stats.tx_drop,
    };
    struct device *nic = add_device(&sample->devices[DEVICE_NIC], facts->name);
    for (int field = NIC_RX_BYTES; field <= NIC_TX_DROPS; field++)
        nic->values[field] = signed_number(values[field]);
}

static bool call_block_flags(struct connection *connection, virDomainPtr domain,
                             struct device *disk) {
    static const struct named_field names[] = {
        {VIR_DOMAIN_BLOCK_STATS_READ_REQ, DISK_READ_REQUESTS},
        {VIR_DOMAIN_BLOCK_STATS_READ_BYTES, DISK_READ_BYTES},
        {VIR_DOMAIN_BLOCK_STATS_READ_TOTAL_TIMES, DISK_READ_TIMES},
        {VIR_DOMAIN_BLOCK_STATS_WRITE_REQ, DISK_WRITE_REQUESTS},
        {VIR_DOMAIN_BLOCK_STATS_WRITE_BYTES, DISK_WRITE_BYTES},
        {VIR_DOMAIN_BLOCK_STATS_WRITE_TOTAL_TIMES, DISK_WRITE_TIMES},
        {VIR_DOMAIN_BLOCK_STATS_FLUSH_REQ, DISK_FLUSH_REQUESTS},
        {VIR_DOMAIN_BLOCK_STATS_FLUSH_TOTAL_TIMES, DISK_FLUSH_TIMES},
        {VIR_DOMAIN_BLOCK_STATS_ERRS, DISK_ERRORS},
    };
    virTypedParameter params[16]; /* more than a remote driver takes would make it fail */
    int count = sizeof params / sizeof params[0];

    memset(params, 0, sizeof params);
    if (!connection_may_call(connection, CALL_BLOCK_FLAGS))
        return false;
    bool good = virDomainBlockStatsFlags(domain, disk->name, params, &count, 0) == 0;
    if (!connection_called(connection, CALL_BLOCK_FLAGS, good))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const virTypedParameter *param = virTypedParamsGet(params, count, names[i].name);
        if (param)
            disk->values[names[i].field] = params_number(param);
    }
    virTypedParamsClear(params, count);
    return true;
}

/* no_flags: the richer call does not do what is asked of it: it will not do better next time. */
static bool call_block(struct connection *connection, virDomainPtr domain, struct device *disk,
                       bool no_flags) {
    virDomainBlockStatsStruct stats;

    if (!connection_may_call(connection, CALL_BLOCK))
        return false;
    bool good = virDomainBlockStats(domain, disk->name, &stats, sizeof stats) == 0;
    if (!connection_called(connection, CALL_BLOCK, good))
        return false;
    if (no_flags)
        connection_spare(connection, CALL_BLOCK_FLAGS);
    disk->values[DISK_READ_REQUESTS] = signed_number(stats.rd_req);
    disk->values[DISK_READ_BYTES] = signed_number(stats.rd_bytes);
    disk->values[DISK_WRITE_REQUESTS] = signed_number(stats.wr_req);
    disk->values[DISK_WRITE_BYTES] = signed_number(stats.wr_bytes);
    disk->values[DISK_ERRORS] = signed_number(stats.errs);
    return true;
}

static bool call_block_size(struct connection *connection, virDomainPtr domain,
                            struct device *disk) {
    virDomainBlockInfo info;
    if (!connection_may_call(connection, CALL_BLOCK_INFO))
        return false;
    bool good = virDomainGetBlockInfo(domain, disk->name, &info, 0) == 0;
    if (!connection_called(connection, CALL_BLOCK_INFO, good))
        return false;
    disk->values[DISK_CAPACITY] = unsigned_number(info.capacity);
    disk->values[DISK_ALLOCATION] = unsigned_number(info.allocation);
    disk->values[DISK_PHYSICAL] = unsigned_number(info.physical);
    return true;
}

static void call_disk(struct connection *connection, virDomainPtr domain, struct disk_facts *facts,
                      struct guest_sample *sample) {
    struct device *disk = add_device(&sample->devices[DEVICE_DISK], facts->target);
    bool answers = false;
    if (connection->groups & SAMPLE_DISK) {
        answers = call_block_flags(connection, domain, disk) ||
                  call_block(connection, domain, disk, failure_code() == VIR_ERR_INVALID_ARG);
        /* Xen counts there the requests that waited for their turn. */
        if (connection->is_xen)
            disk->values[DISK_ERRORS] = ABSENT;
    }
    if (connection->groups & SAMPLE_DISK_SIZE)
        answers = call_block_size(connection, domain, disk) || answers;
    facts->silent = !answers;
}

static bool lacks(const struct connection *connection, const struct guest_sample *sample, int kind,
                  unsigned group) {
    return connection->groups & group && sample->devices[kind].count == 0;
}

/* Only XML names the devices that there are. */
static void call_devices(struct connection *connection, virDomainPtr domain,
                         struct guest_facts *facts, struct guest_sample *sample) {
    bool no_nics = lacks(connection, sample, DEVICE_NIC, SAMPLE_NIC);
    bool no_disks = lacks(connection, sample, DEVICE_DISK, SAMPLE_DISK | SAMPLE_DISK_SIZE);

    for (size_t i = 0; no_nics && i < facts->nic_count; i++) {
        if (!facts->nics[i].silent && connection_may_call(connection, CALL_INTERFACE))
            call_interface(connection, domain, &facts->nics[i], sample);
    }
    for (size_t i = 0; no_disks && i < facts->disk_count; i++) {
        if (facts->disks[i].is_disk && !facts->disks[i].silent)
            call_disk(connection, domain, &facts->disks[i], sample);
    }
}

/* Of Xen there would be the current memory, known already, and the maximum as what is available. */
static bool lacks_memory(const struct connection *connection, const struct guest_sample *sample) {
    const int64_t *values = sample->values;
    return connection->groups & SAMPLE_BALLOON && !connection->is_xen &&
           values[GUEST_RSS] == ABSENT && values[GUEST_AVAILABLE] == ABSENT;
}

bool calls_complete(struct connection *connection, virDomainPtr domain, struct guest_facts *facts,
                    struct guest_sample *sample, struct error *error) {
    struct stopwatch watch;
    bool lacks_cpu = sample->values[GUEST_CPU_TIME] == ABSENT;
    stopwatch_begin(&watch);
    if (lacks_cpu && connection_may_call(connection, CALL_INFO) &&
        !call_info(connection, domain, sample, error))
        return false;
    if (lacks(connection, sample, DEVICE_VCPU, SAMPLE_VCPU) &&
        connection_may_call(connection, CALL_VCPUS))
        call_vcpus(connection, domain, sample);
    if (lacks_memory(connection, sample) && connection_may_call(connection, CALL_MEMORY))
        call_memory(connection, domain, sample);
    if (facts)
        call_devices(connection, domain, facts, sample);
    stopwatch_end(&watch);
    if (lacks_cpu) {
        sample->one_call = false;
        stopwatch_stamp(&watch, &sample->time_ns, &sample->duration_ns, &sample->wall_seconds);
    }
    return true;
}

static void call_cpu(struct connection *connection, int cpu, int64_t *values) {
    static const struct named_field names[] = {
        {VIR_NODE_CPU_STATS_USER, HOST_CPU_USER},
        {VIR_NODE_CPU_STATS_KERNEL, HOST_CPU_KERNEL},
        {VIR_NODE_CPU_STATS_IDLE, HOST_CPU_IDLE},
        {VIR_NODE_CPU_STATS_IOWAIT, HOST_CPU_IOWAIT},
    };
    virNodeCPUStats stats[16];
    int count = sizeof stats / sizeof stats[0];
    int room = connection->cpu_fields;

    if (!connection_may_call(connection, CALL_NODE_CPU))
        return;
    /* The number has to be exact: the first call asks for it. */
    bool good = room > 0 || virNodeGetCPUStats(connection->handle, cpu, NULL, &room, 0) == 0;
    good =
        good && room <= count && virNodeGetCPUStats(connection->handle, cpu, stats, &room, 0) == 0;
    connection->cpu_fields = good ? room : 0;
    if (!connection_called(connection, CALL_NODE_CPU, good))
        return;
    for (int i = 0; i < room; i++) {
        for (size_t name = 0; name < sizeof names / sizeof names[0]; name++) {
            if (strcmp(stats[i].field, names[name].name) == 0)
                values[names[name].field] = unsigned_number(stats[i].value);
        }
    }
}

static void call_each_cpu(struct connection *connection, struct host_sample *host) {
    unsigned char *map = NULL;
    int count = virNodeGetCPUMap(connection->handle, &map, NULL, 0);

    for (int cpu = 0; cpu < count && connection_may_call(connection, CALL_NODE_CPU); cpu++) {
        if (!VIR_CPU_USED(map, cpu))
            continue;
        struct device *device = sample_device(&host->cpus, cpu);
        device->name = memory_printf("%d", cpu);
        call_cpu(connection, cpu, device->values);
    }
    free(map);
}

static void call_node_memory(struct connection *connection, struct host_sample *host) {
    static const struct named_field names[] = {
        {VIR_NODE_MEMORY_STATS_TOTAL, HOST_MEMORY_TOTAL},
        {VIR_NODE_MEMORY_STATS_FREE, HOST_MEMORY_FREE},
        {VIR_NODE_MEMORY_STATS_BUFFERS, HOST_MEMORY_BUFFERS},
        {VIR_NODE_MEMORY_STATS_CACHED, HOST_MEMORY_CACHED},
    };
    virNodeMemoryStats stats[16];
    int count = sizeof stats / sizeof stats[0];
    int room = connection->memory_fields;
    const int all = VIR_NODE_MEMORY_STATS_ALL_CELLS;
    bool good = room > 0 || virNodeGetMemoryStats(connection->handle, all, NULL, &room, 0) == 0;
    good = good && room <= count &&
           virNodeGetMemoryStats(connection->handle, all, stats, &room, 0) == 0;

    connection->memory_fields = good ? room : 0;
    if (!connection_called(connection, CALL_NODE_MEMORY, good))
        return;
    for (int i = 0; i < room; i++) {
        for (size_t name = 0; name < sizeof names / sizeof names[0]; name++) {
            if (strcmp(stats[i].field, names[name].name) == 0)
                host->values[names[name].field] = unsigned_number(stats[i].value);
        }
    }
}

static void call_node_parameters(struct connection *connection, struct host_sample *host) {
    static const struct named_field names[] = {
        {VIR_NODE_MEMORY_SHARED_PAGES_SHARED, HOST_PAGES_SHARED},
        {VIR_NODE_MEMORY_SHARED_PAGES_SHARING, HOST_PAGES_SHARING},
    };
    virTypedParameter params[32];
    int count = sizeof params / sizeof params[0];

    memset(params, 0, sizeof params);
    bool good = virNodeGetMemoryParameters(connection->handle, params, &count, 0) == 0;
    if (!connection_called(connection, CALL_NODE_PARAMETERS, good))
        return;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const virTypedParameter *param = virTypedParamsGet(params, count, names[i].name);
        if (param)
            host->values[names[i].field] = params_number(param);
    }
    virTypedParamsClear(params, count);
}

/* Xen has no cache of its own: what is free is all that is not in use. */
static void call_free_memory(struct connection *connection, struct host_sample *host) {
    unsigned long long free_bytes = virNodeGetFreeMemory(connection->handle);
    bool good = free_bytes > 0 || failure_code() == VIR_ERR_OK;
    if (!connection_called(connection, CALL_NODE_FREE_MEMORY, good) ||
        connection->host.memory_kib <= 0)
        return;
    host->values[HOST_MEMORY_TOTAL] = connection->host.memory_kib;
    host->values[HOST_MEMORY_FREE] = unsigned_number(free_bytes / 1024);
    host->values[HOST_MEMORY_BUFFERS] = 0;
    host->values[HOST_MEMORY_CACHED] = 0;
}

static void call_host_memory(struct connection *connection, struct host_sample *host) {
    if (connection->is_xen)
        call_free_memory(connection, host);
    else if (connection_may_call(connection, CALL_NODE_MEMORY))
        call_node_memory(connection, host);
}

void calls_host(struct connection *connection, struct host_sample *host, bool each_cpu) {
    unsigned groups = connection->groups;
    struct stopwatch watch;

    stopwatch_begin(&watch);
    host->of_domains = connection->is_xen;
    if (groups & SAMPLE_HOST_CPU && !host->of_domains)
        call_cpu(connection, VIR_NODE_CPU_STATS_ALL_CPUS, host->values);
    stopwatch_end(&watch);
    stopwatch_stamp(&watch, &host->time_ns, &host->duration_ns, NULL);
    if (groups & SAMPLE_HOST_MEMORY)
        call_host_memory(connection, host);
    if (groups & SAMPLE_HOST_PAGES && connection_may_call(connection, CALL_NODE_PARAMETERS))
        call_node_parameters(connection, host);
    if (groups & SAMPLE_HOST_CPU && each_cpu && !host->of_domains)
        call_each_cpu(connection, host);
}
