/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Records that come in any order and are read group by group. They stay in memory up to a limit;
 * then all of them go to a temporary file, and each group remembers where its parts are.
 */
#ifndef VPERF_CORE_GROUPED_H
#define VPERF_CORE_GROUPED_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

struct grouped;

/* grouped_new: no records yet, at most limit bytes of them in memory; the caller owns it. */
struct grouped *grouped_new(size_t limit);

/* grouped_free: takes NULL. */
void grouped_free(struct grouped *grouped);

/*
 * grouped_add: size bytes more, a multiple of 8, behind those of the group with this number; groups
 * are numbered from 0 on. False with ERROR_OUTPUT when the temporary file cannot take them: then,
 * and from then on, records are lost.
 */
bool grouped_add(struct grouped *grouped, size_t index, const void *bytes, size_t size,
                 struct error *error) __attribute__((warn_unused_result));

/* grouped_count: the largest number of a group that has records, plus 1. */
size_t grouped_count(const struct grouped *grouped);

/*
 * grouped_prepare: makes room for the largest group, before anything is written; grouped_read does
 * so too. False with ERROR_OUTPUT when there is none.
 */
bool grouped_prepare(struct grouped *grouped, struct error *error)
    __attribute__((warn_unused_result));

/*
 * grouped_read: all records of a group, in the order in which they came: valid until the next call.
 * NULL with ERROR_OUTPUT when there is no room or the file cannot be read; size is 0 for a group
 * without records.
 */
const void *grouped_read(struct grouped *grouped, size_t index, size_t *size, struct error *error);

/*
 * grouped_map: makes ready for grouped_pieces, which needs no memory for a group: what is in the
 * file is seen there. False with ERROR_OUTPUT when it cannot be.
 */
bool grouped_map(struct grouped *grouped, struct error *error) __attribute__((warn_unused_result));

/*
 * grouped_pieces: calls take for the records of a group, in the order in which they came, at rising
 * addresses; each piece is of whole records, and valid until grouped_clear or the next record.
 */
void grouped_pieces(const struct grouped *grouped, size_t index,
                    void (*take)(void *context, const void *bytes, size_t size), void *context);

/* grouped_clear: drops all records; groups are numbered anew. */
void grouped_clear(struct grouped *grouped);

#endif
