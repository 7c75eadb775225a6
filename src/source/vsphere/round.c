/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One round: who is asked, for what, from when on; then the calls. */
#include "source/vsphere/vsphere.h"

#include <glib.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/vsphere/inventory/changes.h"
#include "source/vsphere/inventory/counters.h"
#include "source/vsphere/omissions.h"
#include "source/vsphere/query/absences.h"
#include "source/vsphere/query/archives.h"
#include "source/vsphere/query/batches.h"
#include "source/vsphere/query/follow.h"
#include "source/vsphere/query/offers.h"
#include "source/vsphere/query/providers.h"

enum { AHEAD_INTERVALS = 2 };

static const int64_t second_ns = 1000000000;

/* The entities of the round, and what they are asked. */
struct round {
    struct vsphere *vsphere;
    const struct selection *selection;
    const struct window *window;
    const struct source_events *events;
    bool archived;
    bool endless; /* one of many, in which entities come and go */
    bool idle;    /* nobody is asked */
    bool alone;   /* nothing is asked for but what comes with the inventory */
    int64_t now_ns;
    int64_t server_ns; /* 0 when it does not matter */
    struct span span;
    const struct entity **entities;
    size_t count;
    size_t ended; /* the last ones of them have ended */
    struct group **groups;
    char **refusals;
    struct query_item *items;
};

static bool has_data(const struct entity *entity) {
    return entity->state == STATE_ON || entity->state == STATE_UNKNOWN;
}

static bool is_measured(const void *context, const struct entity *entity) {
    const struct round *round = context;
    return selection_measures(round->selection, entity) &&
           (round->archived || (has_data(entity) && !round->vsphere->still[entity->type]));
}

/* What has samples in real time does not change while the program lives. */
static bool check_providers(const struct round *round, struct error *error) {
    struct vsphere *vsphere = round->vsphere;
    vsphere->live = vsphere->live || round->archived || round->alone ||
                    providers_check(vsphere->session->main, vsphere->inventory, round->selection,
                                    vsphere->readings, vsphere->still, error);
    return vsphere->live;
}

static void on_arrived(void *context, const struct entity *entity) {
    struct round *round = context;
    round->events->arrived(round->events->context, entity);
}

/* The server may still have its last samples. */
static void on_ended(void *context, const struct entity *before, const struct entity *now) {
    struct round *round = context;
    struct vsphere *vsphere = round->vsphere;
    if (!tracking_of(&vsphere->tracking, before->id)->vanished)
        vsphere->ended[vsphere->ended_count++] = before;
    round->events->ended(round->events->context, before, changes_reason(now));
}

static bool renew_inventory(struct round *round, struct error *error) {
    struct vsphere *vsphere = round->vsphere;
    if (!vsphere_load_inventory(vsphere, round->selection, error))
        return false;
    free(vsphere->ended);
    vsphere->ended = memory_array(vsphere->previous->count + 1, sizeof *vsphere->ended);
    const struct changes_visitor visitor = {round, is_measured, on_arrived, on_ended};
    changes_visit(vsphere->previous, vsphere->inventory, &visitor);
    if (round->events->renewed)
        round->events->renewed(round->events->context, vsphere->inventory);
    return true;
}

/* A server that was restarted may be another version; one that has new counters names them. */
static bool renew_catalog(struct vsphere *vsphere, struct error *error) {
    struct catalog *catalog = vsphere->catalog;
    unsigned generation = atomic_load(&vsphere->session->generation);
    size_t unknown = catalog_size(catalog) - catalog_defined(catalog);
    size_t defined = catalog_defined(catalog);
    if (generation == vsphere->generation && unknown == vsphere->unknown)
        return true;
    if (!counters_reload(vsphere->session->main, catalog, error))
        return false;
    if (generation != vsphere->generation)
        vsphere->breadth.pause = (struct backoff){0};
    if (generation != vsphere->generation || defined != catalog_defined(catalog))
        groups_forget(&vsphere->groups);
    vsphere->generation = generation;
    vsphere->unknown = catalog_size(catalog) - catalog_defined(catalog);
    return true;
}

/* A sample of the future means that the server's clock was set, before it or after it. */
static bool is_clock_wrong(const struct round *round) {
    const struct vsphere *vsphere = round->vsphere;
    int64_t now = server_clock_at(&vsphere->clock, round->now_ns) / second_ns;
    return vsphere->newest > now + (int64_t)AHEAD_INTERVALS * round->window->interval;
}

static bool check_clock(const struct round *round, struct error *error) {
    struct vsphere *vsphere = round->vsphere;
    int64_t seconds = 0;
    if (vsphere->clock.known && !is_clock_wrong(round) &&
        (vsphere->rounds == 1 || !vsphere_is_hasty(vsphere)))
        return true;
    if (!vsphere_read_clock(vsphere, &seconds, error))
        return false;
    if (vsphere->newest > seconds)
        vsphere->newest = seconds;
    return true;
}

static void report_clock(const struct round *round) {
    const struct source_events *events = round->events;
    if (round->vsphere->set_back && events->set_back)
        events->set_back(events->context, round->vsphere->set_back);
    round->vsphere->set_back = 0;
}

/* Nothing new is to be expected: the round is only to read the clock. */
static bool is_idle(const struct round *round) {
    const struct vsphere *vsphere = round->vsphere;
    return cadence_is_idle(&vsphere->cadence, server_clock_at(&vsphere->clock, round->now_ns));
}

/* What a round without an end has to know beforehand. */
static bool begin_fresh(struct round *round, struct error *error) {
    struct vsphere *vsphere = round->vsphere;
    if (!check_clock(round, error))
        return false;
    report_clock(round);
    if (vsphere->cadence.interval != round->window->interval)
        cadence_init(&vsphere->cadence, round->window->interval);
    vsphere->unsettled = server_clock_settled(&vsphere->clock) ? 0 : vsphere->unsettled + 1;
    round->idle = round->endless && is_idle(round);
    if (!round->endless || round->idle || !vsphere->inventory || !vsphere->catalog)
        return true;
    bool due = vsphere_is_stale(vsphere, round->window->interval);
    return (!due || renew_inventory(round, error)) && renew_catalog(vsphere, error);
}

static bool resolve_span(struct round *round, struct error *error) {
    struct vsphere *vsphere = round->vsphere;
    struct channel *channel = vsphere->session->main;
    bool first = !round->window->fresh_only || !vsphere->checked;
    if (first &&
        (!span_resolve(&round->span, round->window, channel, error) ||
         (round->archived && !archives_check(&round->span, channel, &vsphere->level, error))))
        return false;
    vsphere->checked = true;
    if (!round->window->fresh_only)
        return true;
    round->server_ns = server_clock_at(&vsphere->clock, clock_boot_ns());
    span_follow(&round->span, round->window, round->server_ns / second_ns);
    return true;
}

static bool prepare(struct round *round, struct error *error) {
    struct vsphere *vsphere = round->vsphere;
    if ((round->window->fresh_only && !begin_fresh(round, error)) ||
        !vsphere_load_catalog(vsphere, error) ||
        (!vsphere->inventory && !vsphere_load_inventory(vsphere, round->selection, error)))
        return false;
    round->alone = space_alone(vsphere->catalog, round->selection);
    if (!check_providers(round, error) || !resolve_span(round, error))
        return false;
    refusals_begin(&vsphere->refusals, round->now_ns);
    return true;
}

static void report_skipped(struct round *round, struct tracked *tracked,
                           const struct entity *entity) {
    if (!tracked->skipped)
        round->events->skipped(round->events->context, entity);
    tracked->skipped = true;
    tracked->since = 0;
}

/* Trouble is mentioned as long as it lasts. Of what has vanished, the inventory will tell. */
static void report_refused(struct round *round, const struct tracked *tracked,
                           const struct entity *entity) {
    if (!tracked->vanished || !round->vsphere->outdated)
        round->events->missing(round->events->context, entity, tracked->reason);
}

/* The selected entities that have data, in the order of the inventory; then those that had. */
static void choose(struct round *round) {
    struct vsphere *vsphere = round->vsphere;
    const struct inventory *inventory = vsphere->inventory;
    size_t room = inventory->count + vsphere->ended_count + 1;
    round->entities = memory_array(room, sizeof *round->entities);
    for (size_t i = 0; i < inventory->count; i++) {
        const struct entity *entity = inventory->entities[i];
        if (!selection_has_entity(round->selection, entity) || vsphere->still[entity->type])
            continue;
        struct tracked *tracked = tracking_of(&vsphere->tracking, entity->id);
        if (!is_measured(round, entity)) {
            report_skipped(round, tracked, entity);
            continue;
        }
        tracked->skipped = false;
        if (tracked_is_refused(tracked, round->now_ns)) {
            report_refused(round, tracked, entity);
            continue;
        }
        tracked->vanished = false;
        if (!tracked->since)
            tracked->since = round->server_ns / second_ns;
        round->entities[round->count++] = entity;
    }
    round->ended = vsphere->ended_count;
    for (size_t i = 0; i < vsphere->ended_count; i++)
        round->entities[round->count++] = vsphere->ended[i];
}

static bool update_offers(struct round *round, struct error *error) {
    struct vsphere *vsphere = round->vsphere;
    round->groups = memory_array(round->count + 1, sizeof *round->groups);
    round->refusals = memory_array(round->count + 1, sizeof *round->refusals);
    struct offers_order order = {
        .workers = vsphere->workers,
        .catalog = vsphere->catalog,
        .selection = round->selection,
        .interval = round->window->interval,
        .round = vsphere->rounds,
        .refresh = round->endless && vsphere->age == 0,
        .now_ns = round->now_ns,
        .entities = round->entities,
        .count = round->count,
        .groups = round->groups,
        .refusals = round->refusals,
    };
    return offers_update(&vsphere->groups, &order, error);
}

static void report_offered(struct round *round, struct tracked *tracked, size_t index) {
    const struct offer *own = &round->groups[index]->offer;
    for (size_t k = 0; !tracked->offered && k < own->count; k++)
        round->events->offered(round->events->context, round->entities[index], own->counters[k]);
    tracked->offered = tracked->offered || own->count;
}

static struct query_item make_item(const struct round *round, size_t index) {
    struct vsphere *vsphere = round->vsphere;
    const struct entity *entity = round->entities[index];
    const struct offer *wanted = groups_wanted(&vsphere->groups, round->groups[index]);
    struct query_item item = {
        .entity = entity,
        .tracked = tracking_of(&vsphere->tracking, entity->id),
        .group = round->groups[index]->number,
        .own = round->groups[index]->shared ? &round->groups[index]->offer : NULL,
        .counters = wanted->counters,
        .count = wanted->count,
        .metrics = round->selection->aggregate_only ? wanted->count : wanted->metrics,
        .span = round->span,
        .samples = span_samples(&round->span),
        .leaves = index + round->ended >= round->count,
    };
    item.tracked->heard = false;
    if (round->window->fresh_only) {
        follow_resume(&item, vsphere->options.marks);
        follow_mark(&item, round->window->after, vsphere->rounds);
    }
    return item;
}

/* One whose offer is refused is not asked for anything. */
static void make_items(struct round *round) {
    round->items = memory_array(round->count + 1, sizeof *round->items);
    for (size_t i = 0; i < round->count; i++) {
        struct query_item *item = &round->items[i];
        const char *refusal = round->refusals[i];
        *item = make_item(round, i);
        if (!refusal) {
            if (!item->leaves)
                report_offered(round, item->tracked, i);
            continue;
        }
        item->count = 0;
        tracked_refuse(item->tracked, refusal, round->now_ns);
        if (!item->leaves)
            round->events->missing(round->events->context, item->entity, refusal);
    }
}

/* Items for samples that were not there when they were due. */
static size_t find_late(const struct round *round, struct query_item *late) {
    size_t count = 0;
    for (size_t i = 0; round->endless && i < round->count; i++) {
        late[count] = round->items[i];
        count += follow_late(&late[count], round->vsphere->rounds);
    }
    return count;
}

static struct query make_query(const struct round *round) {
    struct vsphere *vsphere = round->vsphere;
    return (struct query){
        .catalog = vsphere->catalog,
        .selection = round->selection,
        .events = round->events,
        .refusals = &vsphere->refusals,
        .fresh = round->window->fresh_only,
        .now_ns = round->now_ns,
        .newest = &vsphere->newest,
        .breadth = &vsphere->breadth,
        .pool = &vsphere->tracking.series,
    };
}

/* Of many guests of one shape, not all were asked what they offer. */
static bool broaden(struct round *round, struct error *error) {
    struct vsphere *vsphere = round->vsphere;
    struct breadth *breadth = &vsphere->breadth;
    const struct group *group = groups_sampled(&vsphere->groups);
    if (!group || round->archived || limits_lists_instances(&vsphere->limits))
        return true;
    const struct offer *listed = groups_wanted(&vsphere->groups, group);
    if (!breadth_begin(breadth, listed, vsphere->catalog, round->selection))
        return true;
    if (!backoff_holds(&breadth->pause, round->now_ns)) {
        const struct query query = make_query(round);
        struct query_item probed[BREADTH_PROBED];
        size_t count = breadth_choose(group, round->items, round->refusals, probed);
        if (!breadth_probe(breadth, &query, vsphere->session->main, probed, count, error))
            return false;
    } else {
        breadth_report(breadth, round->events);
    }
    for (size_t i = 0; i < round->count; i++) {
        bool like = round->groups[i]->shared && round->groups[i]->type == group->type;
        if (like && !round->refusals[i] && (round->items[i].count || !listed->count))
            breadth_widen(breadth, &round->items[i]);
    }
    return true;
}

static bool run(const struct round *round, const struct query_item *items, size_t count,
                bool reports_progress, struct error *error) {
    struct vsphere *vsphere = round->vsphere;
    const struct query query = make_query(round);
    struct batches_order order = {&query, items, count, &vsphere->limits, reports_progress, false};
    bool good = batches_run(vsphere->workers, &order, error);
    vsphere->outdated = vsphere->outdated || order.lost_objects;
    return good;
}

/* Late samples come before those that follow them. */
static bool ask(struct round *round, struct error *error) {
    struct query_item *late = memory_array(round->endless ? round->count + 1 : 1, sizeof *late);
    size_t count = find_late(round, late);
    bool good = (!count || run(round, late, count, false, error)) &&
                run(round, round->items, round->count, true, error);
    free(late);
    return good;
}

/* What a round without an end teaches. */
static void learn(struct round *round) {
    struct vsphere *vsphere = round->vsphere;
    struct error ignored = {0};
    int64_t seconds = 0;
    bool renewed = vsphere->age == 0;
    if (round->count)
        cadence_learn(&vsphere->cadence, round->server_ns, vsphere->newest);
    for (size_t i = 0; i < round->count; i++)
        follow_note(&round->items[i]);
    vsphere->ended_count = 0;
    if (renewed)
        tracking_sweep(&vsphere->tracking);
    if (renewed || !vsphere->learnt)
        vsphere->learnt = vsphere_read_clock(vsphere, &seconds, &ignored);
}

static void report_absent(const struct round *round) {
    struct vsphere *vsphere = round->vsphere;
    if (!span_holds_sample(&round->span))
        return;
    const struct absences_order order = {
        .events = round->events,
        .channel = vsphere->session->main,
        .catalog = vsphere->catalog,
        .selection = round->selection,
        .interval = round->window->interval,
        .endless = round->endless,
        .now = round->server_ns / second_ns,
        .items = round->items,
        .groups = round->groups,
        .refusals = round->refusals,
        .count = round->count - round->ended,
    };
    absences_report(&order);
}

/* Behind the samples: they alone do not make a round whose samples are lost one that gave some. */
static bool emit_readings(const struct round *round, struct error *error) {
    return vsphere_emit_readings(round->vsphere, round->selection, round->window, round->events,
                                 error);
}

/* Once, as a round has nothing new to say of it. */
static void report_omissions(const struct round *round) {
    struct omissions_order order = {
        round->vsphere, round->selection, round->events, round->archived, {false}};
    for (size_t i = 0; i < round->count; i++)
        order.asked[round->entities[i]->type] = true;
    if (!round->vsphere->accounted)
        omissions_report(&order);
    round->vsphere->accounted = true;
}

static bool visit(struct round *round, struct error *error) {
    struct vsphere *vsphere = round->vsphere;
    if (round->alone)
        return emit_readings(round, error);
    choose(round);
    if (!update_offers(round, error))
        return false;
    limits_begin(&vsphere->limits, vsphere->session->main, round->window->interval, round->now_ns);
    make_items(round);
    refusals_report(&vsphere->refusals, round->items, round->count, round->events);
    bool good = broaden(round, error) && ask(round, error);
    if (good && round->endless)
        learn(round);
    if (good) {
        report_absent(round);
        report_omissions(round);
    }
    return good && emit_readings(round, error);
}

static void round_done(struct round *round) {
    for (size_t i = 0; round->refusals && i < round->count; i++)
        free(round->refusals[i]);
    free(round->refusals);
    free(round->groups);
    free(round->entities);
    free(round->items);
}

static bool run_round(struct vsphere *vsphere, const struct selection *selection,
                      const struct window *window, const struct source_events *events,
                      struct error *error) {
    struct round round = {
        .vsphere = vsphere,
        .selection = selection,
        .window = window,
        .events = events,
        .archived = window->interval != REAL_TIME_SECONDS,
        .endless = window->fresh_only && !window->until,
        .now_ns = clock_boot_ns(),
    };
    vsphere->rounds++;
    tls_forget_refusal(vsphere->session->tls);
    bool good = prepare(&round, error);
    if (good && round.idle)
        events->idle(events->context);
    else if (good)
        good = visit(&round, error);
    round_done(&round);
    return good;
}

/* What rounds without an end know of entities holds for their interval alone. */
bool vsphere_round(struct source *source, const struct selection *selection,
                   const struct window *window, const struct source_events *events,
                   struct error *error) {
    struct vsphere *vsphere = (struct vsphere *)source;
    if (!vsphere->followed || vsphere->followed == window->interval) {
        vsphere->followed = window->fresh_only ? window->interval : vsphere->followed;
        return run_round(vsphere, selection, window, events, error);
    }
    struct vsphere *aside = vsphere_aside(vsphere);
    bool good = run_round(aside, selection, window, events, error);
    vsphere_rejoin(vsphere, aside);
    return good;
}
