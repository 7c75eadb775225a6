/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The account of a run: which counters were defined, offered and returned. */
#ifndef VPERF_COMMAND_COVERAGE_H
#define VPERF_COMMAND_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/catalog.h"
#include "core/omission.h"
#include "core/output.h"
#include "core/selection.h"
#include "core/series.h"

struct coverage;

/* Sums of an account; counters are distinct names over all types. */
struct coverage_totals {
    size_t defined;  /* by the catalogues */
    size_t offered;  /* of the defined ones, by at least one entity */
    size_t returned; /* of the defined ones, with at least one sample */
    size_t unknown;  /* offered, and not defined: named "#ID" */
    uint64_t series;
    uint64_t samples;
};

/* coverage_new: an empty account, owned by the caller. */
struct coverage *coverage_new(void);

/* coverage_free: takes NULL. */
void coverage_free(struct coverage *coverage);

/* coverage_define: a row for each selected counter of the catalog and each selected type. */
void coverage_define(struct coverage *coverage, const struct catalog *catalog,
                     const struct selection *selection);

/* coverage_offered: one more entity offers the counter. */
void coverage_offered(struct coverage *coverage, const struct entity *entity,
                      const struct counter *counter);

/* coverage_series: one more series, with its samples. */
void coverage_series(struct coverage *coverage, const struct series *series);

/* coverage_omitted: why the counter has no samples of the type, if it has none. */
void coverage_omitted(struct coverage *coverage, enum entity_type type,
                      const struct counter *counter, enum omission why);

/* coverage_merge: adds the rows of another account; rows that both have are summed. */
void coverage_merge(struct coverage *coverage, const struct coverage *other);

/* coverage_matches: a row's counter matches the pattern of fnmatch(3). */
bool coverage_matches(const struct coverage *coverage, const char *pattern);

/* coverage_offers: an entity offers such a counter. */
bool coverage_offers(const struct coverage *coverage, const char *pattern);

/* coverage_totals: the sums. */
struct coverage_totals coverage_totals(struct coverage *coverage);

/*
 * coverage_write: CSV with the columns type, counter, unit, entities_offering, entities_returning
 * (with at least one sample), series, samples, status and reason, in the order of the catalogue.
 * Status is collected, "offered, no data" or "not offered"; reason why there are no samples: one of
 * the texts of README.md.
 */
void coverage_write(struct coverage *coverage, FILE *stream, bool spreadsheet_safe);

#endif
