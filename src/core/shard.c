/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/shard.h"

#include <stdlib.h>

static const uint64_t offset_basis = 14695981039346656037U, prime = 1099511628211U;

/* The number at text, and what follows it; 0 when there is none. */
static unsigned long read_number(const char **text) {
    char *end = NULL;
    unsigned long number = g_ascii_isdigit(**text) ? strtoul(*text, &end, 10) : 0;
    *text = end ? end : *text;
    return number;
}

bool shard_parse(struct shard *shard, const char *text, struct error *error) {
    const char *rest = text;
    unsigned long number = read_number(&rest), count = 0;
    if (*rest == '/') {
        rest++;
        count = read_number(&rest);
    }
    if (*rest || !number || number > count || count > SHARDS_MAX)
        return error_set(error, ERROR_USAGE,
                         "--shard '%s': expected NUMBER/COUNT, such as 2/5: the second of five "
                         "(at most %d)",
                         text, SHARDS_MAX);
    *shard = (struct shard){(uint32_t)number, (uint32_t)count};
    return true;
}

static uint64_t add_byte(uint64_t hash, char byte) {
    return (hash ^ (unsigned char)byte) * prime;
}

static uint64_t add_text(uint64_t hash, const char *text) {
    for (; text && *text; text++)
        hash = add_byte(hash, *text);
    return hash;
}

uint64_t shard_hash(const struct entity *entity) {
    uint64_t hash = add_text(offset_basis, entity_type_name(entity->type));
    hash = add_text(add_byte(hash, '\n'), entity->source);
    return add_text(add_byte(hash, '\n'), entity->id);
}

bool shard_has(const struct shard *shard, const struct entity *entity) {
    return !shard->count || shard_hash(entity) % shard->count == shard->number - 1;
}
