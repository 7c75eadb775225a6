/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A batch is sized by the values that its answer will hold. Servers have limits that nobody tells:
 * a refused piece is halved, by entities first and then by the counters of the last one.
 */
#include "source/vsphere/query/batches.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/vsphere/query/limits.h"
#include "source/vsphere/session/failure.h"
#include "source/vsphere/session/session.h"

/* Larger answers cost more time and memory a series, smaller ones more requests. */
enum { BATCH_ENTITIES = 64, BATCH_VALUES = 250000 };

/* A server that answers no more is not asked again and again in ever smaller pieces. */
enum { MAX_SILENCES = 3, SILENCE_DIVISOR = 4, PROBE_SECONDS = 5 };

/* Entities that may have lost what the others have. */
enum { MAX_REFUSED_INTERVALS = 5 };

/* What a worker does at a time. */
struct batch {
    struct query_item items[BATCH_ENTITIES];
    struct available listed[BATCH_ENTITIES];
    size_t count;
    size_t end;   /* number of the first entity behind the batch */
    int silences; /* calls of the worker without an answer, one after the other */
};

struct plan {
    struct crew *crew;
    const struct batches_order *order;
    size_t next; /* entity to be put into a batch; only claim_batch uses it */
    struct batch *of_worker;
    atomic_size_t metrics;       /* the most that a call may ask for */
    atomic_bool lists_instances; /* the server does not expand '*' */
    bool answered;               /* an entity; for the worker whose turn it is, as the next */
    int refused_intervals;       /* entities that were refused the interval */
};

/* A worker at one of its batches. */
struct shift {
    struct plan *plan;
    struct channel *channel;
    struct batch *batch;
    size_t task;
    struct query_seen *seen;   /* NULL unless the batch is asked for window by window */
    const struct entity *told; /* the last one of which data is lost */
    const struct entity *gone; /* the last one that the server refused as a whole */
    bool unexpanded;           /* an answer had '*' as an instance */
};

static size_t metrics_of(const struct query_item *items, size_t count) {
    size_t metrics = 0;
    for (size_t i = 0; i < count; i++)
        metrics += items[i].metrics;
    return metrics;
}

static struct query_item make_item(const struct plan *plan, size_t index) {
    const struct offer *asked = offers_asked(plan->order->offers, index);
    bool aggregate = plan->order->query->selection->aggregate_only;
    return (struct query_item){
        .entity = plan->order->entities[index],
        .group = offers_own(plan->order->offers, index),
        .counters = asked->counters,
        .count = asked->count,
        .metrics = aggregate ? asked->count : asked->metrics,
    };
}

static bool fits(const struct plan *plan, const struct batch *batch,
                 const struct query_item *item) {
    size_t metrics = metrics_of(batch->items, batch->count) + item->metrics;
    size_t samples = (size_t)span_samples(&plan->order->span);
    return batch->count < BATCH_ENTITIES && metrics <= atomic_load(&plan->metrics) &&
           metrics * samples <= BATCH_VALUES;
}

static bool claim_batch(void *context, size_t worker, size_t task) {
    struct plan *plan = context;
    struct batch *batch = &plan->of_worker[worker];
    (void)task;
    batch->count = 0;
    for (; plan->next < plan->order->count; plan->next++) {
        struct query_item item = make_item(plan, plan->next);
        if (!item.count || offers_refusal(plan->order->offers, plan->next))
            continue;
        if (batch->count && !fits(plan, batch, &item))
            break;
        batch->items[batch->count++] = item;
    }
    batch->end = plan->next;
    return batch->count > 0;
}

static void give_up(struct shift *shift, const struct query_item *item, struct error *error) {
    const struct source_events *events = shift->plan->order->query->events;
    if (shift->told != item->entity)
        events->missing(events->context, item->entity, failure_reason(shift->channel, error));
    shift->told = item->entity;
    error_clear(error);
}

static bool run_piece(struct shift *shift, const struct query_item *items, size_t count,
                      const struct span *span, struct error *error);

/* Halves by entities; the counters of a single one by number. */
static bool run_halves(struct shift *shift, const struct query_item *items, size_t count,
                       const struct span *span, struct error *error) {
    size_t half = count / 2;
    if (count > 1)
        return run_piece(shift, items, half, span, error) &&
               run_piece(shift, items + half, count - half, span, error);
    struct query_item first = *items, second = *items;
    first.count = items->count / 2;
    first.metrics = items->metrics / 2;
    second.counters += first.count;
    second.count -= first.count;
    second.metrics -= first.metrics;
    return run_piece(shift, &first, 1, span, error) && run_piece(shift, &second, 1, span, error);
}

/* The piece without the entity that the fault names; false when it names none of the piece. */
static bool run_without_refused(struct shift *shift, const struct query_item *items, size_t count,
                                const struct span *span, struct error *error, bool *good) {
    const char *refused = shift->channel->fault_object;
    size_t index = 0;
    while (index < count && strcmp(items[index].entity->id, refused) != 0)
        index++;
    if (index == count)
        return false;
    give_up(shift, &items[index], error);
    shift->gone = items[index].entity;
    *good = run_piece(shift, items, index, span, error) &&
            run_piece(shift, items + index + 1, count - index - 1, span, error);
    return true;
}

/* What was too large is not asked for again in this size; other workers may know a smaller one. */
static void remember_size(struct shift *shift, size_t metrics) {
    atomic_size_t *known = &shift->plan->metrics;
    size_t size = metrics ? metrics : 1, old = atomic_load(known);
    while (size < old && !atomic_compare_exchange_weak(known, &old, size)) {
    }
}

/* The fault calls this part of a query incorrect. */
static bool refuses(const struct shift *shift, const char *part, const struct error *error) {
    return error->kind == ERROR_FAULT &&
           strcmp(shift->channel->fault_type, "InvalidArgument") == 0 &&
           strstr(error->message, part);
}

/* The entities of the group that are no longer asked say nothing. */
static void give_up_counter(struct shift *shift, const struct query_item *item,
                            struct error *error) {
    const struct query *query = shift->plan->order->query;
    const struct counter *counter = item->counters[0];
    if (!query_is_refused(query, item, counter->id)) {
        query_refuse(query, item, counter);
        char *reason = memory_printf("%s is refused%s: %s", counter->name,
                                     query_is_refused(query, item, counter->id)
                                         ? ", and no longer asked for of its like"
                                         : "",
                                     failure_reason(shift->channel, error));
        query->events->missing(query->events->context, item->entity, reason);
        free(reason);
    }
    error_clear(error);
}

/*
 * When nobody was answered and some were refused the archived interval, everybody will be: a server
 * may keep none of an interval that it lists, or list none.
 */
static bool ends_run(struct shift *shift, struct error *error) {
    struct plan *plan = shift->plan;
    if (plan->answered || plan->order->span.interval == REAL_TIME_SECONDS ||
        !refuses(shift, "interval", error) || ++plan->refused_intervals < MAX_REFUSED_INTERVALS)
        return false;
    error_clear(error);
    return !error_set(error, ERROR_FAULT,
                      "%s: the server keeps no samples of %d s: give another --interval",
                      shift->channel->session->label, plan->order->span.interval);
}

/* Whether a server that did not answer a query answers anything. */
static bool is_alive(struct shift *shift) {
    struct error ignored = {0};
    int64_t now = 0;
    shift->channel->patience_seconds = PROBE_SECONDS;
    bool alive = span_server_time(shift->channel, &now, &ignored);
    shift->channel->patience_seconds = 0;
    return alive;
}

/* False when a refused piece means that all are lost, not that the server refuses the piece. */
static bool is_bearable(struct shift *shift, enum limits_verdict verdict,
                        const struct error *error) {
    if (verdict == LIMITS_SILENT)
        return shift->batch->silences++ < MAX_SILENCES && is_alive(shift);
    return verdict == LIMITS_TOO_LARGE || error->kind == ERROR_FAULT;
}

static bool run_refused(struct shift *shift, const struct query_item *items, size_t count,
                        const struct span *span, struct error *error) {
    enum limits_verdict verdict = limits_judge(shift->channel, error);
    bool by_size = verdict != LIMITS_PASSED;
    bool good = true;
    if (!is_bearable(shift, verdict, error))
        return false;
    if (by_size && (count > 1 || items->count > 1)) {
        remember_size(shift,
                      metrics_of(items, count) / (verdict == LIMITS_SILENT ? SILENCE_DIVISOR : 2));
        error_clear(error);
        return run_halves(shift, items, count, span, error);
    }
    if (!crew_await_turn(shift->plan->crew, shift->task)) {
        error_clear(error); /* another one ended the run */
        return false;
    }
    if (!by_size && run_without_refused(shift, items, count, span, error, &good))
        return good;
    /* A server may list ids that it does not answer for. */
    bool of_counter = !by_size && refuses(shift, "metricId", error);
    if (count == 1 && of_counter && items->count == 1) {
        give_up_counter(shift, items, error);
        return true;
    }
    if (count == 1 && ends_run(shift, error))
        return false;
    if (count == 1 && !of_counter) {
        give_up(shift, items, error);
        if (!by_size)
            shift->gone = items->entity;
        return true;
    }
    error_clear(error);
    return run_halves(shift, items, count, span, error);
}

static bool run_piece(struct shift *shift, const struct query_item *items, size_t count,
                      const struct span *span, struct error *error) {
    struct plan *plan = shift->plan;
    struct _vim25__QueryPerfResponse response;
    if (!count || (count == 1 && items->entity == shift->gone) ||
        (shift->unexpanded && !items->listed))
        return true;
    bool divisible = count > 1 || items->count > 1;
    if (divisible && metrics_of(items, count) > atomic_load(&plan->metrics))
        return run_halves(shift, items, count, span, error);
    const struct query_call call = {items, count, span, shift->seen};
    if (!query_ask(plan->order->query, shift->channel, &call, &response, error))
        return run_refused(shift, items, count, span, error);
    shift->batch->silences = 0;
    if (!items->listed && query_unexpanded(&response)) {
        shift->unexpanded = true;
        atomic_store(&plan->lists_instances, true);
        return true;
    }
    if (!crew_await_turn(plan->crew, shift->task))
        return false;
    plan->answered = true;
    return query_emit(plan->order->query, &call, &response, error);
}

/* Window after window, so that the samples of one entity are not all in one answer. */
static bool run_item(struct shift *shift, const struct query_item *item, struct error *error) {
    const struct span *span = &shift->plan->order->span;
    int64_t samples = BATCH_VALUES / (int64_t)(item->metrics + 1) + 1;
    bool good = true;
    shift->seen = query_seen_new();
    for (struct span window = {.end = span->start}; good && window.end < span->end;) {
        window = span_window(span, window.end, samples);
        good = run_piece(shift, item, 1, &window, error);
    }
    query_seen_free(shift->seen);
    shift->seen = NULL;
    return good;
}

/* In windows, entities come one after the other: each has its rows together. */
static bool run_windows(struct shift *shift, struct batch *batch, struct error *error) {
    const struct span *span = &shift->plan->order->span;
    size_t values = metrics_of(batch->items, batch->count) * (size_t)span_samples(span);
    bool good = true;
    if (!span->bounded || span->newest || values <= BATCH_VALUES)
        return run_piece(shift, batch->items, batch->count, span, error);
    for (size_t i = 0; good && i < batch->count; i++)
        good = run_item(shift, &batch->items[i], error);
    return good;
}

/* Asks which instances the entities have; those that are refused leave the batch. */
static bool list_instances(struct shift *shift, struct batch *batch, struct error *error) {
    const struct query *query = shift->plan->order->query;
    size_t kept = 0;
    if (!crew_await_turn(shift->plan->crew, shift->task))
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        struct _vim25__QueryAvailablePerfMetricResponse response = {0};
        struct query_item *item = &batch->items[i];
        if (available_ask(shift->channel, item->entity, shift->plan->order->span.interval,
                          &response, error)) {
            available_read(&batch->listed[kept], query->catalog, query->selection, &response);
            item->listed = &batch->listed[kept];
            batch->items[kept++] = *item;
        } else if (error->kind == ERROR_FAULT) {
            give_up(shift, item, error);
        } else {
            batch->count = kept;
            return false;
        }
    }
    batch->count = kept;
    return true;
}

static bool run_listed(struct shift *shift, struct batch *batch, struct error *error) {
    bool good =
        list_instances(shift, batch, error) && (!batch->count || run_windows(shift, batch, error));
    for (size_t i = 0; i < batch->count; i++)
        available_done(&batch->listed[i]);
    return good;
}

static void report_progress(const struct shift *shift, const struct batch *batch) {
    const struct batches_order *order = shift->plan->order;
    const struct source_events *events = order->query->events;
    if (crew_await_turn(shift->plan->crew, shift->task))
        events->progress(events->context, (int)batch->end, (int)order->count);
}

static bool run_batch(void *context, size_t worker, size_t task, struct error *error) {
    struct plan *plan = context;
    struct batch *batch = &plan->of_worker[worker];
    struct shift shift = {plan, crew_channel(plan->crew, worker),   batch, task, NULL, NULL,
                          NULL, atomic_load(&plan->lists_instances)};
    bool good = shift.unexpanded || run_windows(&shift, batch, error);
    if (good && shift.unexpanded) {
        shift.unexpanded = false;
        good = run_listed(&shift, batch, error);
    }
    if (good)
        report_progress(&shift, batch);
    return good;
}

static size_t metrics_limit(struct channel *channel, const struct span *span) {
    size_t limit = limits_query_metrics(channel, span->interval);
    return limit < BATCH_VALUES ? limit : BATCH_VALUES;
}

bool batches_run(struct crew *crew, const struct batches_order *order, struct error *error) {
    struct plan plan = {.crew = crew, .order = order};
    atomic_init(&plan.metrics, metrics_limit(crew_channel(crew, 0), &order->span));
    plan.of_worker = memory_array(crew_size(crew), sizeof *plan.of_worker);
    const struct crew_work work = {&plan, claim_batch, run_batch};
    bool good = crew_run(crew, &work, error);
    free(plan.of_worker);
    return good;
}
