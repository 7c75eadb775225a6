/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What happens beside samples, until it is written. */
#ifndef VPERF_HISTORY_EVENTS_H
#define VPERF_HISTORY_EVENTS_H

#include "history/registry.h"

/* The names are in the table event. */
enum writer_event {
    WRITER_STARTED,
    WRITER_STOPPED,
    WRITER_LOST,
    WRITER_BACK,
    WRITER_ARRIVED,
    WRITER_MOVED,
    WRITER_LEFT,
    WRITER_RENAMED,
    WRITER_CLOCK,
};

struct events;

/* events_new: none yet; owned by the caller. */
struct events *events_new(void);

/* events_free: takes NULL. */
void events_free(struct events *events);

/* events_full: no more are taken until those that wait are written. */
bool events_full(const struct events *events);

/* events_empty: none waits to be written. */
bool events_empty(const struct events *events);

/* events_add: one that happens now, of a target, or of an entity unless that is NULL. */
void events_add(struct events *events, enum writer_event kind, const char *target,
                struct kept_entity *entity, const char *text);

/* events_write: those that wait, with the entities that they are about. */
bool events_write(const struct events *events, struct registry *registry, struct error *error)
    __attribute__((warn_unused_result));

/* events_written: what events_write wrote is committed. */
void events_written(struct events *events);

#endif
