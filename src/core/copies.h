/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Entities as they came, copied once each, and again when what is known of one has changed. */
#ifndef VPERF_CORE_COPIES_H
#define VPERF_CORE_COPIES_H

#include <stddef.h>
#include <stdint.h>

#include "core/entity.h"

struct copies;

/* A copy, and how many were made before it. */
struct copy {
    const struct entity *entity;
    int32_t number;
};

/* copies_new: none yet; owned by the caller. */
struct copies *copies_new(void);

/* copies_free: frees all of them. Takes NULL. */
void copies_free(struct copies *copies);

/* copies_add: our copy of the entity; it lives as long as the copies. */
struct copy copies_add(struct copies *copies, const struct entity *entity);

/* copies_count: how many were made. */
size_t copies_count(const struct copies *copies);

#endif
