/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/inventory/kinds.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/selection.h"

static int64_t number(const char *text) {
    return strtoll(text, NULL, 10);
}

static int hex_value(const char *digits) {
    char pair[3] = {digits[0], digits[0] ? digits[1] : '\0', '\0'};
    char *end = NULL;
    long value = strtol(pair, &end, 16);
    return end == pair + 2 ? (int)value : -1;
}

char *kinds_name(const char *text) {
    char *name = memory_strdup(text);
    char *to = name;
    for (const char *from = name; *from; from++) {
        int escaped = *from == '%' ? hex_value(from + 1) : -1;
        bool known = escaped == '/' || escaped == '\\' || escaped == '%';
        *to++ = known ? (char)escaped : *from;
        from += known ? 2 : 0;
    }
    *to = '\0';
    return name;
}

static void set_name(struct entity *entity, const char *text) {
    free((char *)entity->name);
    entity->name = kinds_name(text);
}

static void set_power_state(struct entity *entity, const char *text) {
    if (strcmp(text, "poweredOff") == 0 || strcmp(text, "standBy") == 0)
        entity->state = STATE_OFF;
    if (strcmp(text, "standBy") == 0)
        entity->reason = "standBy";
    if (strcmp(text, "suspended") == 0)
        entity->state = STATE_SUSPENDED;
    else if (strcmp(text, "poweredOn") == 0 && entity->state == STATE_UNKNOWN)
        entity->state = STATE_ON;
}

/* A guest is disconnected when its host is; inaccessible and orphaned guests have no data. */
static void set_connection_state(struct entity *entity, const char *text) {
    if (strcmp(text, "connected") == 0)
        return;
    if (entity->state != STATE_OFF)
        entity->state = STATE_DISCONNECTED;
    entity->reason = text;
}

/* A host that is away has better reasons. */
static void set_maintenance(struct entity *entity, const char *text) {
    if (strcmp(text, "true") == 0 && !entity->reason)
        entity->reason = "maintenance";
}

/* What holds a guest in a vApp is the vApp. */
static void set_vapp(struct entity *entity, const char *text) {
    if (!entity->folder)
        entity->folder = text;
}

static void set_folder(struct entity *entity, const char *text) {
    entity->folder = text;
}

static void set_pool(struct entity *entity, const char *text) {
    entity->pool = text;
}

static void set_datastores(struct entity *entity, const char *text) {
    entity->datastores = text;
}

static void set_guest_host(struct entity *entity, const char *text) {
    entity->guest_host = text;
}

static void set_guest_ip(struct entity *entity, const char *text) {
    entity->guest_ip = text;
}

/* As XML, until the names of attributes are known. */
static void set_attributes(struct entity *entity, const char *text) {
    entity->attributes = text;
}

static void set_url(struct entity *entity, const char *text) {
    entity->url = text;
}

static void set_host(struct entity *entity, const char *text) {
    entity->host = text;
}

static void set_uuid(struct entity *entity, const char *text) {
    entity->uuid = text;
}

static void set_guest_os(struct entity *entity, const char *text) {
    entity->guest_os = text;
}

static void set_guest_id(struct entity *entity, const char *text) {
    entity->guest_id = text;
}

static void set_cpu_model(struct entity *entity, const char *text) {
    entity->cpu_model = text;
}

static void set_cpus(struct entity *entity, const char *text) {
    entity->cpus = (int32_t)number(text);
}

static void set_threads(struct entity *entity, const char *text) {
    entity->threads = (int32_t)number(text);
}

static void set_cpu_mhz(struct entity *entity, const char *text) {
    entity->cpu_mhz = (int32_t)number(text);
}

static void set_memory_mib(struct entity *entity, const char *text) {
    entity->memory_kib = number(text) * 1024;
}

static void set_memory_bytes(struct entity *entity, const char *text) {
    entity->memory_kib = number(text) / 1024;
}

char *kinds_longer_shape(const struct entity *entity, const char *name, const char *text) {
    return memory_concat(entity->shape ? entity->shape : "", " ", name, "=", text, NULL);
}

static void add_to_shape(struct entity *entity, const char *name, const char *text) {
    char *shape = kinds_longer_shape(entity, name, text);
    free((char *)entity->shape);
    entity->shape = shape;
}

static void set_hardware_version(struct entity *entity, const char *text) {
    add_to_shape(entity, "hardware", text);
}

static void set_networked(struct entity *entity, const char *text) {
    add_to_shape(entity, "networked", number(text) > 0 ? "yes" : "no");
}

static void set_has_disks(struct entity *entity, const char *text) {
    add_to_shape(entity, "disks", number(text) > 0 ? "yes" : "no");
}

static void set_product_version(struct entity *entity, const char *text) {
    add_to_shape(entity, "host", text);
}

static const struct property vm_properties[] = {
    {"name", set_name, 0, true},
    {"runtime.connectionState", set_connection_state, 0, false},
    {"runtime.powerState", set_power_state, 0, false},
    {"runtime.host", set_host, 0, false},
    {"summary.config.numCpu", set_cpus, 0, false},
    {"summary.config.memorySizeMB", set_memory_mib, 0, false},
    {"summary.config.uuid", set_uuid, 0, true},
    {"summary.config.guestFullName", set_guest_os, 0, false},
    {"summary.config.guestId", set_guest_id, CONTEXT_GUEST_ID, false},
    {"summary.config.numEthernetCards", set_networked, 0, false},
    {"summary.config.numVirtualDisks", set_has_disks, 0, false},
    {"config.version", set_hardware_version, 0, false},
    {"parent", set_folder, CONTEXT_PLACE, false},
    {"parentVApp", set_vapp, CONTEXT_PLACE, false},
    {"resourcePool", set_pool, CONTEXT_PLACE, false},
    {"datastore", set_datastores, CONTEXT_PLACE, false},
    {"guest.hostName", set_guest_host, CONTEXT_DETAILS, false},
    {"guest.ipAddress", set_guest_ip, CONTEXT_DETAILS, false},
    {"customValue", set_attributes, CONTEXT_ATTRIBUTES, false},
    {NULL, NULL, 0, false},
};

static const struct property host_properties[] = {
    {"name", set_name, 0, true},
    {"runtime.connectionState", set_connection_state, 0, false},
    {"runtime.powerState", set_power_state, 0, false},
    {"summary.hardware.cpuModel", set_cpu_model, 0, false},
    {"summary.hardware.numCpuCores", set_cpus, 0, false},
    {"summary.hardware.numCpuThreads", set_threads, 0, false},
    {"summary.hardware.cpuMhz", set_cpu_mhz, 0, false},
    {"summary.hardware.memorySize", set_memory_bytes, 0, false},
    {"summary.hardware.uuid", set_uuid, 0, true},
    {"summary.config.product.version", set_product_version, 0, false},
    {"parent", set_folder, CONTEXT_PLACE, false},
    {"runtime.inMaintenanceMode", set_maintenance, CONTEXT_DETAILS, false},
    {"customValue", set_attributes, CONTEXT_ATTRIBUTES, false},
    {NULL, NULL, 0, false},
};

static const struct property datastore_properties[] = {
    {"name", set_name, 0, true},
    {"summary.url", set_url, 0, false},
    {"parent", set_folder, CONTEXT_PLACE, false},
    {"customValue", set_attributes, CONTEXT_ATTRIBUTES, false},
    {NULL, NULL, 0, false},
};

static const struct property other_properties[] = {
    {"name", set_name, 0, true},
    {"parent", set_folder, CONTEXT_PLACE, false},
    {"customValue", set_attributes, CONTEXT_ATTRIBUTES, false},
    {NULL, NULL, 0, false},
};

const struct kind kinds[ENTITY_TYPES] = {
    [ENTITY_VM] = {"VirtualMachine", vm_properties},
    [ENTITY_HOST] = {"HostSystem", host_properties},
    [ENTITY_POOL] = {"ResourcePool", other_properties},
    [ENTITY_CLUSTER] = {"ClusterComputeResource", other_properties},
    [ENTITY_DATASTORE] = {"Datastore", datastore_properties},
    [ENTITY_DATACENTER] = {"Datacenter", other_properties},
};

const char *const place_types[PLACE_TYPES] = {"Folder",          "Datacenter", "ResourcePool",
                                              "ComputeResource", "Datastore",  "HostSystem"};

bool kinds_find(const char *managed_type, enum entity_type *type) {
    for (int i = 0; managed_type && i < ENTITY_TYPES; i++) {
        if (strcmp(managed_type, kinds[i].managed_type) == 0) {
            *type = (enum entity_type)i;
            return true;
        }
    }
    *type = ENTITY_POOL;
    return managed_type && strcmp(managed_type, "VirtualApp") == 0;
}

const struct property *kinds_property(const struct kind *kind, const struct property *last,
                                      const char *path) {
    if (!path)
        return NULL;
    for (const struct property *row = last ? last + 1 : kind->properties; row->path; row++)
        if (strcmp(row->path, path) == 0)
            return row;
    for (const struct property *row = kind->properties; last && row <= last; row++)
        if (strcmp(row->path, path) == 0)
            return row;
    return NULL;
}
