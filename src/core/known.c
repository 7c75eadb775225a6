/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/known.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

/* Room for so many more at a time: half as much again would be a megabyte at 5000 guests. */
enum { STEP = 32 };

/* FNV-1a. */
static uint64_t hash(int32_t counter, const char *instance) {
    const uint64_t prime = UINT64_C(0x100000001b3);
    uint64_t value = (UINT64_C(0xcbf29ce484222325) ^ (uint32_t)counter) * prime;
    for (; *instance; instance++)
        value = (value ^ (unsigned char)*instance) * prime;
    return value;
}

/* The place of the first hash that is not less. */
static size_t place_of(const struct known *known, uint64_t value) {
    size_t low = 0, high = known->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (known->hashes[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool known_has(const struct known *known, int32_t counter, const char *instance) {
    uint64_t value = hash(counter, instance);
    size_t place = place_of(known, value);
    return place < known->count && known->hashes[place] == value;
}

bool known_add(struct known *known, int32_t counter, const char *instance) {
    uint64_t value = hash(counter, instance);
    size_t place = place_of(known, value);
    if (place < known->count && known->hashes[place] == value)
        return false;
    if (known->count == known->capacity) {
        known->capacity += STEP;
        known->hashes =
            memory_check(reallocarray(known->hashes, known->capacity, sizeof *known->hashes));
    }
    memmove(known->hashes + place + 1, known->hashes + place,
            (known->count - place) * sizeof *known->hashes);
    known->hashes[place] = value;
    known->count++;
    return true;
}

void known_done(struct known *known) {
    free(known->hashes);
    *known = (struct known){0};
}
