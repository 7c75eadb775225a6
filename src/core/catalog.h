/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The counters of one server, found by id and by name. */
#ifndef VPERF_CORE_CATALOG_H
#define VPERF_CORE_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/counter.h"

struct catalog;

/* catalog_new: an empty catalog, owned by the caller. */
struct catalog *catalog_new(void);

/* catalog_free: frees the catalog with all its counters. Takes NULL. */
void catalog_free(struct catalog *catalog);

/*
 * catalog_add: stores a copy of counter with its strings (NULL strings become "", formula and
 * fidelity stay NULL). Returns the stored one, which lives as long as the catalog. A second
 * counter with the same id is not stored, nor one without an id whose name is known: the first is
 * returned. Two ids may have one name.
 */
const struct counter *catalog_add(struct catalog *catalog, const struct counter *counter);

/*
 * catalog_leave_out: notes that the server defines a counter with this id, which nobody wants: no
 * more of it is kept.
 */
void catalog_leave_out(struct catalog *catalog, int32_t id);

/* catalog_left_out: number of counters that were left out. */
size_t catalog_left_out(const struct catalog *catalog);

/*
 * catalog_renew: for a catalog that is in use: from now on ids and names mean the counters of now.
 * Those that had them before stay valid, and are no longer found, if anything of them has changed.
 * What was left out is what now leaves out.
 */
void catalog_renew(struct catalog *catalog, const struct catalog *now);

/* catalog_by_id: the counter with this id, or NULL. */
const struct counter *catalog_by_id(const struct catalog *catalog, int32_t id);

/* catalog_by_name: the first counter with this name (group.name.rollup), or NULL. */
const struct counter *catalog_by_name(const struct catalog *catalog, const char *name);

/*
 * catalog_resolve: the counter with this id; one the catalog lacks is added with name "#ID" and
 * unit "unknown", and is not counted by catalog_defined. NULL for one that was left out.
 */
const struct counter *catalog_resolve(struct catalog *catalog, int32_t id);

/* catalog_size: number of counters, those added by catalog_resolve included. */
size_t catalog_size(const struct catalog *catalog);

/* catalog_defined: number of counters the server defines, without those that were left out. */
size_t catalog_defined(const struct catalog *catalog);

/* catalog_at: counter number index, in the order in which they were added. */
const struct counter *catalog_at(const struct catalog *catalog, size_t index);

/*
 * catalog_nearest: the names closest to a misspelt one, best first, at most count of them; among
 * about equal ones those whose rollup is average, latest or summation. Returns how many were stored
 * in names. The names are borrowed.
 */
size_t catalog_nearest(const struct catalog *catalog, const char *name, const char **names,
                       size_t count);

#endif
