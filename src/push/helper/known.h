/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The entities and counters that vperf has numbered, and the series that refer to them. */
#ifndef VPERF_PUSH_HELPER_KNOWN_H
#define VPERF_PUSH_HELPER_KNOWN_H

#include "push/protocol.h"

struct known;

/* known_new: none yet; owned by the caller. */
struct known *known_new(void);

/* known_free: frees all of them. Takes NULL. */
void known_free(struct known *known);

/* known_add_entity: reads the next entity; its copy gets the next number. */
void known_add_entity(struct known *known, struct record *record);

/* known_add_counter: likewise, a counter. */
void known_add_counter(struct known *known, struct record *record);

/*
 * known_series: reads a series and the number of its target; it is borrowed until the next call.
 * The record is damaged when it refers to what is not known.
 */
struct series known_series(struct known *known, struct record *record, unsigned *target);

#endif
