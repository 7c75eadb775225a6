/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Messages between program and helper as records. */
#include "source/helper/message.h"

enum message message_kind(struct record *record) {
    int64_t kind = record_number(record);
    return record->damaged || kind < 0 || kind > MESSAGES ? MESSAGES : (enum message)kind;
}

void inventory_write(GByteArray *bytes, const struct inventory *inventory) {
    record_add_number(bytes, (int64_t)inventory->count);
    for (size_t i = 0; i < inventory->count; i++)
        message_add_entity(bytes, inventory->entities[i]);
}

struct inventory *inventory_read(struct record *record) {
    struct inventory *inventory = inventory_new();
    size_t count = record_count(record, MESSAGE_ENTITY_LEAST);
    for (size_t i = 0; i < count && !record->damaged; i++) {
        struct entity entity = message_entity(record);
        if (entity.type > ENTITY_HOST)
            record->damaged = true;
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
