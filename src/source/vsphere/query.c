/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* QueryPerf in csv format; answers in normal format are as good. */
#include "source/vsphere/query.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/vsphere/entities.h"
#include "source/vsphere/wire.h"

enum answer { ANSWER_TAKEN, ANSWER_UNEXPANDED, ANSWER_FAILED };

/* The strings of a request are only read, though gSOAP's structs do not say so. */
static char *borrow(const char *text) {
    return (char *)text;
}

static void fill_metric_ids(const struct query *query, const struct available *available,
                            struct vim25__PerfQuerySpec *spec) {
    bool by_name = query->lists_instances;
    size_t count = by_name ? available->metric_count : available->counter_count;
    const char *instance = query->selection->aggregate_only ? "" : "*";
    spec->metricId = memory_array(count, sizeof *spec->metricId);
    spec->__sizemetricId = (int)count;
    for (size_t i = 0; i < count; i++) {
        const struct counter *counter =
            by_name ? available->metrics[i].counter : available->counters[i];
        spec->metricId[i].counterId = counter->id;
        spec->metricId[i].instance = borrow(by_name ? available->metrics[i].instance : instance);
    }
}

static bool send_query(const struct query *query, const struct query_item *items, size_t count,
                       struct _vim25__QueryPerfResponse *response, struct error *error) {
    struct session *session = query->session;
    struct vim25__ManagedObjectReference manager = session_reference(&session->performance_manager);
    int samples = query->selection->samples, interval = query->selection->interval;
    struct vim25__PerfQuerySpec *specs = memory_array(count, sizeof *specs);
    struct vim25__ManagedObjectReference *objects = memory_array(count, sizeof *objects);
    for (size_t i = 0; i < count; i++) {
        objects[i].type = borrow(entities_managed_type(items[i].entity->type));
        objects[i].__item = borrow(items[i].entity->id);
        specs[i].entity = &objects[i];
        specs[i].maxSample = &samples;
        specs[i].intervalId = &interval;
        specs[i].format = borrow("csv");
        fill_metric_ids(query, &items[i].available, &specs[i]);
    }
    struct vim25__QueryPerfRequestType request = {
        ._USCOREthis = &manager, .__sizequerySpec = (int)count, .querySpec = specs};
    bool answered = SESSION_CALL(session, QueryPerf, &request, response, error);
    for (size_t i = 0; i < count; i++)
        free(specs[i].metricId);
    free(specs);
    free(objects);
    return answered;
}

static const struct vim_entity_metric *answer_for(const struct _vim25__QueryPerfResponse *response,
                                                  const struct entity *entity, size_t position) {
    size_t count = (size_t)response->__sizereturnval;
    for (size_t i = 0; i < count; i++) {
        const struct vim_entity_metric *metric = &response->returnval[(position + i) % count];
        if (metric->entity.value && strcmp(metric->entity.value, entity->id) == 0)
            return metric;
    }
    return NULL;
}

static int compare_samples(const void *a, const void *b) {
    const struct sample *left = a, *right = b;
    return (left->time > right->time) - (left->time < right->time);
}

/* The newest samples that have a value, oldest first. Returns their number. */
static size_t fill_samples(const struct query *query, const struct vim_entity_metric *metric,
                           const struct vim_series *answer, struct sample *samples) {
    size_t count = 0;
    bool ascending = true;
    for (size_t i = 0; i < answer->count; i++) {
        if (answer->values[i] == -1 || answer->values[i] == VIM_ABSENT)
            continue;
        ascending = ascending && (!count || samples[count - 1].time <= metric->times[i]);
        samples[count++] = (struct sample){metric->times[i], answer->values[i]};
    }
    if (!ascending)
        qsort(samples, count, sizeof *samples, compare_samples);
    size_t wanted = (size_t)query->selection->samples;
    if (count <= wanted)
        return count;
    memmove(samples, samples + count - wanted, wanted * sizeof *samples);
    return wanted;
}

static bool emit_series(struct query *query, const struct entity *entity,
                        const struct vim_entity_metric *metric, struct sample *samples,
                        struct error *error) {
    for (size_t i = 0; i < metric->series_count; i++) {
        const struct vim_series *answer = &metric->series[i];
        if (answer->malformed || (answer->count && answer->count != metric->sample_count)) {
            query->dropped++;
            continue;
        }
        struct series series = {
            .entity = entity,
            .counter = catalog_resolve(query->catalog, answer->counter_id),
            .instance = answer->instance,
            .interval = metric->sample_count ? metric->intervals[0] : query->selection->interval,
            .count = fill_samples(query, metric, answer, samples),
            .samples = samples,
        };
        if (series.count && !query->events->series(query->events->context, &series, error))
            return false;
    }
    return true;
}

static bool emit_entity(struct query *query, const struct entity *entity,
                        const struct vim_entity_metric *metric, struct error *error) {
    size_t dropped = query->dropped;
    struct sample *samples = memory_array(metric->sample_count + 1, sizeof *samples);
    bool emitted = emit_series(query, entity, metric, samples, error);
    free(samples);
    dropped = query->dropped - dropped;
    if (dropped || metric->malformed) {
        char *reason = metric->malformed
                           ? memory_strdup("the sample times cannot be read; all series left out")
                           : memory_printf("%zu series left out: their values cannot be read, or "
                                           "are more or fewer than the sample times",
                                           dropped);
        query->events->missing(query->events->context, entity, reason);
        free(reason);
    }
    return emitted;
}

static bool unexpanded(const struct _vim25__QueryPerfResponse *response) {
    for (int i = 0; i < response->__sizereturnval; i++)
        for (size_t k = 0; k < response->returnval[i].series_count; k++)
            if (strcmp(response->returnval[i].series[k].instance, "*") == 0)
                return true;
    return false;
}

/* One call; nothing has been emitted unless the answer is taken. */
static enum answer ask(struct query *query, const struct query_item *items, size_t count,
                       struct error *error) {
    struct _vim25__QueryPerfResponse response = {0};
    if (!send_query(query, items, count, &response, error))
        return ANSWER_FAILED;
    if (!query->lists_instances && unexpanded(&response))
        return ANSWER_UNEXPANDED;
    for (size_t i = 0; i < count; i++) {
        const struct vim_entity_metric *metric = answer_for(&response, items[i].entity, i);
        if (metric && !emit_entity(query, items[i].entity, metric, error))
            return ANSWER_FAILED;
    }
    return ANSWER_TAKEN;
}

bool query_run(struct query *query, const struct query_item *items, size_t count,
               struct error *error) {
    enum answer answer = ask(query, items, count, error);
    if (answer == ANSWER_UNEXPANDED) {
        query->lists_instances = true;
        log_debug(query->session->log, "%s: the server does not expand '*': asking by instance",
                  query->session->label);
        answer = ask(query, items, count, error);
    }
    if (answer == ANSWER_TAKEN)
        return true;
    if (error->kind != ERROR_FAULT)
        return false;
    if (count == 1) {
        query->events->missing(query->events->context, items->entity, error->message);
        error_clear(error);
        return true;
    }
    error_clear(error);
    size_t half = count / 2;
    return query_run(query, items, half, error) &&
           query_run(query, items + half, count - half, error);
}
