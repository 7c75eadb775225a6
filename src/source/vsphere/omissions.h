/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Why counters of the catalogue have no samples. */
#ifndef VPERF_SOURCE_VSPHERE_OMISSIONS_H
#define VPERF_SOURCE_VSPHERE_OMISSIONS_H

#include "source/vsphere/vsphere.h"

/* A round that is over. */
struct omissions_order {
    const struct vsphere *vsphere;
    const struct selection *selection;
    const struct source_events *events;
    bool archived;
    bool asked[ENTITY_TYPES]; /* types of which somebody was */
};

/* omissions_report: tells why no entity of a selected type can have samples of a selected counter.
 */
void omissions_report(const struct omissions_order *order);

#endif
