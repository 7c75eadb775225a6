/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/pve/sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static void clear(int64_t *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        values[i] = ABSENT;
}

void pve_guest_done(struct pve_guest *guest) {
    free(guest->name);
    free(guest->lock);
    free(guest->nics.items);
    free(guest->disks.items);
}

void pve_guests_done(struct pve_guests *guests) {
    for (size_t i = 0; i < guests->count; i++)
        pve_guest_done(&guests->items[i]);
    free(guests->items);
    *guests = (struct pve_guests){0};
}

struct pve_guest *pve_guests_add(struct pve_guests *guests) {
    guests->items =
        memory_grow(guests->items, guests->count, &guests->capacity, sizeof *guests->items);
    struct pve_guest *guest = &guests->items[guests->count++];
    *guest = (struct pve_guest){.cpu = NAN};
    clear(guest->values, PVE_FIELDS);
    return guest;
}

GHashTable *pve_guests_by_number(const struct pve_guests *guests) {
    GHashTable *table = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (size_t i = guests->count; i > 0; i--)
        g_hash_table_replace(table, &guests->items[i - 1].vmid, &guests->items[i - 1]);
    return table;
}

size_t pve_guests_bytes(const struct pve_guests *guests) {
    size_t bytes = guests->capacity * sizeof *guests->items;
    for (size_t i = 0; i < guests->count; i++) {
        const struct pve_guest *guest = &guests->items[i];
        bytes += (guest->name ? strlen(guest->name) : 0) + (guest->lock ? strlen(guest->lock) : 0) +
                 (guest->nics.capacity + guest->disks.capacity) * sizeof *guest->nics.items;
    }
    return bytes;
}

static struct pve_devices copy_devices(const struct pve_devices *from) {
    struct pve_devices devices = {
        .items = memory_array(from->count, sizeof *devices.items),
        .count = from->count,
        .capacity = from->count,
    };
    if (from->count)
        memcpy(devices.items, from->items, from->count * sizeof *devices.items);
    return devices;
}

void pve_guest_copy(struct pve_guest *guest, const struct pve_guest *from) {
    *guest = *from;
    guest->name = memory_strdup(from->name);
    guest->lock = memory_strdup(from->lock);
    guest->nics = copy_devices(&from->nics);
    guest->disks = copy_devices(&from->disks);
}

const struct pve_device *pve_device_find(const struct pve_devices *devices, const char *name) {
    for (size_t i = 0; i < devices->count; i++)
        if (strcmp(devices->items[i].name, name) == 0)
            return &devices->items[i];
    return NULL;
}

struct pve_device *pve_device(struct pve_devices *devices, const char *name) {
    for (size_t i = 0; i < devices->count; i++)
        if (strcmp(devices->items[i].name, name) == 0)
            return &devices->items[i];
    if (devices->count == PVE_MOST_DEVICES)
        return NULL;
    devices->items =
        memory_grow(devices->items, devices->count, &devices->capacity, sizeof *devices->items);
    struct pve_device *device = &devices->items[devices->count++];
    *device = (struct pve_device){0};
    snprintf(device->name, sizeof device->name, "%s", name);
    clear(device->values, PVE_DEVICE_FIELDS);
    return device;
}

void pve_node_init(struct pve_node *node) {
    *node = (struct pve_node){0};
    clear(node->values, PVE_NODE_FIELDS);
}

void pve_node_done(struct pve_node *node) {
    free(node->version);
    free(node->model);
}

void pve_config_free(struct pve_config *config) {
    if (!config)
        return;
    free(config->uuid);
    free(config->ostype);
    g_hash_table_destroy(config->cdroms);
    free(config);
}
