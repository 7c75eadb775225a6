/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* QueryPerf in csv format; answers in normal format are as good. */
#include "source/vsphere/query/query.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "core/memory.h"
#include "core/value.h"
#include "source/vsphere/inventory/entities.h"
#include "source/vsphere/session/session.h"
#include "source/vsphere/wire/wire.h"

enum { REFUSED_ENTITIES = 2 }; /* one may be alone; two are a rule */

struct seen_series {
    char *key; /* id and instance */
    UT_hash_handle hh;
};

struct query_seen {
    struct seen_series *series;
};

/* The parts of a request that are alike for all entities. */
struct terms {
    int samples;
    int interval;
    char start[TIME_TEXT_SIZE];
    char end[TIME_TEXT_SIZE];
};

/* The strings of a request are only read, though gSOAP's structs do not say so. */
static char *borrow(const char *text) {
    return (char *)text;
}

bool query_is_refused(const struct query *query, const struct query_item *item, int32_t id) {
    struct query_refused *refused = query->refused;
    size_t count = atomic_load(&refused->count);
    for (size_t i = 0; i < count; i++)
        if (refused->all[i].counter->id == id && refused->all[i].group == item->group)
            return atomic_load(&refused->all[i].entities) >= REFUSED_ENTITIES;
    return false;
}

void query_refuse(const struct query *query, const struct query_item *item,
                  const struct counter *counter) {
    struct query_refused *refused = query->refused;
    size_t count = atomic_load(&refused->count), place = 0;
    while (place < count &&
           (refused->all[place].counter != counter || refused->all[place].group != item->group))
        place++;
    if (place == QUERY_MAX_REFUSED)
        return;
    refused->all[place].counter = counter;
    refused->all[place].group = item->group;
    atomic_fetch_add(&refused->all[place].entities, 1);
    if (place == count)
        atomic_store(&refused->count, count + 1);
}

static void fill_wildcards(const struct query *query, const struct query_item *item,
                           struct vim25__PerfQuerySpec *spec) {
    const char *instance = query->selection->aggregate_only ? "" : "*";
    spec->metricId = memory_array(item->count, sizeof *spec->metricId);
    for (size_t i = 0; i < item->count; i++) {
        if (query_is_refused(query, item, item->counters[i]->id))
            continue;
        struct vim25__PerfMetricId *metric = &spec->metricId[spec->__sizemetricId++];
        metric->counterId = item->counters[i]->id;
        metric->instance = borrow(instance);
    }
}

/* The counters of an item are a run of all that were asked for: first and last tell which. */
static void fill_listed(const struct query *query, const struct query_item *item,
                        struct vim25__PerfQuerySpec *spec) {
    const struct available *listed = item->listed;
    int32_t first = item->counters[0]->id, last = item->counters[item->count - 1]->id;
    spec->metricId = memory_array(listed->count + 1, sizeof *spec->metricId);
    for (size_t i = 0; i < listed->count; i++) {
        int32_t id = listed->metrics[i].counter->id;
        if (id < first || id > last || query_is_refused(query, item, id))
            continue;
        struct vim25__PerfMetricId *metric = &spec->metricId[spec->__sizemetricId++];
        metric->counterId = id;
        metric->instance = listed->metrics[i].instance;
    }
}

static void fill_spec(const struct query *query, const struct query_item *item, struct terms *terms,
                      struct vim25__PerfQuerySpec *spec) {
    spec->startTime = *terms->start ? terms->start : NULL;
    spec->endTime = *terms->end ? terms->end : NULL;
    spec->maxSample = &terms->samples;
    spec->intervalId = &terms->interval;
    spec->format = borrow("csv");
    if (item->listed)
        fill_listed(query, item, spec);
    else
        fill_wildcards(query, item, spec);
}

bool query_ask(const struct query *query, struct channel *channel, const struct query_call *call,
               struct _vim25__QueryPerfResponse *response, struct error *error) {
    const struct query_item *items = call->items;
    const struct span *span = call->span;
    size_t count = call->count;
    struct vim25__ManagedObjectReference manager =
        session_reference(&channel->session->performance_manager);
    int64_t samples = span_samples(span);
    struct terms terms = {.samples = samples < INT_MAX ? (int)samples : INT_MAX,
                          .interval = span->interval};
    struct vim25__PerfQuerySpec *specs = memory_array(count, sizeof *specs);
    struct vim25__ManagedObjectReference *objects = memory_array(count, sizeof *objects);
    if (span->bounded) {
        time_text(terms.start, span->start);
        time_text(terms.end, span->end);
    }
    int asked = 0;
    for (size_t i = 0; i < count; i++) {
        struct vim25__PerfQuerySpec *spec = &specs[asked];
        objects[i].type = borrow(entities_managed_type(items[i].entity->type));
        objects[i].__item = borrow(items[i].entity->id);
        spec->entity = &objects[i];
        fill_spec(query, &items[i], &terms, spec);
        if (spec->__sizemetricId)
            asked++;
        else
            free(spec->metricId); /* a spec without any would mean all */
    }
    struct vim25__QueryPerfRequestType request = {
        ._USCOREthis = &manager, .__sizequerySpec = asked, .querySpec = specs};
    *response = (struct _vim25__QueryPerfResponse){0};
    bool answered = !asked || CALL(channel, QueryPerf, &request, response, error);
    for (int i = 0; i < asked; i++)
        free(specs[i].metricId);
    free(specs);
    free(objects);
    return answered;
}

bool query_unexpanded(const struct _vim25__QueryPerfResponse *response) {
    for (int i = 0; i < response->__sizereturnval; i++)
        for (size_t k = 0; k < response->returnval[i].series_count; k++)
            if (strcmp(response->returnval[i].series[k].instance, "*") == 0)
                return true;
    return false;
}

struct query_seen *query_seen_new(void) {
    return memory_alloc(sizeof(struct query_seen));
}

void query_seen_free(struct query_seen *seen) {
    if (!seen)
        return;
    struct seen_series *series = seen->series;
    HASH_CLEAR(hh, seen->series);
    for (struct seen_series *next = NULL; series; series = next) {
        next = series->hh.next;
        free(series->key);
        free(series);
    }
    free(seen);
}

/* Whether the series was seen before; from now on it was. */
static bool was_seen(struct query_seen *seen, const struct vim_series *answer) {
    struct seen_series *series = NULL;
    char *key = memory_printf("%d %s", answer->counter_id, answer->instance);
    HASH_FIND_STR(seen->series, key, series);
    if (series) {
        free(key);
        return true;
    }
    series = memory_alloc(sizeof *series);
    series->key = key;
    HASH_ADD_KEYPTR(hh, seen->series, series->key, strlen(key), series);
    return false;
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

static bool has_value(const struct vim_series *answer, size_t index) {
    return answer->values[index] != -1 && answer->values[index] != VIM_ABSENT;
}

static bool in_span(const struct span *span, int64_t time) {
    return !span->bounded || (time > span->start && time <= span->end);
}

/* The samples in the span that have a value, oldest first. Returns their number. */
static size_t fill_samples(const struct span *span, const struct vim_entity_metric *metric,
                           const struct vim_series *answer, struct sample *samples) {
    size_t count = 0;
    bool ascending = true;
    for (size_t i = 0; i < answer->count; i++) {
        if (!has_value(answer, i) || !in_span(span, metric->times[i]))
            continue;
        ascending = ascending && (!count || samples[count - 1].time <= metric->times[i]);
        samples[count++] = (struct sample){metric->times[i], answer->values[i]};
    }
    if (!ascending)
        qsort(samples, count, sizeof *samples, compare_samples);
    size_t newest = (size_t)span->newest;
    if (!newest || count <= newest)
        return count;
    memmove(samples, samples + count - newest, newest * sizeof *samples);
    return newest;
}

/* Gives the series of one entity to the events; *dropped counts those that cannot be read. */
static bool emit_series(const struct query *query, const struct query_call *call,
                        const struct query_item *item, const struct vim_entity_metric *metric,
                        size_t *dropped, struct error *error) {
    const struct span *span = call->span;
    struct sample *samples = memory_array(metric->sample_count + 1, sizeof *samples);
    bool good = true;
    for (size_t i = 0; good && i < metric->series_count; i++) {
        const struct vim_series *answer = &metric->series[i];
        /* Asked for before another worker's entity was refused it: the output depends on no race.
         */
        if (query_is_refused(query, item, answer->counter_id))
            continue;
        if (answer->malformed || (answer->count && answer->count != metric->sample_count)) {
            ++*dropped;
            continue;
        }
        struct series series = {
            .entity = item->entity,
            .counter = catalog_resolve(query->catalog, answer->counter_id),
            .instance = answer->instance,
            .interval = metric->sample_count ? metric->intervals[0] : span->interval,
            .count = fill_samples(span, metric, answer, samples),
            .samples = samples,
        };
        if (!series.count)
            continue;
        series.continues = call->seen && was_seen(call->seen, answer);
        good = query->events->series(query->events->context, &series, error);
    }
    free(samples);
    return good;
}

static bool emit_entity(const struct query *query, const struct query_call *call,
                        const struct query_item *item, const struct vim_entity_metric *metric,
                        struct error *error) {
    const struct source_events *events = query->events;
    const struct entity *entity = item->entity;
    size_t dropped = 0;
    bool good = emit_series(query, call, item, metric, &dropped, error);
    if (metric->malformed)
        events->missing(events->context, entity,
                        "the sample times cannot be read: all series are left out");
    if (dropped) {
        char *reason = memory_printf("%zu series are left out: their values cannot be read, or "
                                     "are more or fewer than the sample times",
                                     dropped);
        events->missing(events->context, entity, reason);
        free(reason);
    }
    return good;
}

bool query_emit(const struct query *query, const struct query_call *call,
                const struct _vim25__QueryPerfResponse *response, struct error *error) {
    for (size_t i = 0; i < call->count; i++) {
        const struct query_item *item = &call->items[i];
        const struct vim_entity_metric *metric = answer_for(response, item->entity, i);
        if (metric && !emit_entity(query, call, item, metric, error))
            return false;
    }
    return true;
}
