/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/xapi/counters/layout.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

struct layouts {
    GHashTable *of_vms; /* by uuid */
    GHashTable *of_hosts;
};

/* Names of data sources, by xen-api's ocaml/xcp-rrdd. */
static const struct {
    const char *name;
    enum updates_owner owner;
    enum field field;
} wholes[] = {
    {"cpu_usage", OWNER_VM, FIELD_CPU_USAGE},
    {"memory", OWNER_VM, FIELD_MEMORY},
    {"memory_target", OWNER_VM, FIELD_MEMORY_TARGET},
    {"memory_internal_free", OWNER_VM, FIELD_INTERNAL_FREE},
    {"runstate_fullrun", OWNER_VM, FIELD_FULL_RUN},
    {"runstate_full_contention", OWNER_VM, FIELD_FULL_CONTENTION},
    {"runstate_concurrency_hazard", OWNER_VM, FIELD_HAZARD},
    {"runstate_blocked", OWNER_VM, FIELD_BLOCKED},
    {"runstate_partial_run", OWNER_VM, FIELD_PARTIAL_RUN},
    {"runstate_partial_contention", OWNER_VM, FIELD_PARTIAL_CONTENTION},
    {"runnable_any", OWNER_VM, FIELD_RUNNABLE_ANY},
    {"runnable_vcpus", OWNER_VM, FIELD_RUNNABLE_VCPUS},
    {"cpu_avg", OWNER_HOST, FIELD_CPU_USAGE},
    {"memory_total_kib", OWNER_HOST, FIELD_MEMORY_TOTAL},
    {"memory_free_kib", OWNER_HOST, FIELD_MEMORY_FREE},
    {"DCMI-power-reading", OWNER_HOST, FIELD_POWER},
    {"running_vcpus", OWNER_HOST, FIELD_RUNNING_VCPUS},
};

/* A name of a device between these; of digits alone where it is a number. */
static const struct {
    enum updates_owner owner;
    const char *before;
    const char *after;
    const char *letters;
    enum device_kind kind;
    enum device_field field;
} parts[] = {
#define DIGITS "0123456789"
#define HEX DIGITS "abcdef"
#define NAME G_CSET_a_2_z G_CSET_A_2_Z DIGITS
    {OWNER_VM, "cpu", "", DIGITS, DEVICE_CPU, DEVICE_BUSY},
    {OWNER_VM, "vif_", "_rx", DIGITS, DEVICE_NIC, DEVICE_RECEIVED},
    {OWNER_VM, "vif_", "_tx", DIGITS, DEVICE_NIC, DEVICE_SENT},
    {OWNER_VM, "vbd_", "_read", NAME, DEVICE_DISK, DEVICE_READ},
    {OWNER_VM, "vbd_", "_write", NAME, DEVICE_DISK, DEVICE_WRITE},
    {OWNER_VM, "vbd_", "_iops_read", NAME, DEVICE_DISK, DEVICE_READS},
    {OWNER_VM, "vbd_", "_iops_write", NAME, DEVICE_DISK, DEVICE_WRITES},
    {OWNER_VM, "vbd_", "_read_latency", NAME, DEVICE_DISK, DEVICE_READ_TIME},
    {OWNER_VM, "vbd_", "_write_latency", NAME, DEVICE_DISK, DEVICE_WRITE_TIME},
    {OWNER_VM, "vbd_", "_avgqu_sz", NAME, DEVICE_DISK, DEVICE_QUEUE},
    {OWNER_HOST, "cpu", "", DIGITS, DEVICE_CPU, DEVICE_BUSY},
    {OWNER_HOST, "pif_", "_rx", NAME ".-", DEVICE_NIC, DEVICE_RECEIVED},
    {OWNER_HOST, "pif_", "_tx", NAME ".-", DEVICE_NIC, DEVICE_SENT},
    {OWNER_HOST, "read_", "", HEX, DEVICE_SR, DEVICE_READ},
    {OWNER_HOST, "write_", "", HEX, DEVICE_SR, DEVICE_WRITE},
};

enum { SR_DIGITS = 8, MOST_DEVICES = 4096 }; /* of one kind */

static struct layout_device *find_device(struct layout_devices *devices, const char *name,
                                         size_t length) {
    for (size_t i = 0; i < devices->count; i++)
        if (strncmp(devices->items[i].name, name, length) == 0 && !devices->items[i].name[length])
            return &devices->items[i];
    return NULL;
}

static struct layout_device *get_device(struct layout_devices *devices, const char *name,
                                        size_t length) {
    struct layout_device *device = find_device(devices, name, length);
    if (device)
        return device;
    devices->items =
        memory_grow(devices->items, devices->count, &devices->capacity, sizeof *devices->items);
    device = &devices->items[devices->count++];
    device->name = memory_strndup(name, length);
    for (int i = 0; i < DEVICE_FIELDS; i++)
        device->columns[i] = NO_COLUMN;
    return device;
}

/* The length of the device's name between both; 0 when the name is another one. */
static size_t device_length(const char *name, size_t part) {
    size_t before = strlen(parts[part].before), after = strlen(parts[part].after);
    size_t length = strlen(name);
    if (length <= before + after || strncmp(name, parts[part].before, before) != 0 ||
        strcmp(name + length - after, parts[part].after) != 0)
        return 0;
    size_t middle = length - before - after;
    if (strspn(name + before, parts[part].letters) < middle)
        return 0;
    return parts[part].kind != DEVICE_SR || middle == SR_DIGITS ? middle : 0;
}

/* Of pif_aggr, a bond and its slaves both count: it is no NIC. */
static bool is_sum(size_t part, const char *device, size_t length) {
    return parts[part].owner == OWNER_HOST && parts[part].kind == DEVICE_NIC && length == 4 &&
           strncmp(device, "aggr", length) == 0;
}

static void place_device(struct layout *layout, const char *name, long column) {
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        size_t length = parts[i].owner == layout->owner ? device_length(name, i) : 0;
        const char *device = name + strlen(parts[i].before);
        struct layout_devices *devices = &layout->devices[parts[i].kind];
        if (!length || is_sum(i, device, length) || devices->count >= MOST_DEVICES)
            continue;
        get_device(devices, device, length)->columns[parts[i].field] = column;
        return;
    }
}

static void place(struct layout *layout, const char *name, long column) {
    for (size_t i = 0; i < G_N_ELEMENTS(wholes); i++) {
        if (wholes[i].owner == layout->owner && strcmp(wholes[i].name, name) == 0) {
            layout->columns[wholes[i].field] = column;
            return;
        }
    }
    place_device(layout, name, column);
}

static void layout_free(void *data) {
    struct layout *layout = data;
    for (int kind = 0; kind < DEVICE_KINDS; kind++) {
        for (size_t i = 0; i < layout->devices[kind].count; i++)
            free(layout->devices[kind].items[i].name);
        free(layout->devices[kind].items);
    }
    free(layout->uuid);
    free(layout);
}

static GHashTable *table_of(const struct layouts *layouts, enum updates_owner owner) {
    return owner == OWNER_VM ? layouts->of_vms : layouts->of_hosts;
}

static struct layout *get_layout(struct layouts *layouts, const struct updates_column *column) {
    GHashTable *table = table_of(layouts, column->owner);
    struct layout *layout = g_hash_table_lookup(table, column->uuid);
    if (layout)
        return layout;
    layout = memory_alloc(sizeof *layout);
    layout->owner = column->owner;
    layout->uuid = memory_strdup(column->uuid);
    for (int i = 0; i < FIELDS; i++)
        layout->columns[i] = NO_COLUMN;
    g_hash_table_insert(table, layout->uuid, layout);
    return layout;
}

static int compare_devices(const void *left, const void *right) {
    return strverscmp(((const struct layout_device *)left)->name,
                      ((const struct layout_device *)right)->name);
}

static void sort_devices(void *key, void *value, void *context) {
    struct layout *layout = value;
    (void)key;
    (void)context;
    for (int kind = 0; kind < DEVICE_KINDS; kind++)
        if (layout->devices[kind].count > 1)
            qsort(layout->devices[kind].items, layout->devices[kind].count,
                  sizeof *layout->devices[kind].items, compare_devices);
}

struct layouts *layouts_new(const struct updates *updates) {
    struct layouts *layouts = memory_alloc(sizeof *layouts);
    layouts->of_vms = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, layout_free);
    layouts->of_hosts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, layout_free);
    for (size_t i = 0; i < updates->column_count; i++) {
        const struct updates_column *column = &updates->columns[i];
        if (column->owner != OWNER_OTHER)
            place(get_layout(layouts, column), column->name, (long)i);
    }
    g_hash_table_foreach(layouts->of_vms, sort_devices, NULL);
    g_hash_table_foreach(layouts->of_hosts, sort_devices, NULL);
    return layouts;
}

const struct layout *layouts_find(const struct layouts *layouts, enum updates_owner owner,
                                  const char *uuid) {
    return layouts && uuid ? g_hash_table_lookup(table_of(layouts, owner), uuid) : NULL;
}

const struct layout_device *layout_device(const struct layout *layout, enum device_kind kind,
                                          const char *name) {
    for (size_t i = 0; i < layout->devices[kind].count; i++)
        if (strcmp(layout->devices[kind].items[i].name, name) == 0)
            return &layout->devices[kind].items[i];
    return NULL;
}

void layouts_free(struct layouts *layouts) {
    if (!layouts)
        return;
    g_hash_table_destroy(layouts->of_vms);
    g_hash_table_destroy(layouts->of_hosts);
    free(layouts);
}
