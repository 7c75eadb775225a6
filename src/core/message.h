/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a program and its helper say to each other: one record each, which begins with its kind. */
#ifndef VPERF_CORE_MESSAGE_H
#define VPERF_CORE_MESSAGE_H

#include "core/entity.h"
#include "core/record.h"

/* message_new: begins a message of this kind, owned by the caller. */
GByteArray *message_new(int64_t kind);

/* message_end: ends a message that message_new began: it can be sent. */
void message_end(GByteArray *bytes);

/* message_free: frees a message. */
void message_free(GByteArray *bytes);

enum { MESSAGE_ENTITY_LEAST = (ENTITY_STRINGS + 6) * RECORD_NUMBER }; /* bytes of an entity */

/* message_add_entity: appends the entity. */
void message_add_entity(GByteArray *bytes, const struct entity *entity);

/* message_entity: the next entity; its strings are borrowed from the record. */
struct entity message_entity(struct record *record);

#endif
