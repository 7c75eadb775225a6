/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One visit: the rows of all hosts, and what they make of each entity. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/xapi/changes.h"
#include "source/xapi/measure.h"
#include "source/xapi/runstates.h"

enum {
    SHORTEST_TIMEOUT_MS = 2000,
    SKEW_SECONDS = 5,
    AGAIN_INTERVALS = 2, /* that are asked for again: a VM that moved may have been nowhere */
};

static const int64_t second_ns = 1000000000;
static const int64_t renewal_ns = 300 * 1000000000LL;
static const int64_t shortest_renewal_ns = 15 * 1000000000LL;

static bool check_selection(const struct selection *selection, struct error *error) {
    for (int type = 0; type < ENTITY_TYPES; type++)
        if (selection->types[type] && !selection->types_by_default && type != ENTITY_VM &&
            type != ENTITY_HOST && type != ENTITY_DATASTORE)
            return error_set(error, ERROR_USAGE,
                             "--type %s: XAPI has samples of vm, host and datastore only",
                             entity_type_name((enum entity_type)type));
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
    changes_find(round);
    if (!xapi->outdated || is_idle(round) || !changes_renew(round, shortest_renewal_ns))
        return true;
    rows_free(round->rows, hosts);
    round->rows = NULL;
    return xapi_now(xapi, &round->now, error) && ask_hosts(round, error);
}

static bool visit(struct round *round, struct error *error) {
    struct xapi *xapi = round->xapi;
    if (!xapi_now(xapi, &round->now, error))
        return false;
    changes_renew(round, renewal_ns);
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
