/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The values of one entity in one round, until they can be emitted in order. */
#ifndef VPERF_SOURCE_MEASURED_H
#define VPERF_SOURCE_MEASURED_H

#include "core/known.h"
#include "source/source.h"

struct measured_value {
    size_t counter;       /* index in the catalog */
    const char *instance; /* borrowed until they are cleared */
    int64_t value;
};

struct measured {
    struct measured_value *items;
    size_t count;
    size_t capacity;
    uint64_t origin; /* of struct series; 0 before the first one */
};

/* What the values have in common. */
struct measured_head {
    const struct entity *entity;
    const struct catalog *catalog; /* always the same one, which outlives them */
    struct known *known;           /* series of the entity that were emitted before */
    int64_t time;                  /* of the samples */
    int32_t interval;
    bool partial; /* as in struct series */
};

/* measured_done: frees what it holds. */
void measured_done(struct measured *measured);

/* measured_clear: begins with another entity. */
void measured_clear(struct measured *measured);

/* measured_add: one more value. */
void measured_add(struct measured *measured, size_t counter, const char *instance, int64_t value);

/*
 * measured_emit: emits a series of one sample for each value, sorted by counter and instance. False
 * when the output failed.
 */
bool measured_emit(struct measured *measured, const struct measured_head *head,
                   const struct source_events *events, struct error *error);

#endif
