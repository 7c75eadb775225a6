/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a comparison shows of a guest: which counters, under which headings, and how several
 * values of one counter become one.
 */
#ifndef VPERF_COMMAND_COMPARISON_COLUMNS_H
#define VPERF_COMMAND_COMPARISON_COLUMNS_H

#include <glib.h>

#include "core/catalog.h"
#include "core/globs.h"

/*
 * The counters that are compared unless others are asked for: those that ESXi and KVM both have in
 * about the same meaning. The label is their heading in a table. The last one has no name.
 */
extern const struct counter comparison_set[];

/* How the values of several guests, or of several devices of a guest, become one. */
enum combination {
    COMBINE_NOT,       /* their sum and mean say nothing */
    COMBINE_SUM,       /* rates, amounts in an interval, sizes */
    COMBINE_MEAN,      /* percent; over guests weighted by what it is a percentage of */
    COMBINE_LATENCIES, /* the mean weighted by requests */
};

/* combination_of: decided by unit and stats type. */
enum combination combination_of(const struct counter *counter);

/* combination_weight: the counter of the requests that a latency is of; NULL if none is known. */
const char *combination_weight(const char *latency);

/* combination_add_weights: adds the counters that those of the list are weighted by. */
void combination_add_weights(struct globs *counters);

/* Counters in the order in which they are shown; they belong to a catalog. */
struct columns {
    const struct counter **counters;
    size_t count;
    size_t capacity;
    GHashTable *places; /* of the names, from 1 */
};

/*
 * columns_resolve: the counters that the patterns name, in the order of the patterns, each once.
 * Those of one pattern are in alphabetical order. A name without wildcards is a column even when
 * the catalog lacks it: it is added.
 */
void columns_resolve(struct columns *columns, const struct globs *patterns,
                     struct catalog *catalog);

/* columns_find: stores the place of the counter with this name; false when it is no column. */
bool columns_find(const struct columns *columns, const char *name, size_t *place);

/* columns_done: frees the list. */
void columns_done(struct columns *columns);

/* column_heading: short, with the unit: "cpu.usage %"; the caller frees it. */
char *column_heading(const struct counter *counter, bool raw);

/*
 * column_title: the full name, and with unit its key: "cpu.usage.average [percent]"; the caller
 * frees it.
 */
char *column_title(const struct counter *counter, bool unit);

#endif
