/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A part of all entities, for one of several processes that measure them together. */
#ifndef VPERF_CORE_SHARD_H
#define VPERF_CORE_SHARD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/entity.h"
#include "core/error.h"

enum { SHARDS_MAX = 1000 };

/* Shard number 1 to count; count 0: everything. */
struct shard {
    uint32_t number;
    uint32_t count;
};

/* shard_parse: "2/5"; ERROR_USAGE when it is none. */
bool shard_parse(struct shard *shard, const char *text, struct error *error)
    __attribute__((warn_unused_result));

/*
 * shard_hash: FNV-1a of 64 bits (offset basis 14695981039346656037, prime 1099511628211) over the
 * entity's type, source and id with a line feed between them. It is the same in all versions: an
 * entity that changed its shard would be measured twice, or not at all, while they are replaced.
 */
uint64_t shard_hash(const struct entity *entity);

/* shard_has: the entity is of this shard; shard_hash modulo the count is its number less 1. */
bool shard_has(const struct shard *shard, const struct entity *entity);

#endif
