/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/message.h"

GByteArray *message_new(int64_t kind) {
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

void message_add_entity(GByteArray *bytes, const struct entity *entity) {
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

struct entity message_entity(struct record *record) {
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
    if (entity.type >= ENTITY_TYPES || entity.state > STATE_DISCONNECTED)
        record->damaged = true;
    return entity;
}
