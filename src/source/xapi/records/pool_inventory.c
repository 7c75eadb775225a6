/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A pool as entities. */
#include "source/xapi/records/pool.h"

static const char hypervisor[] = "xen";

static void add_host(struct inventory *inventory, const struct pool *pool, const char *source,
                     const struct pool_host *host) {
    const struct entity entity = {
        .type = ENTITY_HOST,
        .state = host->live ? STATE_ON : STATE_DISCONNECTED,
        .source = source,
        .hypervisor = hypervisor,
        .name = host->name,
        .id = host->uuid,
        .uuid = host->uuid,
        .cluster = pool->name,
        .cpu_model = host->cpu_model,
        .cpus = host->cores,
        .threads = host->threads,
        .cpu_mhz = (int32_t)host->mhz,
        .memory_kib = host->memory_kib,
    };
    inventory_add(inventory, &entity);
}

static void add_vm(struct inventory *inventory, const struct pool *pool, const char *source,
                   const struct pool_vm *vm) {
    const struct entity entity = {
        .type = ENTITY_VM,
        .state = vm->state,
        .source = source,
        .hypervisor = hypervisor,
        .name = vm->name,
        .id = vm->uuid,
        .uuid = vm->uuid,
        .host = vm->host ? vm->host->name : NULL,
        .cluster = pool->name,
        .guest_os = vm->guest_os,
        .guest_ip = vm->guest_ip,
        .cpus = vm->cpus,
        .memory_kib = vm->memory_kib,
    };
    inventory_add(inventory, &entity);
}

static void add_sr(struct inventory *inventory, const char *source, const struct pool_sr *sr) {
    const struct entity entity = {
        .type = ENTITY_DATASTORE,
        .state = STATE_ON,
        .source = source,
        .hypervisor = hypervisor,
        .name = sr->name,
        .id = sr->uuid,
        .uuid = sr->uuid,
    };
    inventory_add(inventory, &entity);
}

struct inventory *pool_inventory(const struct pool *pool, const char *source, bool host_domains) {
    struct inventory *inventory = inventory_new();
    for (size_t i = 0; i < pool->host_count; i++)
        add_host(inventory, pool, source, &pool->hosts[i]);
    for (size_t i = 0; i < pool->vm_count; i++)
        if (host_domains || !pool->vms[i].is_host_domain)
            add_vm(inventory, pool, source, &pool->vms[i]);
    for (size_t i = 0; i < pool->sr_count; i++)
        add_sr(inventory, source, &pool->srs[i]);
    inventory_sort(inventory);
    return inventory;
}
