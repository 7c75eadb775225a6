/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What is measured: a guest, a host, or a container of them. */
#ifndef VPERF_CORE_ENTITY_H
#define VPERF_CORE_ENTITY_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum entity_type {
    ENTITY_VM,
    ENTITY_HOST,
    ENTITY_POOL,
    ENTITY_CLUSTER,
    ENTITY_DATASTORE,
    ENTITY_DATACENTER,
    ENTITY_TYPES, /* their number */
};

enum entity_state {
    STATE_UNKNOWN,
    STATE_ON,           /* guest: powered on; host: connected */
    STATE_OFF,          /* guest: powered off; host: powered off or in standby */
    STATE_SUSPENDED,    /* guest: suspended or paused */
    STATE_DISCONNECTED, /* host: not connected or not responding */
};

/* Strings belong to who keeps the entity; NULL, and 0 for a number, when not known. */
struct entity {
    enum entity_type type;
    enum entity_state state;
    const char *source;     /* host[:port when not the default], without credentials */
    const char *hypervisor; /* esxi, kvm, qemu, xen, test, ... */
    const char *name;
    const char *id;   /* managed object id or libvirt UUID */
    const char *uuid; /* datastore: what the instances of its counters are named by */
    const char *host; /* guest: name of the host it runs on */
    const char *guest_os;
    const char *guest_id;  /* short: debian11_64Guest; known when it is asked for */
    const char *cpu_model; /* host */
    const char *shape;     /* entities of one type and shape offer the same counters */
    const char *subtype;   /* the server's name for a special kind of the type: VirtualApp */
    const char *title;     /* what people call it, where the name is a machine's */
    const char *reason;    /* why it is in this state: crashed, saved, inaccessible */
    const char *url;       /* datastore */
    /* Known when they are asked for; see struct selection. */
    const char *folder; /* path of what holds it, "" at the top; see entity_path */
    const char *datacenter;
    const char *cluster;
    const char *pool;       /* path of the resource pool of a guest */
    const char *datastores; /* names, with "; " between them */
    const char *guest_host; /* host name and address that the guest system tells */
    const char *guest_ip;
    const char *attributes; /* custom ones: "name=value", with "; " between them */
    const char *tags;       /* of vCenter: "category:name", the same */
    const char *target;     /* name of its target in a configuration */
    const char *labels;     /* of its target; see core/label.h */
    int32_t cpus;           /* guest: virtual CPUs; host: physical cores */
    int32_t threads;        /* host: logical CPUs */
    int32_t cpu_mhz;        /* host: frequency of one core */
    int64_t memory_kib;
};

/* entity_type_name: vm, host, pool, cluster, datastore or datacenter. */
const char *entity_type_name(enum entity_type type);

/* entity_type_from_name: stores the type with this name; false when there is none. */
bool entity_type_from_name(const char *name, size_t length, enum entity_type *type);

/* entity_state_name: on, off, suspended, disconnected or unknown. */
const char *entity_state_name(enum entity_state state);

/* entity_state_text: the name of the entity's state; empty for kinds that have none. */
const char *entity_state_text(const struct entity *entity);

enum { ENTITY_STRINGS = 25 };

/* entity_strings: the addresses of all strings of an entity, always in the same order. */
void entity_strings(struct entity *entity, const char **fields[ENTITY_STRINGS]);

/*
 * entity_path: the path becomes that of the entity, such as DC0/host/DC0_C0/Resources/web; "" when
 * its folder is not known. As govc shows them, with %2f, %5c and %25 for /, \ and % in a name.
 */
void entity_path(const struct entity *entity, GString *path);

/* entity_copy: the entity and its strings in one block, which the caller frees with free(). */
struct entity *entity_copy(const struct entity *entity) __attribute__((returns_nonnull));

/* entity_key: the key becomes the text that tells the entity from all others; see entity_same. */
void entity_key(const struct entity *entity, GString *key);

/* entity_same: both are one entity, by source, type and id, whatever else changed. */
bool entity_same(const struct entity *left, const struct entity *right);

/* entity_equal: all fields are the same. */
bool entity_equal(const struct entity *left, const struct entity *right);

/* entity_compare: by type, then name, then id (natural order of vm-9 and vm-10 by length). */
int entity_compare(const struct entity *left, const struct entity *right);

#endif
