/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One visit: the rows of all hosts, and what they make of each entity. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/xapi/counters/figures.h"
#include "source/xapi/runstates.h"

enum {
    SHORTEST_TIMEOUT_MS = 2000,
    SKEW_SECONDS = 5,
    AGAIN_INTERVALS = 2, /* that are asked for again: a VM that moved may have been nowhere */
    MOST_STRANGERS = 10000,
};

static const int64_t second_ns = 1000000000;
static const int64_t renewal_ns = 300 * 1000000000LL;
static const int64_t lost_renewal_ns = 60 * 1000000000LL;
static const int64_t shortest_renewal_ns = 15 * 1000000000LL;

struct round {
    struct xapi *xapi;
    const struct selection *selection;
    const struct window *window;
    const struct source_events *events;
    int64_t now; /* by the master's clock */
    struct plan plan;
    struct host_rows *rows; /* by host */
    bool *wanted;           /* by counter */
    int64_t newest;         /* end of the newest interval that a host has */
    struct samples *samples;
    /* The entity at hand. */
    const struct entity *entity;
    struct track *track;
    int64_t end;
    size_t values; /* of this interval */
    bool has_rows; /* of an interval of this visit */
    bool can_have; /* data sources of a wanted counter are in them */
};

static bool check_selection(const struct selection *selection, struct error *error) {
    for (int type = 0; type < ENTITY_TYPES; type++)
        if (selection->types[type] && !selection->types_by_default && type != ENTITY_VM &&
            type != ENTITY_HOST && type != ENTITY_DATASTORE)
            return error_set(error, ERROR_USAGE,
                             "--type %s: XAPI has samples of vm, host and datastore only",
                             entity_type_name((enum entity_type)type));
    return true;
}

static bool is_on(const struct entity *entity) {
    return entity->state == STATE_ON;
}

static const struct entity *find_entity(const struct inventory *inventory,
                                        const struct entity *like) {
    for (size_t i = 0; inventory && i < inventory->count; i++)
        if (entity_same(inventory->entities[i], like))
            return inventory->entities[i];
    return NULL;
}

/* A VM or host of the one inventory that the other lacks, or has and does not run there. */
static void compare_inventories(const struct round *round) {
    const struct inventory *before = round->xapi->previous, *now = round->xapi->inventory;
    const struct source_events *events = round->events;
    GHashTable *there = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < before->count; i++)
        g_hash_table_insert(there, (char *)before->entities[i]->id, before->entities[i]);
    for (size_t i = 0; i < now->count; i++) {
        const struct entity *entity = now->entities[i];
        const struct entity *old = g_hash_table_lookup(there, entity->id);
        if (!selection_measures(round->selection, entity))
            continue;
        if (!old)
            events->arrived(events->context, entity);
        else if (is_on(old) && !is_on(entity) && entity->type == ENTITY_VM)
            events->ended(events->context, entity, "was shut down, suspended or paused");
    }
    g_hash_table_destroy(there);
    for (size_t i = 0; i < before->count; i++)
        if (selection_measures(round->selection, before->entities[i]) &&
            !find_entity(now, before->entities[i]))
            events->ended(events->context, before->entities[i], "is no longer in the pool");
}

/* What the records said stays when they cannot be read. */
static bool renew(struct round *round, int64_t oldest_ns) {
    struct xapi *xapi = round->xapi;
    struct error lost = {0};
    if (clock_boot_ns() - xapi->read_ns < oldest_ns)
        return false;
    if (!xapi_read_records(xapi, &lost)) {
        round->events->lacking(round->events->context, lost.message);
        xapi->read_ns = clock_boot_ns();
        return false;
    }
    round->events->renewed(round->events->context, xapi->inventory);
    compare_inventories(round);
    return true;
}

/* Those of a longer window are means over longer times. */
static void tell_coarser(struct round *round) {
    if (!round->plan.coarser || round->window->kept_only || round->xapi->told_coarser)
        return;
    round->xapi->told_coarser = true;
    report(round->xapi->options.reporter, REPORT_WARNING,
           "XAPI keeps samples of %d s for 9 minutes: those of this window are means over %d s",
           round->window->interval, round->plan.interval);
}

/* All that came since the last round, and what may have been nowhere then. */
static bool make_plan(struct round *round, struct error *error) {
    struct window window = *round->window;
    int64_t given = round->xapi->given;
    if (window.fresh_only && given != INT64_MIN)
        window.after = MAX(window.after, given - (int64_t)AGAIN_INTERVALS * window.interval);
    if (!plan_make(&round->plan, &window, round->now, error))
        return false;
    tell_coarser(round);
    return true;
}

static void tell_skew(const struct round *round, const struct host_rows *rows) {
    int64_t ahead_ns = rows->clock->offset_ns - round->xapi->clock.offset_ns;
    if (rows->clock->known &&
        (ahead_ns > SKEW_SECONDS * second_ns || ahead_ns < -SKEW_SECONDS * second_ns))
        report(round->xapi->options.reporter, REPORT_DETAIL,
               "the clock of host '%s' differs from the master's by %lld s", rows->host->name,
               (long long)(ahead_ns / second_ns));
}

/* A request that hangs is to cost no interval of the other hosts. */
static int timeout_of(const struct round *round) {
    int64_t timeout_ms = round->xapi->options.timeout_seconds * 1000LL;
    int64_t part_ms = round->window->fresh_only ? round->plan.interval * 400LL : timeout_ms;
    return (int)MAX(SHORTEST_TIMEOUT_MS, MIN(timeout_ms, part_ms));
}

/* Rows of the future are of a clock that was set: they are not to silence the other hosts. */
static int64_t newest_of(const struct round *round, const struct host_rows *rows) {
    int64_t end = rows_end(rows, &round->plan);
    if (end > round->now + SKEW_SECONDS)
        rows->clock->known = false;
    return MIN(end, plan_floor(&round->plan, round->now));
}

/* False when no host answers. */
static bool ask_hosts(struct round *round, struct error *error) {
    struct xapi *xapi = round->xapi;
    const struct rows_request request = {
        .master = xapi->master,
        .pool = xapi->pool,
        .plan = &round->plan,
        .clocks = xapi->clocks,
        .clock = &xapi->clock,
        .timeout_ms = timeout_of(round),
    };
    bool good = false;
    round->rows = rows_ask(&request);
    round->newest = INT64_MIN;
    for (size_t i = 0; i < xapi->pool->host_count; i++) {
        good |= round->rows[i].layouts != NULL;
        tell_skew(round, &round->rows[i]);
        round->newest = MAX(round->newest, newest_of(round, &round->rows[i]));
    }
    if (good || !xapi->pool->host_count)
        return true;
    const struct host_rows *first = &round->rows[0];
    return error_set(error, first->error.kind, "host '%s': %s", first->host->name,
                     first->error.message);
}

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

static const struct pool_vm *find_vm(const struct pool *pool, const char *uuid) {
    for (size_t i = 0; i < pool->vm_count; i++)
        if (strcmp(pool->vms[i].uuid, uuid) == 0)
            return &pool->vms[i];
    return NULL;
}

static bool measure_vm(struct round *round, struct error *error) {
    const struct pool *pool = round->xapi->pool;
    const struct pool_vm *vm = find_vm(pool, round->entity->id);
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
    round->end = round->now;
    for (size_t i = 0; i < pool->sr_count; i++)
        if (strcmp(pool->srs[i].uuid, round->entity->id) == 0 &&
            (!round->window->fresh_only || round->xapi->unread))
            figures_emit_storage(&pool->srs[i], &output);
    return emit_entity(round, error);
}

static bool measure_entity(struct round *round, struct error *error) {
    const struct entity *entity = round->entity;
    round->track = xapi_track(round->xapi->tracks, entity->id);
    if (entity->type == ENTITY_DATASTORE)
        return measure_storage(round, error);
    if (entity->type == ENTITY_HOST)
        return measure_host(round, error);
    if (is_on(entity))
        return measure_vm(round, error);
    round->events->skipped(round->events->context, entity);
    return true;
}

/* Storage that nobody named is measured too: its records have been read anyway. */
static bool measure_all(struct round *round, struct error *error) {
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

/* Whether the records say that the VM runs; where they do not, they are read again once. */
static void check_known(struct xapi *xapi, const char *uuid) {
    const struct pool_vm *vm = find_vm(xapi->pool, uuid);
    if (vm && vm->state == STATE_ON) {
        g_hash_table_remove(xapi->strangers, uuid);
    } else if (!g_hash_table_contains(xapi->strangers, uuid)) {
        if (g_hash_table_size(xapi->strangers) >= MOST_STRANGERS)
            g_hash_table_remove_all(xapi->strangers);
        g_hash_table_add(xapi->strangers, memory_strdup(uuid));
        xapi->outdated = true;
    }
}

/* A VM that has rows came or was started after the records were read. */
static void find_strangers(const struct round *round) {
    struct xapi *xapi = round->xapi;
    for (size_t i = 0; i < xapi->pool->host_count; i++) {
        const struct updates *updates = &round->rows[i].updates;
        const char *last = "";
        for (size_t k = 0; k < updates->column_count; k++) {
            const struct updates_column *column = &updates->columns[k];
            if (column->owner == OWNER_VM && strcmp(last, column->uuid) != 0)
                check_known(xapi, last = column->uuid);
        }
    }
}

/* One that has none where it is said to run has ended or moved since. */
static void find_lost(const struct round *round) {
    struct xapi *xapi = round->xapi;
    const struct pool *pool = xapi->pool;
    if (clock_boot_ns() - xapi->read_ns < lost_renewal_ns)
        return;
    for (size_t i = 0; i < pool->vm_count && !xapi->outdated; i++) {
        const struct pool_vm *vm = &pool->vms[i];
        if (vm->state != STATE_ON || !vm->host)
            continue;
        const struct host_rows *rows = &round->rows[vm->host - pool->hosts];
        xapi->outdated = rows->layouts && rows->updates.row_count &&
                         !layouts_find(rows->layouts, OWNER_VM, vm->uuid);
    }
}

/* Nothing is new at any host. */
static bool is_idle(const struct round *round) {
    return round->window->fresh_only && round->xapi->given != INT64_MIN &&
           round->newest <= round->xapi->given;
}

static void choose_counters(struct round *round) {
    const struct catalog *catalog = round->xapi->catalog;
    round->wanted = memory_array(catalog_size(catalog) + 1, sizeof *round->wanted);
    for (size_t i = 0; i < catalog_size(catalog); i++)
        round->wanted[i] = selection_has_counter(round->selection, catalog_at(catalog, i));
}

/* Once more when the rows show that the records are old. */
static bool ask_all(struct round *round, struct error *error) {
    struct xapi *xapi = round->xapi;
    size_t hosts = xapi->pool->host_count;
    if (!xapi_now(xapi, &round->now, error) || !make_plan(round, error) || !ask_hosts(round, error))
        return false;
    find_strangers(round);
    find_lost(round);
    if (!xapi->outdated || is_idle(round) || !renew(round, shortest_renewal_ns))
        return true;
    rows_free(round->rows, hosts);
    round->rows = NULL;
    return xapi_now(xapi, &round->now, error) && ask_hosts(round, error);
}

static bool visit(struct round *round, struct error *error) {
    struct xapi *xapi = round->xapi;
    if (!xapi_now(xapi, &round->now, error))
        return false;
    renew(round, renewal_ns);
    if (!ask_all(round, error))
        return false;
    if (is_idle(round)) {
        round->events->idle(round->events->context);
        return true;
    }
    choose_counters(round);
    if (xapi->options.runstates)
        runstates_enable(xapi, round->selection, round->wanted, round->rows);
    runstates_explain(xapi, round->selection, round->wanted, round->rows);
    round->samples = samples_new();
    bool good = measure_all(round, error);
    samples_free(round->samples);
    free(round->wanted);
    xapi->given = MAX(xapi->given, round->newest);
    return good;
}

bool xapi_round(struct xapi *xapi, const struct selection *selection, const struct window *window,
                const struct source_events *events, struct error *error) {
    struct round round = {.xapi = xapi, .selection = selection, .window = window, .events = events};
    if (!check_selection(selection, error))
        return false;
    bool good = visit(&round, error);
    rows_free(round.rows, xapi->pool ? xapi->pool->host_count : 0);
    return good;
}
