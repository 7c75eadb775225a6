/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Series that come in any order, written as an exposition: the series of a family, and the samples
 * of a series, stand together. Memory is bounded; what is more goes to a temporary file.
 */
#ifndef VPERF_SINK_METRIC_FAMILIES_H
#define VPERF_SINK_METRIC_FAMILIES_H

#include <stdbool.h>
#include <stdio.h>

#include "core/series.h"
#include "sink/openmetrics_text.h"

struct metric_families;

/* How an exposition is written. */
struct metric_style {
    enum openmetrics_dialect dialect;
    bool newest_only;   /* one sample per series */
    bool without_times; /* of one sample per series */
    size_t field_count; /* further labels of the info metric */
    const struct entity_field *const *fields;
};

/* metric_families_new: nothing yet; the caller owns it. */
struct metric_families *metric_families_new(const struct metric_style *style);

/* metric_families_free: takes NULL. */
void metric_families_free(struct metric_families *families);

/* metric_families_add: keeps the series, which has samples. False with ERROR_OUTPUT when it has no
 * place for it. */
bool metric_families_add(struct metric_families *families, const struct series *series,
                         struct error *error) __attribute__((warn_unused_result));

/*
 * metric_families_write: the exposition of what was added since the last one; a counter begins with
 * its first sample. Families are in the order of their names. Afterwards nothing is kept.
 */
bool metric_families_write(struct metric_families *families, FILE *stream, struct error *error)
    __attribute__((warn_unused_result));

#endif
