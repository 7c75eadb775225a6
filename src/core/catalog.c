/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The counters of one server, found by id and by name. */
#include "core/catalog.h"

#include <assert.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "core/memory.h"
#include "core/nearest.h"

struct entry {
    struct counter counter;
    bool defined;  /* by the server, not by catalog_resolve */
    bool replaced; /* another counter has its id now */
    UT_hash_handle by_id;
    UT_hash_handle by_name;
};

struct catalog {
    struct entry *ids;
    struct entry *names;
    struct entry **order;
    size_t count;
    size_t capacity;
    size_t defined;
    GHashTable *left_out; /* ids; NULL for none */
};

/* The strings of a counter: each is copied, and "" for NULL but in the last two. */
static const struct text {
    size_t offset;
    bool optional;
} texts[] = {
    {offsetof(struct counter, name), false},   {offsetof(struct counter, unit), false},
    {offsetof(struct counter, rollup), false}, {offsetof(struct counter, stats), false},
    {offsetof(struct counter, label), false},  {offsetof(struct counter, summary), false},
    {offsetof(struct counter, formula), true}, {offsetof(struct counter, fidelity), true},
};
enum { TEXTS = sizeof texts / sizeof *texts };

static const char **text_of(struct counter *counter, size_t i) {
    return (const char **)(void *)((char *)counter + texts[i].offset);
}

/* In one piece with its strings: a catalogue of 800 counters has 6000 of them. */
static struct entry *entry_new(const struct counter *counter) {
    struct counter copy = *counter;
    size_t sizes[TEXTS], room = 0;
    for (size_t i = 0; i < TEXTS; i++) {
        const char **text = text_of(&copy, i);
        if (!*text && !texts[i].optional)
            *text = "";
        sizes[i] = *text ? strlen(*text) + 1 : 0;
        room += sizes[i];
    }
    struct entry *entry = memory_alloc(sizeof *entry + room);
    char *at = (char *)(entry + 1);
    for (size_t i = 0; i < TEXTS; i++) {
        const char **text = text_of(&copy, i);
        if (*text)
            *text = memcpy(at, *text, sizes[i]);
        at += sizes[i];
    }
    entry->counter = copy;
    return entry;
}

/* A name that several counters have means the first of them. */
static void add_name(struct catalog *catalog, struct entry *entry) {
    const char *name = entry->counter.name;
    struct entry *first = NULL;
    HASH_FIND(by_name, catalog->names, name, strlen(name), first);
    if (!first)
        HASH_ADD_KEYPTR(by_name, catalog->names, name, strlen(name), entry);
}

static const struct counter *store(struct catalog *catalog, const struct counter *counter,
                                   bool defined) {
    struct entry *entry = entry_new(counter);

    entry->defined = defined;
    catalog->order =
        memory_grow(catalog->order, catalog->count, &catalog->capacity, sizeof(struct entry *));
    catalog->order[catalog->count++] = entry;
    catalog->defined += defined;
    if (entry->counter.has_id)
        HASH_ADD(by_id, catalog->ids, counter.id, sizeof entry->counter.id, entry);
    add_name(catalog, entry);
    return &entry->counter;
}

struct catalog *catalog_new(void) {
    return memory_alloc(sizeof(struct catalog));
}

static void forget_left_out(struct catalog *catalog) {
    if (catalog->left_out)
        g_hash_table_unref(catalog->left_out);
    catalog->left_out = NULL;
}

void catalog_free(struct catalog *catalog) {
    if (!catalog)
        return;
    forget_left_out(catalog);
    HASH_CLEAR(by_id, catalog->ids);
    HASH_CLEAR(by_name, catalog->names);
    for (size_t i = 0; i < catalog->count; i++)
        free(catalog->order[i]);
    free(catalog->order);
    free(catalog);
}

const struct counter *catalog_add(struct catalog *catalog, const struct counter *counter) {
    const struct counter *first =
        counter->has_id ? catalog_by_id(catalog, counter->id)
                        : catalog_by_name(catalog, counter->name ? counter->name : "");
    return first ? first : store(catalog, counter, true);
}

void catalog_leave_out(struct catalog *catalog, int32_t id) {
    if (!catalog->left_out)
        catalog->left_out = g_hash_table_new(NULL, NULL);
    g_hash_table_add(catalog->left_out, GINT_TO_POINTER(id));
}

size_t catalog_left_out(const struct catalog *catalog) {
    return catalog->left_out ? g_hash_table_size(catalog->left_out) : 0;
}

static bool is_left_out(const struct catalog *catalog, int32_t id) {
    return catalog->left_out && g_hash_table_contains(catalog->left_out, GINT_TO_POINTER(id));
}

static bool is_same(const struct counter *a, const struct counter *b) {
    return a->has_id == b->has_id && a->id == b->id && a->level == b->level &&
           a->device_level == b->device_level && g_strcmp0(a->name, b->name) == 0 &&
           g_strcmp0(a->unit, b->unit) == 0 && g_strcmp0(a->rollup, b->rollup) == 0 &&
           g_strcmp0(a->stats, b->stats) == 0 && g_strcmp0(a->label, b->label) == 0 &&
           g_strcmp0(a->summary, b->summary) == 0 && g_strcmp0(a->formula, b->formula) == 0 &&
           g_strcmp0(a->fidelity, b->fidelity) == 0;
}

/* The one with the counter's id, or without ids with its name; NULL when there is none. */
static struct entry *find_like(const struct catalog *catalog, const struct counter *counter) {
    struct entry *entry = NULL;
    if (counter->has_id)
        HASH_FIND(by_id, catalog->ids, &counter->id, sizeof counter->id, entry);
    else
        HASH_FIND(by_name, catalog->names, counter->name, strlen(counter->name), entry);
    return entry;
}

/* The entries that are replaced stay where they are, for those who hold them. */
static void renew(struct catalog *catalog, const struct counter *counter) {
    struct entry *old = find_like(catalog, counter);
    if (old && is_same(&old->counter, counter))
        return;
    if (old && old->counter.has_id)
        HASH_DELETE(by_id, catalog->ids, old);
    if (old && !counter->has_id)
        HASH_DELETE(by_name, catalog->names, old);
    if (old)
        old->replaced = true;
    store(catalog, counter, true);
}

/* Names mean the counters of now, then those that it lacks. */
static void rename_all(struct catalog *catalog, const struct catalog *now) {
    HASH_CLEAR(by_name, catalog->names);
    for (size_t i = 0; i < now->count; i++) {
        const struct counter *counter = &now->order[i]->counter;
        struct entry *entry = NULL;
        if (now->order[i]->defined && counter->has_id)
            entry = find_like(catalog, counter);
        if (entry)
            add_name(catalog, entry);
    }
    for (size_t i = 0; i < catalog->count; i++)
        if (!catalog->order[i]->replaced)
            add_name(catalog, catalog->order[i]);
}

void catalog_renew(struct catalog *catalog, const struct catalog *now) {
    for (size_t i = 0; i < now->count; i++)
        if (now->order[i]->defined)
            renew(catalog, &now->order[i]->counter);
    rename_all(catalog, now);
    forget_left_out(catalog);
    if (now->left_out)
        catalog->left_out = g_hash_table_ref(now->left_out);
}

const struct counter *catalog_by_id(const struct catalog *catalog, int32_t id) {
    struct entry *entry;

    HASH_FIND(by_id, catalog->ids, &id, sizeof id, entry);
    return entry ? &entry->counter : NULL;
}

const struct counter *catalog_by_name(const struct catalog *catalog, const char *name) {
    struct entry *entry;

    HASH_FIND(by_name, catalog->names, name, strlen(name), entry);
    return entry ? &entry->counter : NULL;
}

const struct counter *catalog_resolve(struct catalog *catalog, int32_t id) {
    const struct counter *known = catalog_by_id(catalog, id);
    if (known || is_left_out(catalog, id))
        return known;

    char *name = memory_printf("#%d", id);
    struct counter unknown = {.has_id = true, .id = id, .name = name, .unit = "unknown"};
    known = store(catalog, &unknown, false);
    free(name);
    return known;
}

size_t catalog_size(const struct catalog *catalog) {
    return catalog->count;
}

size_t catalog_defined(const struct catalog *catalog) {
    return catalog->defined;
}

const struct counter *catalog_at(const struct catalog *catalog, size_t index) {
    assert(index < catalog->count);
    return &catalog->order[index]->counter;
}

/* Of a rollup that real time keeps. */
static bool is_usual(const struct counter *counter) {
    static const char *const usual[] = {"average", "latest", "summation"};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (strcmp(counter->rollup, usual[i]) == 0)
            return true;
    return false;
}

size_t catalog_nearest(const struct catalog *catalog, const char *name, const char **names,
                       size_t count) {
    struct nearest *known = memory_array(catalog->count + 1, sizeof *known);
    size_t defined = 0;

    for (size_t i = 0; i < catalog->count; i++) {
        const struct counter *counter = catalog_at(catalog, i);
        if (catalog->order[i]->defined)
            known[defined++] = (struct nearest){.name = counter->name, .usual = is_usual(counter)};
    }
    size_t near = nearest_keep(known, defined, name);
    if (count > near)
        count = near;
    for (size_t i = 0; i < count; i++)
        names[i] = known[i].name;
    free(known);
    return count;
}
