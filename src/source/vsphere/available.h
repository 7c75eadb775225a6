/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which counters and instances an entity offers. */
#ifndef VPERF_SOURCE_VSPHERE_AVAILABLE_H
#define VPERF_SOURCE_VSPHERE_AVAILABLE_H

#include "core/catalog.h"
#include "core/selection.h"
#include "source/vsphere/session.h"

struct available_metric {
    const struct counter *counter;
    char *instance; /* "" for the aggregate */
};

struct available {
    struct available_metric *metrics; /* as the server lists them */
    size_t metric_count;
    size_t metric_capacity;
    const struct counter **counters; /* of the metrics, each once */
    size_t counter_count;
};

/*
 * available_load: what the entity offers in the selection's interval, of the counters and
 * instances that the selection names. An id that the catalog lacks is added to it. available_done
 * is due when it returns true.
 */
bool available_load(struct available *available, struct session *session, struct catalog *catalog,
                    const struct entity *entity, const struct selection *selection,
                    struct error *error);

/* available_done: frees what available_load made. */
void available_done(struct available *available);

#endif
