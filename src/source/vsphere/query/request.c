/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/query/request.h"

#include <limits.h>
#include <stdlib.h>

#include "core/memory.h"
#include "source/vsphere/inventory/entities.h"
#include "source/vsphere/query/breadth.h"
#include "source/vsphere/wire/wire_query.h"

/* What may lie behind the end that was guessed for a span. */
enum { SPARE_SAMPLES = 360 };

static bool is_refused(const struct query *query, const struct query_item *item, int32_t id) {
    return refusals_holds(query->refusals, item->group, item->tracked->number, id);
}

static bool is_asked(const struct query *query, const struct query_item *item,
                     const struct counter *counter) {
    bool dropped = item->breadth == BREADTH_DROPPED && breadth_is_extra(query->breadth, counter);
    return !dropped && !is_refused(query, item, counter->id);
}

static void add_wildcards(GString *xml, const struct query *query, const struct query_item *item) {
    const char *instance = query->selection->aggregate_only ? "" : "*";
    for (size_t i = 0; i < item->count; i++)
        if (is_asked(query, item, item->counters[i]))
            wire_metric_id(xml, item->counters[i]->id, instance);
}

/* The counters of an item are a run of all that were asked for: first and last tell which. */
static void add_listed(GString *xml, const struct query *query, const struct query_item *item) {
    const struct available *listed = item->listed;
    int32_t first = item->counters[0]->id, last = item->counters[item->count - 1]->id;
    for (size_t i = 0; i < listed->count; i++) {
        int32_t id = listed->metrics[i].counter->id;
        if (id >= first && id <= last && !is_refused(query, item, id))
            wire_metric_id(xml, id, listed->metrics[i].instance);
    }
}

/* The counters of the item are written as those of the one before. */
static bool is_alike(const struct query *query, const struct query_item *item,
                     const struct query_item *before) {
    return item->counters == before->counters && item->count == before->count &&
           item->breadth == before->breadth && !item->listed && !before->listed &&
           !atomic_load(&query->refusals->count);
}

static const GString *metrics_of(struct request *request, const struct query *query,
                                 const struct query_item *item, bool first) {
    GPtrArray *metrics = request->metrics;
    if (!first && metrics->len && is_alike(query, item, item - 1))
        return metrics->pdata[metrics->len - 1];
    GString *xml = g_string_new(NULL);
    if (item->listed)
        add_listed(xml, query, item);
    else if (item->breadth != BREADTH_ALL)
        add_wildcards(xml, query, item);
    g_ptr_array_add(metrics, xml);
    return xml;
}

/* More samples than there can be are as good as all. */
static void fill_spec(struct vim_query_spec *spec, struct request_times *times,
                      const struct query_item *item) {
    const struct span *span = &item->span;
    int64_t samples = span_samples(span) + (span->open ? SPARE_SAMPLES : 0);
    *spec = (struct vim_query_spec){
        .entity = {entities_managed_type(item->entity), item->entity->id},
        .samples = samples < INT32_MAX ? (int32_t)samples : INT32_MAX,
        .interval = span->interval,
    };
    if (span->bounded) {
        time_text(times->start, span->start);
        spec->start = times->start;
    }
    if (span->bounded && !span->open) {
        time_text(times->end, span->end);
        spec->end = times->end;
    }
}

static void free_text(gpointer text) {
    g_string_free(text, TRUE);
}

void request_init(struct request *request, const struct query *query,
                  const struct query_call *call) {
    request->specs = memory_array(call->count, sizeof *request->specs);
    request->times = memory_array(call->count, sizeof *request->times);
    request->metrics = g_ptr_array_new_with_free_func(free_text);
    request->count = 0;
    for (size_t i = 0; i < call->count; i++) {
        const GString *metrics = metrics_of(request, query, &call->items[i], i == 0);
        struct vim_query_spec *spec = &request->specs[request->count];
        bool all = call->items[i].breadth == BREADTH_ALL && !call->items[i].listed;
        if (!metrics->len && !all)
            continue;
        fill_spec(spec, &request->times[request->count++], &call->items[i]);
        spec->metrics = metrics->str;
        spec->metrics_length = metrics->len;
    }
}

void request_done(struct request *request) {
    g_ptr_array_free(request->metrics, TRUE);
    free(request->times);
    free(request->specs);
}
