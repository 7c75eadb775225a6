/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/known.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

/* Room for so many more at a time: half as much again would be a megabyte at 5000 guests. */
enum { STEP = 32 };

/* Places on either side of the last one that are looked at before all are searched. */
enum { NEAR_PLACES = 16 };

/*
 * FNV-1a below the counter: series that come in the order of their counters are added behind all
 * others, where no hash has to be moved.
 */
static uint64_t hash(int32_t counter, const char *instance) {
    const uint64_t prime = UINT64_C(0x100000001b3);
    uint64_t value = (UINT64_C(0xcbf29ce484222325) ^ (uint32_t)counter) * prime;
    for (; *instance; instance++)
        value = (value ^ (unsigned char)*instance) * prime;
    return (uint64_t)(uint16_t)counter << 48 | value >> 16;
}

/* The place of the first hash that is not less. */
static size_t place_of(const struct known *known, uint64_t value) {
    size_t low = 0, high = known->count;
    if (high && known->hashes[high - 1] < value)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (known->hashes[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/*
 * The same by steps from the place behind the last series: those of a counter lie together, though
 * not in the order in which they come.
 */
static size_t place_behind_last(const struct known *known, uint64_t value) {
    const uint64_t *hashes = known->hashes;
    size_t from = known->last < known->count ? known->last + 1 : known->count;
    size_t place = from;
    while (place && from - place < NEAR_PLACES && hashes[place - 1] >= value)
        place--;
    while (place < known->count && place < from + NEAR_PLACES && hashes[place] < value)
        place++;
    bool found =
        (!place || hashes[place - 1] < value) && (place == known->count || hashes[place] >= value);
    return found ? place : place_of(known, value);
}

bool known_has(const struct known *known, int32_t counter, const char *instance) {
    uint64_t value = hash(counter, instance);
    size_t place = place_of(known, value);
    return place < known->count && known->hashes[place] == value;
}

struct known_common {
    const struct known_pool *pool;
    uint64_t *hashes;
    size_t count;
    guint digest;
    size_t users;
};

static guint digest_of(gconstpointer common) {
    return ((const struct known_common *)common)->digest;
}

static gboolean is_equal(gconstpointer a, gconstpointer b) {
    const struct known_common *left = a, *right = b;
    return left->count == right->count &&
           memcmp(left->hashes, right->hashes, left->count * sizeof *left->hashes) == 0;
}

static void free_common(gpointer data) {
    struct known_common *common = data;
    free(common->hashes);
    free(common);
}

static void leave_common(struct known *known) {
    struct known_common *common = known->common;
    known->common = NULL;
    known->hashes = NULL;
    if (--common->users == 0)
        g_hash_table_remove(common->pool->all, common);
}

/* Hashes of its own in place of those that it has in common with others. */
static void own(struct known *known) {
    uint64_t *hashes = memory_array(known->capacity, sizeof *hashes);
    memcpy(hashes, known->hashes, known->count * sizeof *hashes);
    leave_common(known);
    known->hashes = hashes;
}

static void grow(struct known *known) {
    known->capacity = known->count + STEP;
    if (known->common)
        own(known);
    else
        known->hashes =
            memory_check(reallocarray(known->hashes, known->capacity, sizeof *known->hashes));
    if (known->taken)
        known->taken =
            memory_check(reallocarray(known->taken, known->capacity + 1, sizeof *known->taken));
}

bool known_add(struct known *known, int32_t counter, const char *instance) {
    uint64_t value = hash(counter, instance);
    size_t place = known->last + 1; /* series mostly come in one order */
    if (place >= known->count || known->hashes[place] != value)
        place = place_behind_last(known, value);
    known->last = place;
    if (place < known->count && known->hashes[place] == value)
        return false;
    if (known->common || known->count == known->capacity)
        grow(known);
    size_t behind = known->count - place;
    memmove(known->hashes + place + 1, known->hashes + place, behind * sizeof *known->hashes);
    known->hashes[place] = value;
    if (known->taken) {
        memmove(known->taken + place + 1, known->taken + place, behind * sizeof *known->taken);
        known->taken[place] = 0;
    }
    known->count++;
    return true;
}

/* Mostly that of the newest time, which needs no division. */
static int64_t number_of(const struct known *known, int64_t time) {
    int64_t since = time - known->newest * known->interval;
    if (since >= 0 && since < known->interval)
        return known->newest;
    int64_t number = time / known->interval;
    return number - (time % known->interval < 0);
}

static uint32_t bit_of(int64_t number) {
    return UINT32_C(1) << ((uint64_t)number % KNOWN_TIMES);
}

static void remember(struct known *known, int32_t interval) {
    if (known->interval == interval)
        return;
    free(known->taken);
    known->taken = memory_array(known->capacity + 1, sizeof *known->taken);
    known->interval = interval;
    known->newest = 0;
}

void known_advance(struct known *known, int32_t interval, int64_t time) {
    remember(known, interval);
    int64_t number = number_of(known, time), by = number - known->newest;
    uint32_t passed = by < KNOWN_TIMES ? 0 : UINT32_MAX;
    for (int64_t i = 0; i < by && by < KNOWN_TIMES; i++)
        passed |= bit_of(number - i);
    if (by <= 0)
        return;
    known->newest = number;
    for (size_t i = 0; i < known->count; i++)
        known->taken[i] &= ~passed;
}

void known_forget_times(struct known *known) {
    free(known->taken);
    known->taken = NULL;
    known->interval = 0;
    known->newest = 0;
}

bool known_covers(const struct known *known, int64_t time) {
    int64_t age = known->interval ? known->newest - number_of(known, time) : -1;
    return age >= 0 && age < KNOWN_TIMES;
}

void known_take(struct known *known, int64_t time) {
    if (known_covers(known, time))
        known->taken[known->last] |= bit_of(number_of(known, time));
}

uint32_t known_taken(const struct known *known, int32_t counter, const char *instance) {
    uint64_t value = hash(counter, instance);
    size_t place = place_of(known, value);
    return known->taken && place < known->count && known->hashes[place] == value
               ? known->taken[place]
               : 0;
}

bool known_took(const struct known *known, uint32_t taken, int64_t time) {
    return taken & bit_of(number_of(known, time));
}

uint32_t known_lacks(const struct known *known, uint32_t times) {
    uint32_t lacks = 0;
    for (size_t i = 0; known->taken && i < known->count; i++)
        lacks |= known->taken[i] ? times & ~known->taken[i] : 0;
    return lacks;
}

/* Takes over the hashes. */
static struct known_common *make_common(const struct known_common *like) {
    struct known_common *common = memory_alloc(sizeof *common);
    size_t size = like->count * sizeof *like->hashes;
    *common = *like;
    common->hashes = memory_check(realloc(like->hashes, size));
    g_hash_table_add(like->pool->all, common);
    return common;
}

void known_share(struct known *known, struct known_pool *pool) {
    struct known_common like = {.pool = pool, .hashes = known->hashes, .count = known->count};
    uint64_t digest = 0;
    if (known->common || !known->count)
        return;
    for (size_t i = 0; i < known->count; i++)
        digest = (digest ^ known->hashes[i]) * UINT64_C(0x9E3779B97F4A7C15);
    like.digest = (guint)(digest >> 32);
    if (!pool->all)
        pool->all = g_hash_table_new_full(digest_of, is_equal, free_common, NULL);
    known->common = g_hash_table_lookup(pool->all, &like);
    if (known->common)
        free(known->hashes);
    else
        known->common = make_common(&like);
    known->common->users++;
    known->hashes = known->common->hashes;
}

void known_pool_done(struct known_pool *pool) {
    if (pool->all)
        g_hash_table_destroy(pool->all);
    pool->all = NULL;
}

void known_done(struct known *known) {
    if (known->common)
        leave_common(known);
    free(known->hashes);
    free(known->taken);
    *known = (struct known){0};
}
