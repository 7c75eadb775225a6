/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Two levels of hash tables, entity and series, so that keys are short and found in few steps. */
#include "core/latest.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "core/meanings.h"
#include "core/memory.h"
#include "core/total.h"

struct kept_series {
    struct latest_series shown;
    UT_hash_handle hh;
    char key[]; /* the address of the interned name, then the instance */
};

struct kept_entity {
    struct latest_entity shown;
    struct entity *copy;
    struct kept_series *series;
    UT_hash_handle hh;
    char key[];
};

struct latest {
    unsigned keep_rounds;
    struct kept_entity *entities;
    struct kept_entity *last; /* series of one entity mostly follow each other */
    bool unsorted;
    struct meanings *counters;
    GString *key; /* of the last look-up */
};

struct latest *latest_new(unsigned keep_rounds) {
    struct latest *latest = memory_alloc(sizeof *latest);
    latest->keep_rounds = keep_rounds;
    latest->counters = meanings_new();
    latest->key = g_string_new(NULL);
    return latest;
}

static void drop_series(struct kept_entity *entity, struct kept_series *series) {
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): only the last one ends the table. */
    HASH_DEL(entity->series, series);
    free(series);
}

static void drop_entity(struct latest *latest, struct kept_entity *entity) {
    struct kept_series *series = NULL, *next = NULL;
    HASH_ITER(hh, entity->series, series, next) {
        drop_series(entity, series);
    }
    HASH_DEL(latest->entities, entity);
    if (latest->last == entity)
        latest->last = NULL;
    free(entity->copy);
    free(entity);
}

void latest_free(struct latest *latest) {
    if (!latest)
        return;
    struct kept_entity *entity = NULL, *next = NULL;
    HASH_ITER(hh, latest->entities, entity, next) {
        drop_entity(latest, entity);
    }
    meanings_free(latest->counters);
    g_string_free(latest->key, TRUE);
    free(latest);
}

static struct kept_entity *find_entity(struct latest *latest, const struct entity *entity) {
    struct kept_entity *found = latest->last;
    if (found && entity_same(found->copy, entity))
        return found;
    entity_key(entity, latest->key);
    HASH_FIND(hh, latest->entities, latest->key->str, latest->key->len, found);
    return found;
}

static struct kept_entity *add_entity(struct latest *latest) {
    const GString *key = latest->key;
    struct kept_entity *entity = memory_alloc(sizeof *entity + key->len);
    memcpy(entity->key, key->str, key->len);
    HASH_ADD_KEYPTR(hh, latest->entities, entity->key, key->len, entity);
    return entity;
}

static void set_context(struct latest *latest, struct kept_entity *entity,
                        const struct entity *context) {
    if (entity->copy && entity_equal(entity->copy, context))
        return;
    struct entity *old = entity->copy;
    entity->copy = entity_copy(context);
    entity->shown.entity = entity->copy;
    latest->unsorted = true;
    free(old);
}

/* The context of an entity is compared once per round. */
static struct kept_entity *entity_for(struct latest *latest, uint16_t target,
                                      const struct entity *context) {
    struct kept_entity *entity = find_entity(latest, context);
    if (!entity)
        entity = add_entity(latest);
    if (!entity->copy || entity->shown.age || entity->shown.target != target)
        set_context(latest, entity, context);
    entity->shown.target = target;
    entity->shown.age = 0;
    latest->last = entity;
    return entity;
}

static struct kept_series *find_series(struct latest *latest, const struct kept_entity *entity,
                                       const char *name, const char *instance) {
    struct kept_series *found = NULL;
    g_string_truncate(latest->key, 0);
    g_string_append_len(latest->key, (const char *)&name, sizeof name);
    g_string_append(latest->key, instance);
    HASH_FIND(hh, entity->series, latest->key->str, latest->key->len, found);
    return found;
}

static struct kept_series *add_series(struct latest *latest, struct kept_entity *entity) {
    const GString *key = latest->key;
    struct kept_series *series = memory_alloc(sizeof *series + key->len + 1);
    memcpy(series->key, key->str, key->len);
    series->shown.instance = series->key + sizeof(char *);
    series->shown.sample.time = INT64_MIN;
    HASH_ADD_KEYPTR(hh, entity->series, series->key, key->len, series);
    return series;
}

static void add_to_total(struct latest_series *shown, const struct series *series) {
    for (size_t i = 0; i < series->count; i++) {
        const struct sample *sample = &series->samples[i];
        if (sample->time == shown->sample.time)
            shown->total -= MAX(shown->sample.value, 0);
        shown->total = total_add(shown->total, sample->value);
    }
}

void latest_write(struct latest *latest, uint16_t target, const struct series *series) {
    if (!series->count)
        return;
    const struct sample *newest = &series->samples[series->count - 1];
    struct kept_entity *entity = entity_for(latest, target, series->entity);
    const struct counter *counter = meanings_add(latest->counters, series->counter);
    struct kept_series *kept = find_series(
        latest, entity, meanings_name(latest->counters, counter->name), series->instance);
    if (!kept)
        kept = add_series(latest, entity);
    add_to_total(&kept->shown, series);
    if (newest->time < kept->shown.sample.time)
        return;
    kept->shown.counter = counter;
    kept->shown.sample = *newest;
    kept->shown.interval = series->interval;
    kept->shown.target = target;
    kept->shown.age = 0;
}

void latest_add_entity(struct latest *latest, uint16_t target, const struct entity *entity) {
    entity_for(latest, target, entity);
}

static bool grow_old(const struct latest *latest, uint16_t *age) {
    if (*age < UINT16_MAX)
        ++*age;
    return latest->keep_rounds && *age > latest->keep_rounds;
}

static void age_entity(struct latest *latest, struct kept_entity *entity, uint16_t target) {
    struct kept_series *series = NULL, *next = NULL;
    HASH_ITER(hh, entity->series, series, next) {
        if (series->shown.target == target && grow_old(latest, &series->shown.age))
            drop_series(entity, series);
    }
    if (entity->shown.target == target && grow_old(latest, &entity->shown.age) && !entity->series)
        drop_entity(latest, entity);
}

void latest_round_end(struct latest *latest, uint16_t target) {
    struct kept_entity *entity = NULL, *next = NULL;
    HASH_ITER(hh, latest->entities, entity, next) {
        age_entity(latest, entity, target);
    }
}

static void drop_target(struct latest *latest, struct kept_entity *entity, uint16_t target) {
    struct kept_series *series = NULL, *next = NULL;
    HASH_ITER(hh, entity->series, series, next) {
        if (series->shown.target == target)
            drop_series(entity, series);
    }
    if (entity->shown.target == target && !entity->series)
        drop_entity(latest, entity);
}

void latest_drop(struct latest *latest, uint16_t target) {
    struct kept_entity *entity = NULL, *next = NULL;
    HASH_ITER(hh, latest->entities, entity, next) {
        drop_target(latest, entity, target);
    }
}

void latest_keep(struct latest *latest, unsigned keep_rounds) {
    latest->keep_rounds = keep_rounds;
}

static int compare_entities(const struct kept_entity *left, const struct kept_entity *right) {
    const char *mine = left->copy->source, *other = right->copy->source;
    int order = strcmp(mine ? mine : "", other ? other : "");
    return order ? order : entity_compare(left->copy, right->copy);
}

const struct latest_entity *latest_first(struct latest *latest) {
    if (latest->unsorted)
        HASH_SORT(latest->entities, compare_entities);
    latest->unsorted = false;
    return latest->entities ? &latest->entities->shown : NULL;
}

const struct latest_entity *latest_next(const struct latest_entity *entity) {
    const struct kept_entity *next = ((const struct kept_entity *)entity)->hh.next;
    return next ? &next->shown : NULL;
}

const struct latest_series *latest_series_first(const struct latest_entity *entity) {
    const struct kept_series *first = ((const struct kept_entity *)entity)->series;
    return first ? &first->shown : NULL;
}

const struct latest_series *latest_series_next(const struct latest_series *series) {
    const struct kept_series *next = ((const struct kept_series *)series)->hh.next;
    return next ? &next->shown : NULL;
}

const struct latest_series *latest_find(struct latest *latest, const struct latest_entity *entity,
                                        const char *counter, const char *instance) {
    const struct kept_series *found =
        find_series(latest, (const struct kept_entity *)entity,
                    meanings_name(latest->counters, counter), instance);
    return found ? &found->shown : NULL;
}

size_t latest_entities(const struct latest *latest) {
    return HASH_COUNT(latest->entities);
}
