/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/omissions.h"

/* Of many entities of one shape, some were not asked what they offer, nor for more than that. */
static bool is_overlooked(const struct omissions_order *order, enum entity_type type,
                          const struct counter *counter) {
    const struct vsphere *vsphere = order->vsphere;
    const struct group *sampled = groups_sampled(&vsphere->groups);
    bool broad = !order->archived && atomic_load(&vsphere->breadth.kind) != BREADTH_LISTED;
    return sampled && sampled->type == type && !broad &&
           !limits_lists_instances(&vsphere->limits) &&
           !offer_has(groups_wanted(&vsphere->groups, sampled), counter);
}

static enum omission omission_of(const struct omissions_order *order, enum entity_type type,
                                 const struct counter *counter) {
    int32_t kept = order->archived ? order->vsphere->level : 0;
    int32_t level = MIN(counter->level, counter->device_level);
    if (kept && level > kept)
        return OMISSION_LEVEL;
    if (!order->archived && breadth_is_archived(counter))
        return OMISSION_ROLLUP;
    return !order->asked[type] || is_overlooked(order, type, counter) ? OMISSION_NOT_ASKED
                                                                      : OMISSION_NONE;
}

void omissions_report(const struct omissions_order *order) {
    const struct source_events *events = order->events;
    const struct catalog *catalog = order->vsphere->catalog;
    for (size_t i = 0; i < catalog_size(catalog); i++) {
        const struct counter *counter = catalog_at(catalog, i);
        if (!counter->has_id || !selection_has_counter(order->selection, counter))
            continue; /* those of our own are properties */
        for (int type = 0; type < ENTITY_TYPES; type++) {
            enum omission why = order->selection->types[type]
                                    ? omission_of(order, (enum entity_type)type, counter)
                                    : OMISSION_NONE;
            if (why)
                events->omitted(events->context, (enum entity_type)type, counter, why);
        }
    }
}
