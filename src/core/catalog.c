/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The counters of one server, found by id and by name. */
#include "core/catalog.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "core/memory.h"

struct entry {
    struct counter counter;
    bool defined; /* by the server, not by catalog_resolve */
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
};

struct candidate {
    const char *name;
    bool contains;
    size_t distance;
};

static char *copy_or_empty(const char *text) {
    return memory_strdup(text ? text : "");
}

static struct entry *entry_new(const struct counter *counter) {
    struct entry *entry = memory_alloc(sizeof *entry);

    entry->counter = *counter;
    entry->counter.name = copy_or_empty(counter->name);
    entry->counter.unit = copy_or_empty(counter->unit);
    entry->counter.rollup = copy_or_empty(counter->rollup);
    entry->counter.stats = copy_or_empty(counter->stats);
    entry->counter.label = copy_or_empty(counter->label);
    entry->counter.summary = copy_or_empty(counter->summary);
    entry->counter.formula = memory_strdup(counter->formula);
    entry->counter.fidelity = memory_strdup(counter->fidelity);
    return entry;
}

static void entry_free(struct entry *entry) {
    free((char *)entry->counter.name);
    free((char *)entry->counter.unit);
    free((char *)entry->counter.rollup);
    free((char *)entry->counter.stats);
    free((char *)entry->counter.label);
    free((char *)entry->counter.summary);
    free((char *)entry->counter.formula);
    free((char *)entry->counter.fidelity);
    free(entry);
}

static const struct counter *store(struct catalog *catalog, const struct counter *counter,
                                   bool defined) {
    struct entry *entry = entry_new(counter);

    entry->defined = defined;
    catalog->order =
        memory_grow(catalog->order, catalog->count, &catalog->capacity, sizeof(struct entry *));
    catalog->order[catalog->count++] = entry;
    catalog->defined += defined;
    if (entry->counter.id)
        HASH_ADD(by_id, catalog->ids, counter.id, sizeof entry->counter.id, entry);
    HASH_ADD_KEYPTR(by_name, catalog->names, entry->counter.name, strlen(entry->counter.name),
                    entry);
    return &entry->counter;
}

struct catalog *catalog_new(void) {
    return memory_alloc(sizeof(struct catalog));
}

void catalog_free(struct catalog *catalog) {
    if (!catalog)
        return;
    HASH_CLEAR(by_id, catalog->ids);
    HASH_CLEAR(by_name, catalog->names);
    for (size_t i = 0; i < catalog->count; i++)
        entry_free(catalog->order[i]);
    free(catalog->order);
    free(catalog);
}

const struct counter *catalog_add(struct catalog *catalog, const struct counter *counter) {
    const struct counter *first = counter->id ? catalog_by_id(catalog, counter->id) : NULL;

    if (!first)
        first = catalog_by_name(catalog, counter->name ? counter->name : "");
    return first ? first : store(catalog, counter, true);
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
    if (known)
        return known;

    char *name = memory_printf("#%d", id);
    struct counter unknown = {.id = id, .name = name, .unit = "unknown"};
    known = catalog_by_name(catalog, name);
    if (!known)
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

static size_t smallest(size_t a, size_t b, size_t c) {
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

static bool same_letter(char a, char b) {
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Levenshtein's distance without regard to case; row has room for strlen(b) + 1 numbers. */
static size_t edit_distance(const char *a, const char *b, size_t *row) {
    size_t width = strlen(b);

    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < width; j++) {
            size_t above = row[j + 1];
            row[j + 1] = smallest(diagonal + !same_letter(a[i], b[j]), above + 1, row[j] + 1);
            diagonal = above;
        }
    }
    return row[width];
}

static bool is_nearer(const struct candidate *a, const struct candidate *b) {
    if (a->contains != b->contains)
        return a->contains;
    if (a->distance != b->distance)
        return a->distance < b->distance;
    return strcmp(a->name, b->name) < 0;
}

/* Insertion into the list of the best so far; returns its new length. */
static size_t keep_best(struct candidate *best, size_t kept, size_t count,
                        struct candidate candidate) {
    size_t place = kept;

    while (place > 0 && is_nearer(&candidate, &best[place - 1]))
        place--;
    if (place == count)
        return kept;
    if (kept < count)
        kept++;
    memmove(best + place + 1, best + place, (kept - place - 1) * sizeof *best);
    best[place] = candidate;
    return kept;
}

size_t catalog_nearest(const struct catalog *catalog, const char *name, const char **names,
                       size_t count) {
    struct candidate *best = memory_array(count, sizeof *best);
    size_t *row = memory_array(strlen(name) + 1, sizeof *row);
    size_t kept = 0;

    for (size_t i = 0; i < catalog->count; i++) {
        const char *known = catalog->order[i]->counter.name;
        if (!catalog->order[i]->defined)
            continue;
        struct candidate candidate = {
            .name = known,
            .contains = strcasestr(known, name) != NULL,
            .distance = edit_distance(known, name, row),
        };
        kept = keep_best(best, kept, count, candidate);
    }
    for (size_t i = 0; i < kept; i++)
        names[i] = best[i].name;
    free(row);
    free(best);
    return kept;
}
