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
        if (!record->damaged)
            inventory_add(inventory, &entity);
    }
    return inventory;
}

void error_write(GByteArray *bytes, const struct error *error) {
    record_add_number(bytes, error->kind);
    record_add_text(bytes, error->message);
}

void error_read(struct record *record, struct error *error) {
    int64_t kind = record_number(record);
    const char *message = record_text(record);
    bool known = kind > ERROR_NONE && kind <= ERROR_INTERRUPTED;
    error_set(error, known ? (enum error_kind)kind : ERROR_FAULT, "%s", message ? message : "");
}
