/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which series of an entity were emitted: eight bytes for each, as there may be millions. */
#ifndef VPERF_CORE_KNOWN_H
#define VPERF_CORE_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct known {
    uint64_t *hashes; /* ascending */
    size_t count;
    size_t capacity;
};

/* known_add: the series of this counter is known from now on; false when it was before. */
bool known_add(struct known *known, int32_t counter, const char *instance);

/* known_has: the series is known. */
bool known_has(const struct known *known, int32_t counter, const char *instance);

/* known_done: frees all. */
void known_done(struct known *known);

#endif
