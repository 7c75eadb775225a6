/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which counters each entity offers: a few entities of each group are asked. */
#ifndef VPERF_SOURCE_VSPHERE_OFFERS_H
#define VPERF_SOURCE_VSPHERE_OFFERS_H

#include "core/catalog.h"
#include "core/selection.h"
#include "source/vsphere/query/groups.h"
#include "source/vsphere/query/workers.h"

/* The entities of a round, and who asks about them. */
struct offers_order {
    struct workers *workers;
    struct catalog *catalog;
    const struct selection *selection;
    int32_t interval;
    uint64_t round; /* number of the round */
    bool refresh;   /* a group that was asked long ago is asked again */
    int64_t now_ns;
    const struct entity *const *entities;
    size_t count;
    struct group **groups; /* by entity; filled by offers_update */
    char **refusals;       /* by entity: why the server does not say what it offers; the caller
                              frees them */
};

/* offers_update: finds the group of each entity, and asks members of the groups that are due. */
bool offers_update(struct groups *groups, struct offers_order *order, struct error *error);

#endif
