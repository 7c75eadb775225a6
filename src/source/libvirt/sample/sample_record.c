/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Snapshots as records, field by field in the order of their structures. */
#include "source/libvirt/sample/sample_record.h"

#include "core/memory.h"
#include "source/helper/message.h"

static void write_devices(GByteArray *bytes, const struct device_list *list) {
    record_add_number(bytes, (int64_t)list->count);
    for (size_t i = 0; i < list->count; i++) {
        const struct device *device = &list->items[i];
        record_add_text(bytes, device->name);
        record_add_text(bytes, device->path);
        record_add_number(bytes, device->number);
        record_add_block(bytes, device->values, sizeof device->values);
    }
}

static void read_devices(struct record *record, struct device_list *list) {
    enum { LEAST = 3 * RECORD_NUMBER + RECORD_BLOCK };
    size_t count = record_count(record, LEAST);
    list->items = memory_array(count, sizeof *list->items);
    list->capacity = count;
    while (list->count < count && !record->damaged) {
        struct device *device = &list->items[list->count++];
        device->name = memory_strdup(record_text(record));
        device->path = memory_strdup(record_text(record));
        device->number = (int)record_number(record);
        record_copy(record, device->values, sizeof device->values);
    }
}

static void write_guest(GByteArray *bytes, const struct guest_sample *guest) {
    record_add_block(bytes, guest->uuid, sizeof guest->uuid);
    record_add_number(bytes, guest->id);
    record_add_text(bytes, guest->name);
    record_add_number(bytes, guest->time_ns);
    record_add_number(bytes, guest->duration_ns);
    record_add_number(bytes, guest->wall_seconds);
    record_add_number(bytes, guest->one_call);
    record_add_number(bytes, guest->blocked);
    record_add_number(bytes, guest->blocked_ms);
    record_add_number(bytes, guest->is_host);
    record_add_number(bytes, guest->move);
    record_add_number(bytes, guest->report_clock);
    record_add_number(bytes, guest->report_period);
    record_add_block(bytes, guest->values, sizeof guest->values);
    for (int kind = 0; kind < DEVICE_KINDS; kind++)
        write_devices(bytes, &guest->devices[kind]);
}

static void read_guest(struct record *record, struct guest_sample *guest) {
    record_copy(record, guest->uuid, sizeof guest->uuid);
    guest->id = (int)record_number(record);
    guest->name = memory_strdup(record_text(record));
    guest->time_ns = record_number(record);
    guest->duration_ns = record_number(record);
    guest->wall_seconds = record_number(record);
    guest->one_call = record_number(record);
    guest->blocked = record_number(record);
    guest->blocked_ms = record_number(record);
    guest->is_host = record_number(record);
    guest->move = (enum guest_move)record_number(record);
    guest->report_clock = (enum report_clock)record_number(record);
    guest->report_period = record_number(record);
    record_copy(record, guest->values, sizeof guest->values);
    for (int kind = 0; kind < DEVICE_KINDS; kind++)
        read_devices(record, &guest->devices[kind]);
}

void failures_write(GByteArray *bytes, const struct snapshot *snapshot) {
    record_add_number(bytes, (int64_t)snapshot->failure_count);
    for (size_t i = 0; i < snapshot->failure_count; i++) {
        record_add_block(bytes, snapshot->failures[i].uuid, SAMPLE_UUID_SIZE);
        error_write(bytes, &snapshot->failures[i].error);
    }
}

void failures_read(struct record *record, struct snapshot *snapshot) {
    enum { LEAST = 2 * RECORD_BLOCK + RECORD_NUMBER };
    size_t count = record_count(record, LEAST);
    for (size_t i = 0; i < count && !record->damaged; i++) {
        unsigned char uuid[SAMPLE_UUID_SIZE] = {0};
        struct error error = {0};
        record_copy(record, uuid, sizeof uuid);
        error_read(record, &error);
        snapshot_add_failure(snapshot, uuid, &error);
    }
}

void snapshot_write(GByteArray *bytes, const struct snapshot *snapshot) {
    const struct host_sample *host = &snapshot->host;
    record_add_number(bytes, snapshot->time_ns);
    record_add_number(bytes, snapshot->duration_ns);
    record_add_number(bytes, snapshot->wall_ns);
    record_add_number(bytes, (int64_t)snapshot->count);
    for (size_t i = 0; i < snapshot->count; i++)
        write_guest(bytes, &snapshot->guests[i]);
    failures_write(bytes, snapshot);
    record_add_number(bytes, host->time_ns);
    record_add_number(bytes, host->duration_ns);
    record_add_number(bytes, host->of_domains);
    record_add_block(bytes, host->values, sizeof host->values);
    write_devices(bytes, &host->cpus);
}

struct snapshot *snapshot_read(struct record *record) {
    enum { LEAST = 10 * RECORD_NUMBER };
    struct snapshot *snapshot = snapshot_new();
    struct host_sample *host = &snapshot->host;
    snapshot->time_ns = record_number(record);
    snapshot->duration_ns = record_number(record);
    snapshot->wall_ns = record_number(record);
    size_t count = record_count(record, LEAST);
    for (size_t i = 0; i < count && !record->damaged; i++)
        read_guest(record, snapshot_add(snapshot));
    failures_read(record, snapshot);
    host->time_ns = record_number(record);
    host->duration_ns = record_number(record);
    host->of_domains = record_number(record);
    record_copy(record, host->values, sizeof host->values);
    read_devices(record, &host->cpus);
    return snapshot;
}

void wish_write(GByteArray *bytes, const struct sample_wish *wish) {
    record_add_number(bytes, wish->groups);
    record_add_number(bytes, wish->each_cpu);
}

struct sample_wish wish_read(struct record *record) {
    struct sample_wish wish = {0};
    wish.groups = (unsigned)record_number(record);
    wish.each_cpu = record_number(record);
    return wish;
}
