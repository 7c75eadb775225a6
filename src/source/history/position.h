/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* How far a history has been given: by rounds while they are there, and by time of each entity. */
#ifndef VPERF_SOURCE_HISTORY_POSITION_H
#define VPERF_SOURCE_HISTORY_POSITION_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct position {
    int64_t round;     /* the newest that was given, with all before it; 0: not known */
    int64_t begin;     /* of entities that are not listed, what is not later was given */
    GHashTable *times; /* of entities, by number: the time of the newest sample that was given */
};

/* position_init: nothing that is later than begin was given. */
void position_init(struct position *position, int64_t begin);

/* position_done: frees what it holds. */
void position_done(struct position *position);

/* position_time: up to when the entity with this number was given. */
int64_t position_time(const struct position *position, int64_t entity);

/* position_move: the entity has been given up to this time, if it was not before. */
void position_move(struct position *position, int64_t entity, int64_t time);

/* position_text: as lines, owned by the caller. */
char *position_text(const struct position *position);

/* position_read: what position_text gave; false when it is something else. */
bool position_read(struct position *position, const char *text);

#endif
