/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* QueryAvailablePerfMetric. */
#include "source/vsphere/query/available.h"

#include <stdlib.h>

#include "core/memory.h"
#include "source/vsphere/inventory/entities.h"
#include "source/vsphere/session/session.h"

bool available_ask(struct channel *channel, const struct entity *entity, int32_t interval,
                   struct _vim25__QueryAvailablePerfMetricResponse *response, struct error *error) {
    struct vim25__ManagedObjectReference manager =
        session_reference(&channel->session->performance_manager);
    int asked = interval;
    struct vim25__ManagedObjectReference object = {.type = (char *)entities_managed_type(entity),
                                                   .__item = (char *)entity->id};
    struct vim25__QueryAvailablePerfMetricRequestType request = {
        ._USCOREthis = &manager, .entity = &object, .intervalId = &asked};
    return CALL(channel, QueryAvailablePerfMetric, &request, response, error);
}

static void add_metric(struct available *available, const struct counter *counter,
                       const char *instance) {
    available->metrics = memory_grow(available->metrics, available->count, &available->capacity,
                                     sizeof *available->metrics);
    available->metrics[available->count++] =
        (struct available_metric){counter, memory_strdup(instance)};
}

void available_read(struct available *available, struct catalog *catalog,
                    const struct selection *selection,
                    const struct _vim25__QueryAvailablePerfMetricResponse *response) {
    *available = (struct available){0};
    for (int i = 0; i < response->__sizereturnval; i++) {
        const struct vim25__PerfMetricId *metric = &response->returnval[i];
        const char *instance = metric->instance ? metric->instance : "";
        const struct counter *counter = catalog_resolve(catalog, metric->counterId);
        if (counter && selection_has_counter(selection, counter) &&
            !(selection->aggregate_only && *instance))
            add_metric(available, counter, instance);
    }
}

void available_done(struct available *available) {
    for (size_t i = 0; i < available->count; i++)
        free(available->metrics[i].instance);
    free(available->metrics);
    *available = (struct available){0};
}
