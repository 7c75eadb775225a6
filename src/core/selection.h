/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What the user asked for: which entities, counters, instances and samples. */
#ifndef VPERF_CORE_SELECTION_H
#define VPERF_CORE_SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/catalog.h"
#include "core/entity.h"
#include "core/error.h"
#include "core/globs.h"
#include "core/inventory.h"
#include "core/timerange.h"

/* The interval of the samples that ESXi keeps of the last hour, and the default of polls. */
enum { REAL_TIME_SECONDS = 20 };

struct selection {
    bool types[ENTITY_TYPES];
    struct globs names;
    struct globs counters;
    bool aggregate_only; /* --instance aggregate */
    int32_t samples;     /* the newest N; 0 for all of the time range */
    int32_t interval;    /* seconds; REAL_TIME_SECONDS is real time on vSphere */
    const char *archive; /* the name by which an archived interval was asked for, or NULL */
    struct timerange range;
    int64_t follow_ms; /* not 0: the sample of the interval that begins at this CLOCK_MONOTONIC,
                          to be waited for, instead of the newest there is */
};

/* selection_init: guests and hosts, all counters and instances, the newest real-time sample. */
void selection_init(struct selection *selection);

/* selection_done: frees what the selection holds. */
void selection_done(struct selection *selection);

/* selection_set_types: the types of a comma list such as "vm,host"; ERROR_USAGE names a wrong one.
 */
bool selection_set_types(struct selection *selection, const char *list, struct error *error)
    __attribute__((warn_unused_result));

/* selection_has_entity: the entity's type and name are wanted. */
bool selection_has_entity(const struct selection *selection, const struct entity *entity);

/* selection_has_counter: the counter's name is wanted. */
bool selection_has_counter(const struct selection *selection, const struct counter *counter);

/*
 * selection_check_counters: every counter pattern that is not an exclusion matches a name of the
 * catalog; else ERROR_USAGE names the pattern and the nearest names.
 */
bool selection_check_counters(const struct selection *selection, const struct catalog *catalog,
                              struct error *error) __attribute__((warn_unused_result));

/*
 * selection_check_name: pattern number index of the names is an exclusion, or matches an entity of
 * a wanted type; else ERROR_USAGE names the pattern and the nearest names.
 */
bool selection_check_name(const struct selection *selection, size_t index,
                          const struct inventory *entities, struct error *error)
    __attribute__((warn_unused_result));

#endif
