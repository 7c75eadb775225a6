/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* QueryPerf in csv format; answers in normal format are as good. */
#include "source/vsphere/query/query.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/vsphere/query/answers.h"
#include "source/vsphere/query/request.h"
#include "source/vsphere/query/samples.h"
#include "source/vsphere/query/wanted.h"
#include "source/vsphere/session/session.h"
#include "source/vsphere/wire/wire.h"

/* A sample that is so old comes to the server no more: what is there of it is all there is. */
enum { SETTLED_SECONDS = 900 };

static bool is_refused(const struct query *query, const struct query_item *item, int32_t id) {
    return refusals_holds(query->refusals, item->group, item->tracked->number, id);
}

bool query_ask(const struct query *query, struct channel *channel, const struct query_call *call,
               struct _vim25__QueryPerfResponse *response, struct error *error) {
    struct vim25__ManagedObjectReference manager =
        session_reference(&channel->session->performance_manager);
    struct request parts;
    request_init(&parts, query, call);
    struct vim25__QueryPerfRequestType request = {
        ._USCOREthis = &manager, .__sizequerySpec = (int)parts.count, .querySpec = parts.specs};
    *response = (struct _vim25__QueryPerfResponse){0};
    bool answered = !parts.count || CALL(channel, QueryPerf, &request, response, error);
    request_done(&parts);
    return answered;
}

bool query_unexpanded(const struct _vim25__QueryPerfResponse *response) {
    for (int i = 0; i < response->__sizereturnval; i++)
        for (size_t k = 0; k < response->returnval[i].series_count; k++)
            if (strcmp(response->returnval[i].series[k].instance, "*") == 0)
                return true;
    return false;
}

/* Gives the samples of a series that cover an interval to the events. */
static bool emit_samples(const struct query *query, const struct query_call *call,
                         const struct query_item *item, struct series *series,
                         struct error *error) {
    if (call->held) {
        held_add(call->held, series);
        return true;
    }
    struct known *known = &item->tracked->known;
    series->continues = !known_add(known, series->counter->id, series->instance);
    for (size_t i = 0; i < series->count; i++)
        known_take(known, series->samples[i].time);
    return query->events->series(query->events->context, series, error);
}

static void share(const struct query *query, const struct query_item *item) {
    if (query->pool)
        known_share(&item->tracked->known, query->pool);
}

/* A series of an answer, and what it is of. */
struct named_series {
    const struct vim_series *answer;
    const struct counter *counter;
    bool unlisted; /* the first of a counter that the like of the entity do not list */
};

/* *place is the number of the first listed counter that may come next: mostly they ascend. */
static bool is_listed(const struct query_item *item, const struct counter *counter, size_t *place) {
    const struct offer *own = item->own;
    if (!own)
        return true;
    while (*place < own->count && own->counters[*place]->id < counter->id)
        ++*place;
    return (*place < own->count && own->counters[*place]->id == counter->id) ||
           offer_has(own, counter);
}

/* An entity that has what its like do not list offers that as well. */
static void report_unlisted(const struct query *query, const struct query_item *item,
                            const struct named_series *named) {
    const struct counter *counter = named->counter;
    if (named->unlisted && !known_has(&item->tracked->known, counter->id, named->answer->instance))
        query->events->offered(query->events->context, item->entity, counter);
}

/* A row carries the interval of its sample: one series for each that the answer has. */
static bool emit_intervals(const struct query *query, const struct query_call *call,
                           const struct query_item *item, struct sample_times *times,
                           const struct named_series *named, struct error *error) {
    const struct vim_series *answer = named->answer;
    struct series series = {
        .entity = item->entity,
        .counter = named->counter,
        .instance = answer->instance,
        .samples = times->samples,
        .late = times->any_late,
    };
    uint32_t taken = 0;
    bool good = true;
    if (times->any_late)
        taken = known_taken(times->known, named->counter->id, answer->instance);
    for (size_t i = 0; good && i < times->interval_count; i++) {
        series.interval = times->intervals[i];
        series.count = samples_fill(times, series.interval, answer, taken);
        if (!series.count)
            continue;
        report_unlisted(query, item, named);
        good = emit_samples(query, call, item, &series, error);
    }
    return good;
}

/* Gives the series of one entity to the events; *dropped counts those that cannot be read. */
static bool emit_series(const struct query *query, const struct query_call *call,
                        const struct query_item *item, struct sample_times *times, size_t *dropped,
                        struct error *error) {
    const struct vim_entity_metric *metric = times->metric;
    struct wanted wanted;
    const struct counter *last = NULL;
    size_t place = 0;
    bool good = true;
    wanted_init(&wanted, query, item, metric->series);
    for (size_t i = 0; good && i < metric->series_count; i++) {
        const struct vim_series *answer = &metric->series[i];
        /* Asked for before another worker's entity was refused it: the output depends on no race.
         */
        if (is_refused(query, item, answer->counter_id))
            continue;
        struct named_series named = {.answer = answer};
        if (!answer->malformed)
            named.counter = wanted_counter(&wanted, answer);
        if (answer->malformed ||
            (named.counter && answer->count && answer->count != metric->sample_count))
            ++*dropped;
        else if (named.counter) {
            named.unlisted = named.counter != last && !is_listed(item, named.counter, &place);
            last = named.counter;
            good = emit_intervals(query, call, item, times, &named, error);
        }
    }
    wanted_done(&wanted);
    return good;
}

static void mark_time(const struct query *query, const struct query_item *item, int64_t time) {
    item->tracked->heard = true;
    if (query->fresh)
        mark_add(&item->tracked->mark, time);
    if (time > *query->newest)
        *query->newest = time;
}

/* What was emitted is not emitted again. */
static void mark_found(const struct query *query, const struct query_call *call,
                       const struct query_item *item, const struct sample_times *times) {
    for (size_t i = 0; i < times->metric->sample_count; i++) {
        int64_t time = times->metric->times[i];
        if (times->found[i] && call->held)
            held_add_time(call->held, time);
        else if (times->found[i])
            mark_time(query, item, time);
    }
}

static void report_loss(const struct query *query, const struct query_item *item,
                        const char *reason) {
    item->tracked->heard = true;
    query->events->missing(query->events->context, item->entity, reason);
}

static void report_unreadable(const struct query *query, const struct query_item *item,
                              const struct sample_times *times, size_t dropped) {
    if (times->unreadable)
        report_loss(query, item, "the sample times cannot be read: all series are left out");
    else if (dropped)
        report_loss(query, item,
                    "some series are left out: their values cannot be read, or are "
                    "more or fewer than the sample times");
}

/* Several parts are one answer, which may come after another one of the same item. */
static void hold_times(struct held *held, const struct answer *answer) {
    size_t count = 0, room = 1;
    for (size_t i = 0; i < answer->count; i++)
        room += answer->parts[i]->sample_count;
    int64_t *times = memory_array(room, sizeof *times);
    for (size_t i = 0; i < answer->count; i++)
        for (size_t k = 0; k < answer->parts[i]->sample_count; k++)
            times[count++] = answer->parts[i]->times[k];
    held_add_answer(held, times, count);
    free(times);
}

static bool emit_part(const struct query *query, const struct query_call *call,
                      const struct query_item *item, struct sample_times *times,
                      struct error *error) {
    size_t dropped = 0;
    bool good = emit_series(query, call, item, times, &dropped, error);
    report_unreadable(query, item, times, dropped);
    return good;
}

/* Which series are given at the times of the answer is remembered. */
static void advance(const struct query_item *item, const struct vim_entity_metric *part) {
    const struct span *span = &item->span;
    int64_t newest = INT64_MIN;
    for (size_t i = 0; i < part->sample_count; i++)
        if (part->times[i] > newest && (span->open || part->times[i] <= span->end))
            newest = part->times[i];
    if (newest != INT64_MIN)
        known_advance(&item->tracked->known, span->interval, newest);
}

/* What is marked by one part is not missing in the others: all are emitted first. */
static bool emit_entity(const struct query *query, const struct query_call *call,
                        const struct query_item *item, const struct answer *answer,
                        struct error *error) {
    const struct tracked *tracked = query->fresh ? item->tracked : NULL;
    struct sample_times times[ANSWERS_PARTS];
    bool good = true;
    if (call->held && answer->count)
        hold_times(call->held, answer);
    for (size_t i = 0; i < answer->count && item->breadth == BREADTH_ALL; i++)
        answers_sort(answer->parts[i]);
    for (size_t i = 0; query->fresh && i < answer->count; i++)
        advance(item, answer->parts[i]);
    for (size_t i = 0; i < answer->count; i++)
        sample_times_init(&times[i], answer->parts[i], &item->span, tracked);
    for (size_t i = 0; good && i < answer->count; i++)
        good = emit_part(query, call, item, &times[i], error);
    for (size_t i = 0; i < answer->count; i++) {
        if (good)
            mark_found(query, call, item, &times[i]);
        sample_times_done(&times[i]);
    }
    share(query, item);
    if (answer->left_out)
        report_loss(query, item, "the answer has too many parts: some are left out");
    return good;
}

bool query_emit(const struct query *query, const struct query_call *call,
                const struct _vim25__QueryPerfResponse *response, struct error *error) {
    struct answers answers;
    bool good = true;
    answers_init(&answers, response->returnval, (size_t)response->__sizereturnval);
    for (size_t i = 0; good && i < call->count; i++) {
        struct answer answer;
        answers_find(&answers, call->items[i].entity->id, &answer);
        good = emit_entity(query, call, &call->items[i], &answer, error);
    }
    answers_done(&answers);
    return good;
}

bool query_release(const struct query *query, const struct query_item *item, struct held *held,
                   struct error *error) {
    if (query->fresh)
        held_settle(held, item->span.now - SETTLED_SECONDS);
    if (!held_emit(held, &item->tracked->known, query->events, error))
        return false;
    share(query, item);
    for (size_t i = 0; i < held->time_count; i++)
        if (held->times[i].found)
            mark_time(query, item, held->times[i].time);
    held_clear(held);
    return true;
}
