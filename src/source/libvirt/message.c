/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Messages between program and helper as records. */
#include "source/libvirt/message.h"

#include <stdlib.h>

GByteArray *message_new(enum message kind) {
    GByteArray *bytes = g_byte_array_new();
    record_begin(bytes);
    record_add_number(bytes, kind);
    return bytes;
}

void message_end(GByteArray *bytes) {
    record_end(bytes, 0);
}

void message_free(GByteArray *bytes) {
    g_byte_array_free(bytes, TRUE);
}

enum message message_kind(struct record *record) {
    int64_t kind = record_number(record);
    return record->damaged || kind < 0 || kind > MESSAGES ? MESSAGES : (enum message)kind;
}

static void write_entity(GByteArray *bytes, const struct entity *entity) {
    struct entity copy = *entity;
    const char **texts[ENTITY_STRINGS];
    entity_strings(&copy, texts);
    record_add_number(bytes, entity->type);
    record_add_number(bytes, entity->state);
    for (size_t i = 0; i < ENTITY_STRINGS; i++)
        record_add_text(bytes, *texts[i]);
    record_add_number(bytes, entity->cpus);
    record_add_number(bytes, entity->threads);
    record_add_number(bytes, entity->cpu_mhz);
    record_add_number(bytes, entity->memory_kib);
}

static struct entity read_entity(struct record *record) {
    struct entity entity = {0};
    const char **texts[ENTITY_STRINGS];
    entity_strings(&entity, texts);
    entity.type = (enum entity_type)record_number(record);
    entity.state = (enum entity_state)record_number(record);
    for (size_t i = 0; i < ENTITY_STRINGS; i++)
        *texts[i] = record_text(record);
    entity.cpus = (int32_t)record_number(record);
    entity.threads = (int32_t)record_number(record);
    entity.cpu_mhz = (int32_t)record_number(record);
    entity.memory_kib = record_number(record);
    if (entity.type > ENTITY_HOST || entity.state > STATE_DISCONNECTED)
        record->damaged = true;
    return entity;
}

void inventory_write(GByteArray *bytes, const struct inventory *inventory) {
    record_add_number(bytes, (int64_t)inventory->count);
    for (size_t i = 0; i < inventory->count; i++)
        write_entity(bytes, inventory->entities[i]);
}

struct inventory *inventory_read(struct record *record) {
    enum { LEAST = (ENTITY_STRINGS + 6) * RECORD_NUMBER };
    struct inventory *inventory = inventory_new();
    size_t count = record_count(record, LEAST);
    for (size_t i = 0; i < count && !record->damaged; i++) {
        struct entity entity = read_entity(record);
        if (!record->damaged)
            inventory_add(inventory, &entity);
    }
    return inventory;
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
