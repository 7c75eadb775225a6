/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Samples of a history in parts that fit into memory: stretches of time of one entity after the
 * other. Large ones are read by a second thread while the part before is given.
 */
#ifndef VPERF_SOURCE_HISTORY_PARTS_H
#define VPERF_SOURCE_HISTORY_PARTS_H

#include "source/history/visit.h"

/* An entity, which is loaded, and the stretch of time of it: after < time <= until. */
struct parts_entity {
    struct reader_entity *entity;
    int64_t after;
    int64_t until;
    bool hours; /* they are of its hours; see history/hourly.h */
};

/* Asked by parts_run, by the thread that called it. */
struct parts_source {
    void *context;
    /* next: false when there is no further entity, or on failure. */
    bool (*next)(void *context, struct parts_entity *entity, struct error *error);
    /* begin: samples of the entity come next. */
    void (*begin)(void *context, struct reader_entity *entity);
    /* give: so many of them; the output may fail. */
    bool (*give)(void *context, struct reader_entity *entity, const struct collected *collected,
                 struct error *error);
};

/* parts_run: gives all parts of all entities, in their order. */
bool parts_run(const struct visit *visit, const struct parts_source *source, struct error *error)
    __attribute__((warn_unused_result));

/* parts_choose: room for the wanted series of the entity, or for the hours of these. */
void parts_choose(const struct visit *visit, const struct reader_entity *entity, bool hours,
                  struct collected *collected);

/* parts_wants: the series is wanted. */
bool parts_wants(const struct visit *visit, const struct reader_series *series);

#endif
