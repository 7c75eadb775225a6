/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The hosts, VMs and storage of a pool, as its records describe them. */
#ifndef VPERF_SOURCE_XAPI_POOL_H
#define VPERF_SOURCE_XAPI_POOL_H

#include <glib.h>
#include <jansson.h>

#include "core/inventory.h"

/* The answers to CLASS.get_all_records, by class; NULL where one is refused. */
enum pool_class {
    CLASS_POOL,
    CLASS_HOST,
    CLASS_HOST_METRICS,
    CLASS_VM,
    CLASS_VM_METRICS,
    CLASS_VM_GUEST_METRICS,
    CLASS_VIF,
    CLASS_VBD,
    CLASS_VDI,
    CLASS_SR,
    CLASS_PIF,
    POOL_CLASSES,
};

/* pool_class_name: as in the calls: VM_metrics. */
const char *pool_class_name(enum pool_class class);

/* A NIC or disk. */
struct pool_device {
    char *name;  /* as data sources name it: 0, xvda, eth0 */
    bool counts; /* it is a part of the whole: no CD drive, bond or VLAN */
    double size; /* disk: bytes; NAN when not known */
    double used; /* disk: bytes on its storage */
};

struct pool_devices {
    struct pool_device *items;
    size_t count;
    size_t capacity;
};

struct pool_host {
    char *reference;
    char *uuid;
    char *name;
    char *address;
    bool live; /* as the master sees it */
    char *cpu_model;
    int32_t threads;
    int32_t cores;
    double mhz; /* 0 when not known */
    int64_t memory_kib;
    double boot_time;         /* Unix seconds, or NAN */
    struct pool_devices nics; /* that are plugged in */
};

struct pool_vm {
    char *reference;
    char *uuid;
    char *name;
    enum entity_state state;
    bool is_host_domain;          /* a control domain: Domain-0 */
    const struct pool_host *host; /* where it runs; NULL for nowhere */
    int32_t cpus;
    int64_t memory_kib;
    double memory_maximum; /* bytes, that it may have at the moment; NAN when not known */
    double start_time;     /* Unix seconds, or NAN */
    bool devices_known;
    struct pool_devices nics;
    struct pool_devices disks;
    char *guest_os; /* as the agent in the guest tells, so is the address */
    char *guest_ip;
};

struct pool_sr {
    char *uuid;
    char *name;
    bool shared;
    double size; /* bytes, or NAN */
    double used;
    double provisioned;
};

struct pool {
    char *name;   /* NULL for none */
    char *master; /* reference of the host */
    struct pool_host *hosts;
    size_t host_count;
    struct pool_vm *vms; /* without templates and snapshots; each uuid once */
    size_t vm_count;
    struct pool_sr *srs; /* those that hold disks */
    size_t sr_count;
    GHashTable *host_numbers; /* for pool_host and pool_vm: number + 1 by uuid */
    GHashTable *vm_numbers;
    GHashTable *sr_numbers; /* for pool_sr: by uuid, and by its first POOL_SR_DIGITS */
};

enum { POOL_SR_DIGITS = 8 }; /* by which hosts name an SR */

/* pool_new: from records, which are borrowed for the call; owned by the caller. */
struct pool *pool_new(json_t *const records[POOL_CLASSES]);

/* pool_free: takes NULL. */
void pool_free(struct pool *pool);

/* pool_host: the host with this uuid, or NULL. */
const struct pool_host *pool_host(const struct pool *pool, const char *uuid);

/* pool_vm: the VM with this uuid, or NULL. */
const struct pool_vm *pool_vm(const struct pool *pool, const char *uuid);

/*
 * pool_sr: the SR with this uuid, or the only one whose uuid begins with these POOL_SR_DIGITS, or
 * NULL.
 */
const struct pool_sr *pool_sr(const struct pool *pool, const char *name);

/*
 * pool_inventory: hosts, VMs and storage as entities of this source, owned by the caller, sorted;
 * the hosts' own domains only if asked for.
 */
struct inventory *pool_inventory(const struct pool *pool, const char *source, bool host_domains);

#endif
