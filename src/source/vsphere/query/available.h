/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which counters and instances an entity offers. */
#ifndef VPERF_SOURCE_VSPHERE_AVAILABLE_H
#define VPERF_SOURCE_VSPHERE_AVAILABLE_H

#include "core/catalog.h"
#include "core/selection.h"
#include "source/vsphere/session/channel.h"

struct available_metric {
    const struct counter *counter;
    char *instance; /* "" for the aggregate */
};

struct available {
    struct available_metric *metrics; /* as the server lists them */
    size_t count;
    size_t capacity;
};

/* available_ask: asks what the entity offers in the interval. */
bool available_ask(struct channel *channel, const struct entity *entity, int32_t interval,
                   struct _vim25__QueryAvailablePerfMetricResponse *response, struct error *error);

/*
 * available_read: keeps what the answer lists of the counters and instances that the selection
 * names. An id that the catalog lacks is added to it. available_done is due.
 */
void available_read(struct available *available, struct catalog *catalog,
                    const struct selection *selection,
                    const struct _vim25__QueryAvailablePerfMetricResponse *response);

/* available_done: frees what available_read made. */
void available_done(struct available *available);

#endif
