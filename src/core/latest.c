/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Two levels of hash tables, entity and series, so that keys are short and found in few steps. */
#include "core/latest.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "core/catalog.h"
#include "core/memory.h"

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
    size_t size;
    GPtrArray *catalogs; /* the first has each name; the n-th has the n-th meaning of a name */
    GString *key;        /* of the last look-up */
};

static void free_catalog(gpointer catalog) {
    catalog_free(catalog);
}

struct latest *latest_new(unsigned keep_rounds) {
    struct latest *latest = memory_alloc(sizeof *latest);
    latest->keep_rounds = keep_rounds;
    latest->catalogs = g_ptr_array_new_with_free_func(free_catalog);
    latest->key = g_string_new(NULL);
    g_ptr_array_add(latest->catalogs, catalog_new());
    return latest;
}

static void drop_series(struct latest *latest, struct kept_entity *entity,
                        struct kept_series *series) {
    HASH_DEL(entity->series, series);
    free(series);
    latest->size--;
}

static void drop_entity(struct latest *latest, struct kept_entity *entity) {
    struct kept_series *series = NULL, *next = NULL;
    HASH_ITER(hh, entity->series, series, next)
    drop_series(latest, entity, series);
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
    HASH_ITER(hh, latest->entities, entity, next)
    drop_entity(latest, entity);
    g_ptr_array_free(latest->catalogs, TRUE);
    g_string_free(latest->key, TRUE);
    free(latest);
}

static void make_entity_key(GString *key, const struct entity *entity) {
    g_string_truncate(key, 0);
    g_string_append_c(key, (char)entity->type);
    g_string_append(key, entity->source ? entity->source : "");
    g_string_append_c(key, '\0');
    g_string_append(key, entity->id ? entity->id : "");
}

static struct kept_entity *find_entity(struct latest *latest, const struct entity *entity) {
    struct kept_entity *found = latest->last;
    if (found && entity_same(found->copy, entity))
        return found;
    make_entity_key(latest->key, entity);
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

static bool same_text(const char *left, const char *right) {
    return strcmp(left ? left : "", right ? right : "") == 0;
}

static bool same_meaning(const struct counter *left, const struct counter *right) {
    return same_text(left->unit, right->unit) && same_text(left->stats, right->stats) &&
           same_text(left->rollup, right->rollup) && same_text(left->fidelity, right->fidelity) &&
           same_text(left->label, right->label);
}

/* Servers number their counters each in its own way: here only the name counts. */
static const struct counter *meaning_of(struct latest *latest, const struct counter *counter) {
    struct counter unnumbered = *counter;
    unnumbered.id = 0;
    for (guint i = 0;; i++) {
        if (i == latest->catalogs->len)
            g_ptr_array_add(latest->catalogs, catalog_new());
        const struct counter *known =
            catalog_add(g_ptr_array_index(latest->catalogs, i), &unnumbered);
        if (same_meaning(known, counter))
            return known;
    }
}

/* One address per name, whatever it means. */
static const char *intern(const struct latest *latest, const char *name) {
    const struct counter *first =
        catalog_by_name(g_ptr_array_index(latest->catalogs, 0), name ? name : "");
    return first ? first->name : NULL;
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
    latest->size++;
    return series;
}

void latest_write(struct latest *latest, uint16_t target, const struct series *series) {
    if (!series->count)
        return;
    const struct sample *newest = &series->samples[series->count - 1];
    struct kept_entity *entity = entity_for(latest, target, series->entity);
    const struct counter *counter = meaning_of(latest, series->counter);
    struct kept_series *kept =
        find_series(latest, entity, intern(latest, counter->name), series->instance);
    if (!kept)
        kept = add_series(latest, entity);
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
    HASH_ITER(hh, entity->series, series, next)
    if (series->shown.target == target && grow_old(latest, &series->shown.age))
        drop_series(latest, entity, series);
    if (entity->shown.target == target && grow_old(latest, &entity->shown.age) && !entity->series)
        drop_entity(latest, entity);
}

void latest_round_end(struct latest *latest, uint16_t target) {
    struct kept_entity *entity = NULL, *next = NULL;
    HASH_ITER(hh, latest->entities, entity, next)
    age_entity(latest, entity, target);
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

const struct latest_entity *latest_find_entity(struct latest *latest, const struct entity *key) {
    const struct kept_entity *found = find_entity(latest, key);
    return found ? &found->shown : NULL;
}

const struct latest_series *latest_find(struct latest *latest, const struct latest_entity *entity,
                                        const char *counter, const char *instance) {
    const struct kept_series *found =
        find_series(latest, (const struct kept_entity *)entity, intern(latest, counter), instance);
    return found ? &found->shown : NULL;
}

size_t latest_entities(const struct latest *latest) {
    return HASH_COUNT(latest->entities);
}

size_t latest_size(const struct latest *latest) {
    return latest->size;
}
