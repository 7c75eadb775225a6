/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* From when on an entity is asked in a round that gives each sample once. */
#ifndef VPERF_SOURCE_VSPHERE_FOLLOW_H
#define VPERF_SOURCE_VSPHERE_FOLLOW_H

#include "source/source.h"
#include "source/vsphere/query/query.h"

/*
 * follow_resume: what an earlier run has got of the entity of the item, which has the span of the
 * round, is not asked for again, but for what one of its series lacks. The first call for an entity
 * counts. marks may be NULL.
 */
void follow_resume(const struct query_item *item, const struct source_marks *marks);

/*
 * follow_mark: the item, which has the span of the round, is asked from the mark of its entity on;
 * one without samples so far from after on. Its count becomes 0 when it has all of the span. Now
 * and then it is asked from a time on at which some of its series had no value, while others had:
 * such a value may have come since, as long as KNOWN_TIMES remembers which series lack it.
 */
void follow_mark(struct query_item *item, int64_t after, uint64_t round);

/*
 * follow_late: turns the item into one for the stretch in which its entity has samples missing,
 * which may have come since; young ones in every third round, older ones in every fifteenth, and
 * those that an earlier run has missed in the first one. False when there are none, or not in this
 * round.
 */
bool follow_late(struct query_item *item, uint64_t round);

/* follow_note: the round of the item is over; an entity that is silent for long will give little.
 */
void follow_note(const struct query_item *item);

#endif
