/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Rows keyed by type and counter name, in the order in which they were first named. */
#include "command/coverage.h"

#include <fnmatch.h>
#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "core/memory.h"
#include "sink/csv_text.h"

struct row {
    char *key; /* a letter for the type, then the counter's name */
    enum entity_type type;
    char *unit;
    bool defined;
    enum omission omission;
    uint64_t entities;
    uint64_t returning;
    GByteArray *returned; /* a bit for each that did, by its number */
    uint64_t series;
    uint64_t samples;
    UT_hash_handle hh;
};

/* One counter name over all types, for the totals. */
struct name {
    const char *counter;
    bool defined;
    bool offered;
    bool returned;
    UT_hash_handle hh;
};

enum { RECENT = 1024, MAX_ENTITIES = 1000000 };

struct recent {
    struct row *row;
    const struct counter *counter;
    uint64_t origin; /* as in struct series */
};

struct coverage {
    struct row *rows;
    GHashTable *numbers;          /* of entities that returned samples, by key, from 1 on */
    GString *key;                 /* of the entity that was looked for last */
    const struct entity *last;    /* that entity, only to be compared */
    guint number;                 /* its number */
    struct recent recent[RECENT]; /* by address of the counter: most series are of one of these */
};

static const char *counter_name(const struct row *row) {
    return row->key + 1;
}

struct coverage *coverage_new(void) {
    struct coverage *coverage = memory_alloc(sizeof *coverage);
    coverage->numbers = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    coverage->key = g_string_new(NULL);
    return coverage;
}

void coverage_free(struct coverage *coverage) {
    if (!coverage)
        return;
    struct row *row = coverage->rows;
    HASH_CLEAR(hh, coverage->rows);
    for (struct row *next = NULL; row; row = next) {
        next = row->hh.next;
        free(row->key);
        free(row->unit);
        g_byte_array_free(row->returned, TRUE);
        free(row);
    }
    g_hash_table_destroy(coverage->numbers);
    g_string_free(coverage->key, TRUE);
    free(coverage);
}

static struct row *row_for(struct coverage *coverage, enum entity_type type, const char *name,
                           const char *unit) {
    size_t length = strlen(name) + 1;
    char key[256];
    struct row *row = NULL;
    if (length < sizeof key) {
        key[0] = (char)('A' + type);
        memcpy(key + 1, name, length);
        HASH_FIND(hh, coverage->rows, key, length, row);
    }
    if (row)
        return row;
    row = memory_alloc(sizeof *row);
    row->key = memory_printf("%c%s", 'A' + type, name);
    row->type = type;
    row->unit = memory_strdup(unit);
    row->returned = g_byte_array_new();
    HASH_ADD_KEYPTR(hh, coverage->rows, row->key, length, row);
    return row;
}

void coverage_define(struct coverage *coverage, const struct catalog *catalog,
                     const struct selection *selection) {
    for (int type = 0; type < ENTITY_TYPES; type++) {
        for (size_t i = 0; selection->types[type] && i < catalog_size(catalog); i++) {
            const struct counter *counter = catalog_at(catalog, i);
            if (selection_has_counter(selection, counter))
                row_for(coverage, (enum entity_type)type, counter->name, counter->unit)->defined =
                    true;
        }
    }
}

static bool is_recent(const struct recent *recent, enum entity_type type,
                      const struct counter *counter, uint64_t origin) {
    if (!recent->row || recent->row->type != type)
        return false;
    return (origin && recent->origin == origin && recent->counter == counter) ||
           strcmp(counter_name(recent->row), counter->name) == 0;
}

/*
 * As row_for, but without a hash of the name, which costs more than the rest of the account; and
 * without a look at it where the origin of a series tells that it is the same.
 */
static struct row *row_of(struct coverage *coverage, enum entity_type type,
                          const struct counter *counter, uint64_t origin) {
    size_t place = ((uintptr_t)counter / sizeof *counter + type) % RECENT;
    struct recent *recent = &coverage->recent[place];
    struct row *row = recent->row;
    if (!is_recent(recent, type, counter, origin))
        row = row_for(coverage, type, counter->name, counter->unit);
    *recent = (struct recent){row, counter, origin};
    return row;
}

void coverage_offered(struct coverage *coverage, const struct entity *entity,
                      const struct counter *counter) {
    row_of(coverage, entity->type, counter, 0)->entities++;
}

/* Most series are of the entity of the one before; its address may be another's by now. */
static bool is_last(const struct coverage *coverage, const struct entity *entity) {
    const char *id = coverage->last == entity ? strchr(coverage->key->str, '\n') : NULL;
    return id && strcmp(id + 1, entity->id ? entity->id : "") == 0;
}

/* Of a run that has met very many, further ones are one: number 0. */
static guint number_of(struct coverage *coverage, const struct entity *entity) {
    entity_key(entity, coverage->key);
    guint number = GPOINTER_TO_UINT(g_hash_table_lookup(coverage->numbers, coverage->key->str));
    if (number || g_hash_table_size(coverage->numbers) >= MAX_ENTITIES)
        return number;
    number = g_hash_table_size(coverage->numbers) + 1;
    g_hash_table_insert(coverage->numbers, memory_strdup(coverage->key->str),
                        GUINT_TO_POINTER(number));
    return number;
}

/* False when the bit was set before. */
static bool set_bit(GByteArray *bits, guint number) {
    guint8 bit = (guint8)(1 << number % 8);
    guint size = bits->len;
    if (number / 8 >= size) {
        g_byte_array_set_size(bits, number / 8 + 1);
        memset(bits->data + size, 0, bits->len - size);
    }
    bool fresh = !(bits->data[number / 8] & bit);
    bits->data[number / 8] |= bit;
    return fresh;
}

static bool is_first(struct coverage *coverage, struct row *row, const struct entity *entity) {
    if (!is_last(coverage, entity)) {
        coverage->number = number_of(coverage, entity);
        coverage->last = entity;
    }
    return set_bit(row->returned, coverage->number);
}

void coverage_series(struct coverage *coverage, const struct series *series) {
    struct row *row = row_of(coverage, series->entity->type, series->counter, series->origin);
    row->returning += !series->continues && is_first(coverage, row, series->entity);
    row->series += !series->continues;
    row->samples += series->count;
}

void coverage_omitted(struct coverage *coverage, enum entity_type type,
                      const struct counter *counter, enum omission why) {
    struct row *row = row_for(coverage, type, counter->name, counter->unit);
    row->omission = MAX(row->omission, why);
}

void coverage_merge(struct coverage *coverage, const struct coverage *other) {
    for (const struct row *from = other->rows; from; from = from->hh.next) {
        struct row *row = row_for(coverage, from->type, counter_name(from), from->unit);
        row->defined |= from->defined;
        row->omission = MAX(row->omission, from->omission);
        row->entities += from->entities;
        row->returning += from->returning;
        row->series += from->series;
        row->samples += from->samples;
    }
}

bool coverage_matches(const struct coverage *coverage, const char *pattern) {
    for (const struct row *row = coverage->rows; row; row = row->hh.next)
        if (fnmatch(pattern, counter_name(row), 0) == 0)
            return true;
    return false;
}

bool coverage_offers(const struct coverage *coverage, const char *pattern) {
    for (const struct row *row = coverage->rows; row; row = row->hh.next)
        if (row->entities && fnmatch(pattern, counter_name(row), 0) == 0)
            return true;
    return false;
}

static struct name *name_for(struct name **names, const struct row *row) {
    struct name *name = NULL;
    HASH_FIND_STR(*names, counter_name(row), name);
    if (!name) {
        name = memory_alloc(sizeof *name);
        name->counter = counter_name(row);
        HASH_ADD_KEYPTR(hh, *names, name->counter, strlen(name->counter), name);
    }
    return name;
}

struct coverage_totals coverage_totals(struct coverage *coverage) {
    struct coverage_totals totals = {0};
    struct name *names = NULL;
    for (struct row *row = coverage->rows; row; row = row->hh.next) {
        struct name *name = name_for(&names, row);
        name->defined |= row->defined;
        name->offered |= row->entities > 0;
        name->returned |= row->samples > 0;
        totals.series += row->series;
        totals.samples += row->samples;
    }
    struct name *name = names;
    HASH_CLEAR(hh, names);
    for (struct name *next = NULL; name; name = next) {
        next = name->hh.next;
        totals.defined += name->defined;
        totals.offered += name->defined && name->offered;
        totals.returned += name->defined && name->returned;
        totals.unknown += !name->defined;
        free(name);
    }
    return totals;
}

static const char *status(const struct row *row) {
    if (row->samples)
        return "collected";
    return row->entities ? "offered, no data" : "not offered";
}

static const char *const omissions[] = {
    [OMISSION_NOT_ASKED] = "not asked",
    [OMISSION_ROLLUP] = "rollup not kept in real time",
    [OMISSION_LEVEL] = "level",
    [OMISSION_REFUSED] = "refused",
};

/* Of a type that has nobody who offers anything, nobody was asked. */
static const char *reason(const struct row *row, const bool offering[ENTITY_TYPES]) {
    if (row->samples)
        return "";
    if (row->omission && (!row->entities || row->omission == OMISSION_REFUSED))
        return omissions[row->omission];
    if (row->entities)
        return "no samples";
    return offering[row->type] ? "device or feature absent" : omissions[OMISSION_NOT_ASKED];
}

static void find_offering(const struct coverage *coverage, bool offering[ENTITY_TYPES]) {
    for (const struct row *row = coverage->rows; row; row = row->hh.next)
        offering[row->type] = offering[row->type] || row->entities;
}

void coverage_write(struct coverage *coverage, FILE *stream, bool spreadsheet_safe) {
    bool offering[ENTITY_TYPES] = {false};
    find_offering(coverage, offering);
    fputs("type,counter,unit,entities_offering,entities_returning,series,samples,status,reason\n",
          stream);
    for (const struct row *row = coverage->rows; row; row = row->hh.next) {
        fprintf(stream, "%s,", entity_type_name(row->type));
        csv_text(stream, counter_name(row), spreadsheet_safe);
        fputc(',', stream);
        csv_text(stream, row->unit, spreadsheet_safe);
        fprintf(stream, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", row->entities,
                row->returning, row->series, row->samples);
        csv_text(stream, status(row), false);
        fputc(',', stream);
        csv_text(stream, reason(row, offering), false);
        fputc('\n', stream);
    }
}
