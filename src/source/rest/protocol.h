/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What vperf and vperf-rest say to each other beside source/helper/message.h, as records. Entities
 * and counters are numbers: their places in the inventory and catalogue that were sent last.
 */
#ifndef VPERF_SOURCE_REST_PROTOCOL_H
#define VPERF_SOURCE_REST_PROTOCOL_H

#include "core/record.h"
#include "source/source.h"

/* The events of a round, in the order of struct source_events. */
enum rest_event {
    REST_OFFERED,  /* entity, counter */
    REST_SERIES,   /* entity, counter, instance, interval, flags, samples */
    REST_SKIPPED,  /* entity */
    REST_MISSING,  /* entity, reason */
    REST_ABSENT,   /* entities, asked, reason */
    REST_OMITTED,  /* type, counter, why */
    REST_ARRIVED,  /* entity */
    REST_ENDED,    /* entity, reason */
    REST_IDLE,     /* nothing */
    REST_LACKING,  /* reason */
    REST_PROGRESS, /* done, total */
    REST_RENEWED,  /* the inventory */
};

enum rest_entity {
    REST_ENTITY_NONE = -1,  /* NULL */
    REST_ENTITY_OTHER = -2, /* one that is in the inventory no more: it follows */
};

enum rest_flags {
    REST_CONTINUES = 1 << 0,
    REST_LATE = 1 << 1,
    REST_FILLS = 1 << 2,
    REST_PARTIAL = 1 << 3,
};

/* rest_target_write: scheme, host, port, path and text; no user name and no password. */
void rest_target_write(GByteArray *bytes, const struct target *target);

/* rest_target_read: a target of the caller's, for target_done. */
struct target rest_target_read(struct record *record);

/* rest_options_write: what a source in vperf-rest needs of the options. */
void rest_options_write(GByteArray *bytes, const struct source_options *options);

/* rest_options_read: the texts are the caller's, for rest_options_done. */
struct source_options rest_options_read(struct record *record);

/* rest_options_done: frees the texts of rest_options_read. */
void rest_options_done(struct source_options *options);

/* rest_selection_write: all of the selection. */
void rest_selection_write(GByteArray *bytes, const struct selection *selection);

/* rest_selection_read: for selection_done. */
struct selection rest_selection_read(struct record *record);

/* rest_window_write, _read: all of the window. */
void rest_window_write(GByteArray *bytes, const struct window *window);
struct window rest_window_read(struct record *record);

enum { REST_COUNTER_LEAST = 12 * RECORD_NUMBER }; /* bytes of a counter */

/* rest_counter_write, _read: all of the counter; the texts are borrowed from the record. */
void rest_counter_write(GByteArray *bytes, const struct counter *counter);
struct counter rest_counter_read(struct record *record);

#endif
