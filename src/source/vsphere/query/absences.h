/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Entities that were asked in a round and gave nothing, while nothing says why. */
#ifndef VPERF_SOURCE_VSPHERE_ABSENCES_H
#define VPERF_SOURCE_VSPHERE_ABSENCES_H

#include "source/vsphere/query/groups.h"
#include "source/vsphere/query/query.h"

/* A round that is over. */
struct absences_order {
    const struct source_events *events;
    struct channel *channel;
    struct catalog *catalog;
    const struct selection *selection;
    int32_t interval;
    bool endless; /* a sample may come later: only who is silent for long is absent */
    int64_t now;  /* the server's, if endless */
    const struct query_item *items; /* in the order of their types */
    struct group *const *groups;    /* by item */
    char *const *refusals;          /* by item: why it was not asked, which was told */
    size_t count;
};

/*
 * absences_report: names those that are absent, those that are off as skipped. Who has none of the
 * chosen counters is not absent: as many as is bearable are asked what they have, the others are
 * absent, or in a run without an end asked in a later round.
 */
void absences_report(const struct absences_order *order);

#endif
