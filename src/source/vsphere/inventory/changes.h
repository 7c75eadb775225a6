/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a renewed inventory tells: who has begun to run, and who no longer does. */
#ifndef VPERF_SOURCE_VSPHERE_CHANGES_H
#define VPERF_SOURCE_VSPHERE_CHANGES_H

#include "core/inventory.h"

/* Who is told. */
struct changes_visitor {
    void *context;
    /* measured: the entity is asked for samples, as long as it is in this state. */
    bool (*measured)(const void *context, const struct entity *entity);
    /* arrived: the entity is measured, and was not before. */
    void (*arrived)(void *context, const struct entity *entity);
    /* ended: the entity of before is no longer measured; now is what it has become, or NULL. */
    void (*ended)(void *context, const struct entity *before, const struct entity *now);
};

/* changes_visit: first all that ended, then all that arrived, each in the order of its inventory.
 */
void changes_visit(const struct inventory *before, const struct inventory *after,
                   const struct changes_visitor *visitor);

/* changes_reason: why an entity is no longer measured, for people; now as for ended. */
const char *changes_reason(const struct entity *now);

#endif
