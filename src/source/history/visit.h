/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A round over a history: what of it is given, and in which pieces. */
#ifndef VPERF_SOURCE_HISTORY_VISIT_H
#define VPERF_SOURCE_HISTORY_VISIT_H

#include "source/history/history.h"

struct visit {
    struct history *history;
    const struct selection *selection;
    const struct window *window;
    const struct source_events *events;
    int64_t hours_until; /* samples up to this time are those of hours; INT64_MIN: none are */
};

/* visit_span: samples of the entity, which is loaded, with after < time <= until. */
bool visit_span(const struct visit *visit, struct reader_entity *entity, int64_t after,
                int64_t until, struct error *error);

/* visit_hours: as visit_span, those of hours; what the entity offers is told. */
bool visit_hours(const struct visit *visit, struct reader_entity *entity, int64_t after,
                 int64_t until, struct error *error);

/*
 * visit_tail: all samples of the rounds after this number, which becomes that of the newest one;
 * *whole becomes false when some of them are no longer there.
 */
bool visit_tail(const struct visit *visit, int64_t *last, bool *whole, struct error *error);

/* visit_run: as round in source_ops. */
bool visit_run(struct visit *visit, struct error *error);

#endif
