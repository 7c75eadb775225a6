/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* QueryAvailablePerfMetric. */
#include "source/vsphere/available.h"

#include <stdlib.h>

#include "core/memory.h"
#include "source/vsphere/entities.h"

static void add_metric(struct available *available, const struct counter *counter,
                       const char *instance) {
    available->metrics = memory_grow(available->metrics, available->metric_count,
                                     &available->metric_capacity, sizeof *available->metrics);
    available->metrics[available->metric_count++] =
        (struct available_metric){counter, memory_strdup(instance)};
}

static int compare_counters(const void *a, const void *b) {
    int32_t left = (*(const struct counter *const *)a)->id;
    int32_t right = (*(const struct counter *const *)b)->id;
    return (left > right) - (left < right);
}

static void list_counters(struct available *available) {
    size_t count = 0;
    available->counters = memory_array(available->metric_count + 1, sizeof *available->counters);
    for (size_t i = 0; i < available->metric_count; i++)
        available->counters[i] = available->metrics[i].counter;
    qsort(available->counters, available->metric_count, sizeof *available->counters,
          compare_counters);
    for (size_t i = 0; i < available->metric_count; i++)
        if (!count || available->counters[count - 1] != available->counters[i])
            available->counters[count++] = available->counters[i];
    available->counter_count = count;
}

bool available_load(struct available *available, struct session *session, struct catalog *catalog,
                    const struct entity *entity, const struct selection *selection,
                    struct error *error) {
    struct vim25__ManagedObjectReference manager = session_reference(&session->performance_manager);
    struct vim25__ManagedObjectReference object = {
        .type = (char *)entities_managed_type(entity->type), .__item = (char *)entity->id};
    int interval = selection->interval;
    struct vim25__QueryAvailablePerfMetricRequestType request = {
        ._USCOREthis = &manager, .entity = &object, .intervalId = &interval};
    struct _vim25__QueryAvailablePerfMetricResponse response = {0};
    *available = (struct available){0};
    if (!SESSION_CALL(session, QueryAvailablePerfMetric, &request, &response, error))
        return false;
    for (int i = 0; i < response.__sizereturnval; i++) {
        const struct vim25__PerfMetricId *metric = &response.returnval[i];
        const char *instance = metric->instance ? metric->instance : "";
        const struct counter *counter = catalog_resolve(catalog, metric->counterId);
        if (selection_has_counter(selection, counter) && !(selection->aggregate_only && *instance))
            add_metric(available, counter, instance);
    }
    list_counters(available);
    return true;
}

void available_done(struct available *available) {
    for (size_t i = 0; i < available->metric_count; i++)
        free(available->metrics[i].instance);
    free(available->metrics);
    free(available->counters);
    *available = (struct available){0};
}
