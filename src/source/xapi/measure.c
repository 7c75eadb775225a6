/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/xapi/measure.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/xapi/counters/figures.h"

static void take_offer(void *context, size_t counter) {
    struct round *round = context;
    round->can_have = true;
    if (!round->track->offered[counter])
        round->events->offered(round->events->context, round->entity,
                               catalog_at(round->xapi->catalog, counter));
    round->track->offered[counter] = true;
}

static void drop_value(void *context, size_t counter, const char *instance, int64_t value) {
    (void)context, (void)counter, (void)instance, (void)value;
}

static void take_value(void *context, size_t counter, const char *instance, int64_t value) {
    struct round *round = context;
    take_offer(context, counter);
    samples_add(round->samples, counter, instance, round->end, value);
    round->values++;
}

/* What the host's rows give of the VM, or of the host itself, in this interval. */
static void take_interval(struct round *round, const struct host_rows *rows,
                          const struct pool_vm *vm) {
    const char *uuid = vm ? vm->uuid : rows->host->uuid;
    const struct figures_output output = {
        .context = round,
        .wanted = round->wanted,
        .aggregate_only = round->selection->aggregate_only,
        .offer = take_offer,
        .value = take_value,
    };
    const struct subject subject = {
        .updates = &rows->updates,
        .layout = layouts_find(rows->layouts, vm ? OWNER_VM : OWNER_HOST, uuid),
        .pool = round->xapi->pool,
        .vm = vm,
        .host = rows->host,
        .end = round->end + rows->shift,
        .interval = round->plan.interval,
        .at_moment = round->end == round->newest,
    };
    if (subject.layout && figures_emit(&subject, &output))
        round->has_rows = true;
}

/*
 * No interval of a bounded window has come yet: what the host has data sources of is offered, so
 * that it is waited for. False when there is nothing to wait for.
 */
static bool is_awaited(const struct round *round, const struct pool_vm *vm,
                       const struct host_rows *rows) {
    const struct window *window = round->window;
    const struct layout *layout = !rows || !rows->layouts ? NULL
                                  : vm ? layouts_find(rows->layouts, OWNER_VM, vm->uuid)
                                       : layouts_find(rows->layouts, OWNER_HOST, rows->host->uuid);
    if (!layout || !window->fresh_only || !window->until || round->track->mark != INT64_MIN)
        return false;
    const struct subject subject = {
        .updates = &rows->updates,
        .layout = layout,
        .pool = round->xapi->pool,
        .vm = vm,
        .host = rows->host,
    };
    figures_offer(&subject, &(struct figures_output){
                                .context = (void *)round,
                                .wanted = round->wanted,
                                .aggregate_only = round->selection->aggregate_only,
                                .offer = take_offer,
                                .value = drop_value,
                            });
    return true;
}

/* One that moves is at two hosts, or at none: the one where it is resident is asked first. */
static void take_vm_interval(struct round *round, const struct pool_vm *vm) {
    const struct pool *pool = round->xapi->pool;
    size_t home = vm->host ? (size_t)(vm->host - pool->hosts) : pool->host_count;
    round->values = 0;
    if (home < pool->host_count)
        take_interval(round, &round->rows[home], vm);
    for (size_t i = 0; i < pool->host_count && !round->values; i++)
        if (i != home)
            take_interval(round, &round->rows[i], vm);
}

/* The first interval that is asked for of the entity at hand. */
static int64_t first_end(const struct round *round) {
    const struct window *window = round->window;
    int64_t interval = round->plan.interval;
    int64_t end = round->plan.after + interval;
    if (window->fresh_only && round->track->mark != INT64_MIN)
        return MAX(end, round->track->mark + interval);
    bool newest_only = window->newest || (window->fresh_only && round->xapi->given != INT64_MIN);
    int64_t samples = window->newest > 0 ? window->newest : 1;
    return newest_only ? MAX(end, round->newest - (samples - 1) * interval) : end;
}

static bool emit_entity(struct round *round, struct error *error) {
    const struct samples_head head = {round->entity, round->xapi->catalog, &round->track->known,
                                      round->plan.interval};
    return samples_emit(round->samples, &head, round->events, error);
}

static void report_missing(const struct round *round, const char *reason) {
    round->events->missing(round->events->context, round->entity, reason);
}

static void report_silent(const struct round *round, const struct host_rows *rows) {
    char *reason =
        memory_printf("host '%s' gives no samples: %s", rows->host->name, rows->error.message);
    report_missing(round, reason);
    free(reason);
}

/* A host has its rows when those of its newest interval are there; before, nothing is missing. */
static bool is_due(const struct round *round, const struct host_rows *rows) {
    int64_t end = rows_end(rows, &round->plan);
    return !round->window->fresh_only || end > round->track->mark;
}

/* What has all its rows, and no data source of what is wanted, lacks nothing. */
static void report_gap(struct round *round, const struct host_rows *rows) {
    if (round->has_rows && !round->can_have)
        return;
    if (!rows)
        report_missing(round, "XAPI does not say on which host it runs");
    else if (!rows->layouts)
        report_silent(round, rows);
    else if (is_due(round, rows))
        report_missing(round, "its host has no samples of it in this interval");
}

/* All intervals of the entity at hand; vm is NULL for a host. */
static bool measure(struct round *round, const struct pool_vm *vm, const struct host_rows *rows,
                    struct error *error) {
    int64_t last = MIN(round->newest, plan_floor(&round->plan, round->plan.until));
    int64_t mark = round->track->mark;
    round->has_rows = round->can_have = false;
    for (round->end = first_end(round); round->end <= last; round->end += round->plan.interval) {
        round->values = 0;
        if (vm)
            take_vm_interval(round, vm);
        else
            take_interval(round, rows, NULL);
        mark = round->values ? MAX(mark, round->end) : mark;
    }
    bool none = first_end(round) > last;
    if (!samples_count(round->samples) && !(none && is_awaited(round, vm, rows)))
        report_gap(round, rows);
    round->track->mark = mark;
    return emit_entity(round, error);
}

static bool measure_vm(struct round *round, struct error *error) {
    const struct pool *pool = round->xapi->pool;
    const struct pool_vm *vm = pool_vm(pool, round->entity->id);
    if (!vm)
        return true;
    return measure(round, vm, vm->host ? &round->rows[vm->host - pool->hosts] : NULL, error);
}

static bool measure_host(struct round *round, struct error *error) {
    const struct pool *pool = round->xapi->pool;
    const struct pool_host *host = pool_host(pool, round->entity->id);
    return !host || measure(round, NULL, &round->rows[host - pool->hosts], error);
}

/* What records say of storage, once for each time that they were read. */
static bool measure_storage(struct round *round, struct error *error) {
    const struct pool *pool = round->xapi->pool;
    const struct figures_output output = {
        .context = round, .wanted = round->wanted, .offer = take_offer, .value = take_value};
    const struct pool_sr *sr = pool_sr(pool, round->entity->id);
    round->end = round->now;
    if (sr && (!round->window->fresh_only || round->xapi->unread))
        figures_emit_storage(sr, &output);
    return emit_entity(round, error);
}

static bool measure_entity(struct round *round, struct error *error) {
    const struct entity *entity = round->entity;
    round->track = xapi_track(round->xapi->tracks, entity->id);
    if (entity->type == ENTITY_DATASTORE)
        return measure_storage(round, error);
    if (entity->type == ENTITY_HOST)
        return measure_host(round, error);
    if (entity->state == STATE_ON)
        return measure_vm(round, error);
    round->events->skipped(round->events->context, entity);
    return true;
}

/* Storage that nobody named is measured too: its records have been read anyway. */
bool measure_all(struct round *round, struct error *error) {
    const struct inventory *inventory = round->xapi->inventory;
    bool good = true;
    for (size_t i = 0; good && i < inventory->count; i++) {
        round->entity = inventory->entities[i];
        if (selection_has_entity(round->selection, round->entity))
            good = measure_entity(round, error);
    }
    round->xapi->unread = false;
    return good;
}
