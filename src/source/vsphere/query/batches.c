/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A batch is sized by the values that its answer will hold; split.c divides what is refused. */
#include "source/vsphere/query/batches.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/vsphere/query/breadth.h"
#include "source/vsphere/query/split.h"
#include "source/vsphere/session/failure.h"
#include "source/vsphere/session/present.h"
#include "source/vsphere/session/session.h"

/* A server that answers no more is not asked again and again in ever smaller pieces. */
enum { MAX_SILENCES = 3, PROBE_SECONDS = 5 };

/* Entities that may have lost what the others have. */
enum { MAX_REFUSED_INTERVALS = 5 };

/* What a worker does at a time. */
struct batch {
    struct query_item items[SPLIT_MAX_ITEMS];
    struct split_item sizes[SPLIT_MAX_ITEMS];
    struct available listed[SPLIT_MAX_ITEMS];
    size_t count;
    size_t end;   /* number of the first item of the order behind the batch */
    int silences; /* calls of the worker without an answer, one after the other */
};

struct plan {
    struct workers *workers;
    struct batches_order *order;
    size_t next; /* item to be put into a batch; only claim_batch uses it */
    struct batch *of_worker;
    bool answered;         /* an entity; for the worker whose turn it is, as the next */
    int refused_intervals; /* entities that were refused the interval */
};

/* Some counters of an item, and the newest sample that was held when they were answered. */
struct part {
    struct split_piece piece;
    int64_t newest;
};

/* One of the batches under way. */
struct batch_run {
    struct plan *plan;
    struct channel *channel;
    struct batch *batch;
    size_t task;
    struct split split;
    struct split_piece piece; /* that is asked for */
    struct held held;         /* series of the item that is asked for in parts */
    struct split_piece held_piece;
    struct part *parts; /* those of it that were answered */
    size_t part_count;
    size_t part_capacity;
    bool unexpanded; /* an answer had '*' as an instance */
};

static size_t values_of(const struct query_item *item) {
    return item->metrics * (size_t)item->samples;
}

/* Samples in one window of the item. */
static int64_t window_samples(const struct query_item *item) {
    return LIMITS_VALUES / (int64_t)(item->metrics + 1) + 1;
}

static size_t window_count(const struct query_item *item) {
    const struct span *span = &item->span;
    int64_t window = window_samples(item) * span->interval;
    if (!span->bounded || span->newest || values_of(item) <= LIMITS_VALUES)
        return 1;
    return (size_t)((span->end - span->start + window - 1) / window);
}

static bool fits(const struct plan *plan, const struct batch *batch,
                 const struct query_item *item) {
    size_t metrics = item->metrics, values = values_of(item);
    for (size_t i = 0; i < batch->count; i++) {
        metrics += batch->items[i].metrics;
        values += values_of(&batch->items[i]);
    }
    return batch->count < SPLIT_MAX_ITEMS && metrics <= limits_metrics(plan->order->limits) &&
           values <= LIMITS_VALUES;
}

static bool claim_batch(void *context, size_t worker, size_t task) {
    struct plan *plan = context;
    struct batch *batch = &plan->of_worker[worker];
    (void)task;
    batch->count = 0;
    for (; plan->next < plan->order->count; plan->next++) {
        const struct query_item *item = &plan->order->items[plan->next];
        if (!item->count)
            continue;
        if (batch->count && !fits(plan, batch, item))
            break;
        batch->items[batch->count++] = *item;
    }
    batch->end = plan->next;
    return batch->count > 0;
}

static bool has_more(void *context, size_t task) {
    const struct plan *plan = context;
    (void)task;
    return plan->next < plan->order->count;
}

static bool await_turn(const struct batch_run *run) {
    return workers_await_turn(run->plan->workers, run->task);
}

/* The data of the item is lost; an entity that is refused as a whole is left alone for a while. */
static void lose_item(struct batch_run *run, size_t index, bool refused, struct error *error) {
    const struct query *query = run->plan->order->query;
    const struct query_item *item = &run->batch->items[index];
    bool lost_object = query->fresh && !item->leaves &&
                       strcmp(run->channel->fault_type, "ManagedObjectNotFound") == 0;
    const char *reason = failure_reason(run->channel, error);
    if (refused || lost_object)
        tracked_refuse(item->tracked, reason, query->now_ns);
    if (lost_object)
        run->plan->order->lost_objects = item->tracked->vanished = true;
    else if (!item->leaves)
        query->events->missing(query->events->context, item->entity, reason);
    item->tracked->heard = true;
    error_clear(error);
}

/* The entities of the group that are no longer asked say nothing. */
static void lose_counter(struct batch_run *run, struct error *error) {
    const struct query *query = run->plan->order->query;
    const struct query_item *item = &run->batch->items[run->piece.item];
    const struct counter *counter = item->counters[run->piece.counter];
    uint32_t entity = item->tracked->number;
    if (!refusals_holds(query->refusals, item->group, entity, counter->id)) {
        char *reason =
            memory_printf("%s is refused: %s", counter->name, failure_reason(run->channel, error));
        if (refusals_add(query->refusals, item->group, entity, counter->id, reason,
                         query->now_ns)) {
            free(reason);
            reason = memory_printf("%s is refused, and no longer asked for of its like: %s",
                                   counter->name, failure_reason(run->channel, error));
        }
        query->events->missing(query->events->context, item->entity, reason);
        query->events->omitted(query->events->context, item->entity->type, counter,
                               OMISSION_REFUSED);
        item->tracked->heard = true;
        free(reason);
    }
    error_clear(error);
}

/* The fault calls this part of a query incorrect. */
static bool refuses(const struct batch_run *run, const char *part, const struct error *error) {
    return error->kind == ERROR_FAULT && strcmp(run->channel->fault_type, "InvalidArgument") == 0 &&
           strstr(error->message, part);
}

/*
 * When nobody was answered and some were refused the archived interval, everybody will be: a server
 * may keep none of an interval that it lists, or list none.
 */
static bool ends_round(struct batch_run *run, struct error *error) {
    struct plan *plan = run->plan;
    int32_t interval = run->batch->items[run->piece.item].span.interval;
    if (run->piece.items > 1 || plan->answered || interval == REAL_TIME_SECONDS ||
        !refuses(run, "interval", error) || ++plan->refused_intervals < MAX_REFUSED_INTERVALS)
        return false;
    error_clear(error);
    return !error_set(error, ERROR_UNAVAILABLE,
                      "%s: the server keeps no samples of %d s: give another --interval",
                      run->channel->session->label, interval);
}

/* Whether a server that did not answer a query answers anything. */
static bool is_alive(struct batch_run *run) {
    struct server_reading reading;
    struct error ignored = {0};
    run->channel->patience_seconds = PROBE_SECONDS;
    bool alive = present_read(run->channel, &reading, &ignored);
    run->channel->patience_seconds = 0;
    return alive;
}

/* False when a refused piece means that all are lost, not that the server refuses the piece. */
static bool is_bearable(struct batch_run *run, enum limits_verdict verdict,
                        const struct error *error) {
    if (verdict == LIMITS_SILENT)
        return run->batch->silences++ < MAX_SILENCES && is_alive(run);
    return verdict == LIMITS_TOO_LARGE || error->kind == ERROR_FAULT;
}

/* The item of the piece that the fault names. */
static bool find_object(const struct batch_run *run, size_t *object) {
    const struct split_piece *piece = &run->piece;
    for (size_t i = piece->item; i < piece->item + piece->items; i++)
        if (strcmp(run->batch->items[i].entity->id, run->channel->fault_object) == 0) {
            *object = i;
            return true;
        }
    return false;
}

static enum split_verdict verdict_of(const struct batch_run *run, enum limits_verdict size,
                                     const struct error *error, size_t *object) {
    if (run->channel->too_long)
        return SPLIT_TOO_LONG;
    if (size != LIMITS_PASSED)
        return size == LIMITS_SILENT ? SPLIT_SILENT : SPLIT_TOO_LARGE;
    if (find_object(run, object))
        return SPLIT_REFUSED_OBJECT;
    /* A server may list ids that it does not answer for. */
    return refuses(run, "metricId", error) ? SPLIT_REFUSED_COUNTER : SPLIT_REFUSED;
}

static void note_loss(struct batch_run *run, enum split_verdict verdict, size_t object,
                      struct error *error) {
    bool refused = verdict == SPLIT_REFUSED_OBJECT || verdict == SPLIT_REFUSED;
    size_t lost = 0;
    enum split_loss loss = split_judge(&run->split, &run->piece, verdict, object, &lost);
    if (loss == SPLIT_ITEM_LOST)
        lose_item(run, lost, refused, error);
    else if (loss == SPLIT_COUNTER_LOST)
        lose_counter(run, error);
    error_clear(error);
}

static bool handle_refusal(struct batch_run *run, struct error *error) {
    enum limits_verdict size = limits_judge(run->channel, error);
    size_t object = 0;
    if (!is_bearable(run, size, error))
        return false;
    enum split_verdict verdict = verdict_of(run, size, error, &object);
    size_t smaller = split_smaller(&run->piece, verdict);
    if (smaller)
        limits_lower(run->plan->order->limits, smaller);
    else if (!await_turn(run)) {
        error_clear(error); /* another one ended the round */
        return false;
    } else if (verdict == SPLIT_REFUSED && ends_round(run, error))
        return false;
    note_loss(run, verdict, object, error);
    return true;
}

/* The part of the item that the piece asks for. */
static struct query_item narrow(const struct query *query, const struct query_item *item,
                                const struct split_piece *piece, size_t windows) {
    struct query_item part = *item;
    if (piece->items == 1) {
        part.counters += piece->counter;
        part.count = piece->counters;
        part.metrics = piece->metrics;
    }
    if (windows > 1) {
        int64_t samples = window_samples(item);
        int64_t start = item->span.start + (int64_t)piece->window * samples * item->span.interval;
        part.span = span_window(&item->span, start, samples);
    }
    part.breadth = breadth_of(query->breadth, &part, item);
    return part;
}

/* Only what is marked when it is emitted must not be emitted in part. */
static bool is_part(const struct batch_run *run) {
    const struct split_piece *piece = &run->piece;
    return run->plan->order->query->fresh && piece->items == 1 &&
           piece->counters < run->batch->items[piece->item].count;
}

static int64_t newest_of(const struct _vim25__QueryPerfResponse *response) {
    int64_t newest = INT64_MIN;
    for (int i = 0; i < response->__sizereturnval; i++)
        for (size_t k = 0; k < response->returnval[i].sample_count; k++)
            newest = MAX(newest, response->returnval[i].times[k]);
    return newest;
}

static void add_part(struct batch_run *run, int64_t newest) {
    run->parts = memory_grow(run->parts, run->part_count, &run->part_capacity, sizeof *run->parts);
    run->parts[run->part_count++] = (struct part){run->piece, newest};
}

static bool emit(struct batch_run *run, struct query_call *call,
                 const struct _vim25__QueryPerfResponse *response, struct error *error) {
    if (!await_turn(run))
        return false;
    run->plan->answered = true;
    bool part = is_part(run);
    if (part) {
        call->held = &run->held;
        run->held_piece = run->piece;
    }
    if (!query_emit(run->plan->order->query, call, response, error))
        return false;
    if (part)
        add_part(run, newest_of(response));
    return true;
}

/* It was too much to ask for what nobody lists. */
static bool is_too_broad(const struct batch_run *run, const struct query_call *call,
                         const struct error *error) {
    bool broad = false;
    for (size_t i = 0; i < call->count; i++)
        broad = broad || call->items[i].breadth == BREADTH_WIDE ||
                call->items[i].breadth == BREADTH_ALL;
    return broad && refuses(run, "metricId", error);
}

/* In turn: what the tasks before this one were given does not depend on the number of workers. */
static bool drop_breadth(const struct batch_run *run, struct query_item *items, size_t count) {
    const struct query *query = run->plan->order->query;
    if (!await_turn(run))
        return false;
    for (size_t i = 0; i < count; i++)
        items[i].breadth = items[i].breadth ? BREADTH_DROPPED : BREADTH_LISTED;
    breadth_drop(query->breadth, query->events);
    return true;
}

static bool run_piece(struct batch_run *run, struct error *error) {
    struct plan *plan = run->plan;
    struct batch *batch = run->batch;
    const struct split_piece *piece = &run->piece;
    struct query_item items[SPLIT_MAX_ITEMS];
    struct _vim25__QueryPerfResponse response;
    struct query_call call = {.items = items, .count = piece->items};
    for (size_t i = 0; i < piece->items; i++)
        items[i] = narrow(plan->order->query, &batch->items[piece->item + i], piece,
                          batch->sizes[piece->item + i].windows);
    bool answered = query_ask(plan->order->query, run->channel, &call, &response, error);
    if (!answered && is_too_broad(run, &call, error)) {
        error_clear(error);
        if (!drop_breadth(run, items, call.count))
            return false; /* another one ended the round */
        answered = query_ask(plan->order->query, run->channel, &call, &response, error);
    }
    if (!answered)
        return handle_refusal(run, error);
    batch->silences = 0;
    if (items->listed || !query_unexpanded(&response))
        return emit(run, &call, &response, error);
    limits_list_instances(plan->order->limits);
    run->unexpanded = true;
    note_loss(run, SPLIT_UNEXPANDED, 0, error);
    return true;
}

/* A part whose sample came to the server after its answer; without an answer it stays behind. */
static bool ask_again(struct batch_run *run, const struct part *part, int64_t newest,
                      struct error *error) {
    const struct query *query = run->plan->order->query;
    const struct query_item *whole = &run->batch->items[part->piece.item];
    struct query_item item = narrow(query, whole, &part->piece, 1);
    struct query_call call = {.items = &item, .count = 1, .held = &run->held};
    struct _vim25__QueryPerfResponse response;
    item.span.start = MAX(item.span.start, part->newest);
    item.span.end = newest;
    item.span.open = false;
    run->held.again = true;
    if (query_ask(query, run->channel, &call, &response, error))
        return query_emit(query, &call, &response, error);
    if (error->kind != ERROR_FAULT)
        return false;
    error_clear(error);
    return true;
}

static bool complete_parts(struct batch_run *run, struct error *error) {
    int64_t newest = held_newest(&run->held);
    for (size_t i = 0; i < run->part_count; i++)
        if (run->parts[i].newest < newest && !ask_again(run, &run->parts[i], newest, error))
            return false;
    return true;
}

/* All parts of the item have come, or are lost. */
static bool release(struct batch_run *run, struct error *error) {
    const struct query_item *item = &run->batch->items[run->held_piece.item];
    bool good =
        !run->held.count || (await_turn(run) && complete_parts(run, error) &&
                             query_release(run->plan->order->query, item, &run->held, error));
    held_clear(&run->held);
    run->part_count = 0;
    return good;
}

/* Keeps what belongs to one item, or one window of it, from mixing with the next one's. */
static bool begin_piece(struct batch_run *run, struct error *error) {
    const struct split_piece *piece = &run->piece, *held = &run->held_piece;
    return (piece->item == held->item && piece->window == held->window) || release(run, error);
}

static bool run_pieces(struct batch_run *run, struct error *error) {
    struct batch *batch = run->batch;
    bool good = true;
    for (size_t i = 0; i < batch->count; i++)
        batch->sizes[i] = (struct split_item){batch->items[i].count, batch->items[i].metrics,
                                              window_count(&batch->items[i])};
    split_init(&run->split, batch->sizes, batch->count);
    while (good && split_next(&run->split, limits_metrics(run->plan->order->limits), &run->piece))
        good = begin_piece(run, error) && run_piece(run, error);
    good = good && release(run, error);
    held_clear(&run->held);
    free(run->parts);
    run->parts = NULL;
    run->part_count = run->part_capacity = 0;
    split_done(&run->split);
    return good;
}

/* Asks which instances the entities have; those that are refused leave the batch. */
static bool list_instances(struct batch_run *run, struct error *error) {
    const struct query *query = run->plan->order->query;
    struct batch *batch = run->batch;
    size_t kept = 0, count = batch->count;
    batch->count = 0;
    if (!await_turn(run))
        return false;
    for (size_t i = 0; i < count; i++, batch->count = kept) {
        struct _vim25__QueryAvailablePerfMetricResponse response = {0};
        struct query_item *item = &batch->items[i];
        if (available_ask(run->channel, item->entity, item->span.interval, &response, error)) {
            available_read(&batch->listed[kept], query->catalog, query->selection, &response);
            item->listed = &batch->listed[kept];
            batch->items[kept++] = *item;
        } else if (error->kind == ERROR_FAULT) {
            lose_item(run, i, true, error);
        } else {
            return false;
        }
    }
    return true;
}

static bool run_listed(struct batch_run *run, struct error *error) {
    struct batch *batch = run->batch;
    bool good = list_instances(run, error) && (!batch->count || run_pieces(run, error));
    for (size_t i = 0; i < batch->count; i++)
        available_done(&batch->listed[i]);
    return good;
}

static void report_progress(const struct batch_run *run) {
    const struct batches_order *order = run->plan->order;
    const struct source_events *events = order->query->events;
    if (order->reports_progress && await_turn(run))
        events->progress(events->context, (int)run->batch->end, (int)order->count);
}

static bool run_batch(void *context, size_t worker, size_t task, struct error *error) {
    struct plan *plan = context;
    struct batch_run run = {.plan = plan,
                            .channel = workers_channel(plan->workers, worker),
                            .batch = &plan->of_worker[worker],
                            .task = task,
                            .unexpanded = limits_lists_instances(plan->order->limits)};
    bool good = run.unexpanded || run_pieces(&run, error);
    if (good && run.unexpanded)
        good = run_listed(&run, error);
    if (good)
        report_progress(&run);
    return good;
}

bool batches_run(struct workers *workers, struct batches_order *order, struct error *error) {
    struct plan plan = {.workers = workers, .order = order};
    plan.of_worker = memory_array(workers_count(workers), sizeof *plan.of_worker);
    const struct workers_job job = {&plan, claim_batch, run_batch, has_more};
    bool good = workers_run(workers, &job, error);
    free(plan.of_worker);
    return good;
}
