/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* ESXi and vCenter as a source. */
#include <stdlib.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/source.h"
#include "source/vsphere/inventory/counters.h"
#include "source/vsphere/inventory/entities.h"
#include "source/vsphere/query/archives.h"
#include "source/vsphere/query/batches.h"
#include "source/vsphere/session/session.h"

enum { VCENTER_JOBS = 4 };

struct vsphere {
    struct source base;
    struct source_options options;
    struct session *session;
    struct catalog *catalog;
    struct inventory *inventory;
};

extern const struct source_ops vsphere_source;

static struct vsphere *from_base(struct source *source) {
    return (struct vsphere *)source;
}

static struct source *vsphere_open(const struct target *target,
                                   const struct source_options *options, struct error *error) {
    struct session *session = session_open(target, options, error);
    if (!session)
        return NULL;
    struct vsphere *vsphere = memory_alloc(sizeof *vsphere);
    vsphere->base.ops = &vsphere_source;
    vsphere->options = *options;
    vsphere->session = session;
    return &vsphere->base;
}

static struct catalog *vsphere_catalog(struct source *source, struct error *error) {
    struct vsphere *vsphere = from_base(source);
    if (!vsphere->catalog)
        vsphere->catalog = counters_load(vsphere->session->main, error);
    return vsphere->catalog;
}

static struct inventory *vsphere_inventory(struct source *source, const bool types[ENTITY_TYPES],
                                           struct error *error) {
    struct vsphere *vsphere = from_base(source);
    inventory_free(vsphere->inventory);
    vsphere->inventory = entities_load(vsphere->session->main, types, error);
    return vsphere->inventory;
}

static bool has_data(const struct entity *entity) {
    return entity->state == STATE_ON || entity->state == STATE_UNKNOWN;
}

static bool is_archived_only(enum entity_type type) {
    return type != ENTITY_VM && type != ENTITY_HOST;
}

static bool check_selection(const struct selection *selection, const struct window *window,
                            struct error *error) {
    for (int type = 0; type < ENTITY_TYPES; type++)
        if (selection->types[type] && is_archived_only((enum entity_type)type) &&
            window->interval == REAL_TIME_SECONDS)
            return error_set(error, ERROR_USAGE,
                             "--type %s: has no real-time samples: give --interval 300 or longer",
                             entity_type_name((enum entity_type)type));
    return true;
}

/* The selected entities that have data, in the order of the inventory; the caller frees them. */
static const struct entity **choose(const struct inventory *inventory,
                                    const struct selection *selection, bool archived,
                                    const struct source_events *events, size_t *count) {
    const struct entity **chosen = memory_array(inventory->count + 1, sizeof *chosen);
    *count = 0;
    for (size_t i = 0; i < inventory->count; i++) {
        const struct entity *entity = inventory->entities[i];
        if (!selection_has_entity(selection, entity))
            continue;
        if (archived || has_data(entity))
            chosen[(*count)++] = entity;
        else
            events->skipped(events->context, entity);
    }
    return chosen;
}

static void tell_offers(const struct offers *offers, const struct entity *const *entities,
                        size_t count, const struct source_events *events) {
    for (size_t i = 0; i < count; i++) {
        const char *refusal = offers_refusal(offers, i);
        const struct offer *own = offers_own(offers, i);
        if (refusal)
            events->missing(events->context, entities[i], refusal);
        for (size_t k = 0; !refusal && k < own->count; k++)
            events->offered(events->context, entities[i], own->counters[k]);
    }
}

static size_t job_count(const struct vsphere *vsphere) {
    if (vsphere->options.jobs > 0)
        return (size_t)vsphere->options.jobs;
    return vsphere->session->is_vcenter ? VCENTER_JOBS : 1;
}

static bool query_chosen(struct vsphere *vsphere, const struct selection *selection,
                         const struct source_events *events, struct batches_order *order,
                         struct error *error) {
    struct crew *crew = crew_new(vsphere->session, job_count(vsphere));
    struct offers *offers = offers_load(crew, order->entities, order->count, vsphere->catalog,
                                        selection, order->span.interval, error);
    if (offers) {
        tell_offers(offers, order->entities, order->count, events);
        order->offers = offers;
        (void)batches_run(crew, order, error);
    }
    offers_free(offers);
    crew_free(crew);
    return error->kind == ERROR_NONE;
}

static bool vsphere_now(struct source *source, int64_t *seconds, struct error *error) {
    return span_server_time(from_base(source)->session->main, seconds, error);
}

static struct due vsphere_due(struct source *source, int32_t interval) {
    const int64_t period_ns = interval * 1000000000LL;
    (void)source;
    return (struct due){clock_boot_ns() + period_ns, period_ns};
}

static bool vsphere_round(struct source *source, const struct selection *selection,
                          const struct window *window, const struct source_events *events,
                          struct error *error) {
    struct vsphere *vsphere = from_base(source);
    struct batches_order order = {.count = 0};
    bool archived = window->interval != REAL_TIME_SECONDS;
    if (!check_selection(selection, window, error) || !vsphere_catalog(source, error) ||
        (!vsphere->inventory && !vsphere_inventory(source, selection->types, error)) ||
        !span_resolve(&order.span, window, vsphere->session->main, error) ||
        (archived && !archives_check(&order.span, vsphere->session->main, error)))
        return false;
    struct query_refused refused = {0};
    const struct query query = {vsphere->catalog, selection, events, &refused};
    const struct entity **entities =
        choose(vsphere->inventory, selection, archived, events, &order.count);
    order.query = &query;
    order.entities = entities;
    bool good = query_chosen(vsphere, selection, events, &order, error);
    free(entities);
    return good;
}

static void vsphere_close(struct source *source) {
    if (!source)
        return;
    struct vsphere *vsphere = from_base(source);
    session_close(vsphere->session);
    catalog_free(vsphere->catalog);
    inventory_free(vsphere->inventory);
    free(vsphere);
}

static const char *const schemes[] = {"https", "http", "esx", "vpx", NULL};

const struct source_ops vsphere_source = {
    .name = "vsphere",
    .help = "ESXi and vCenter: esx01.example.com, https://user@vc01.example.com",
    .takes = SOURCE_TAKES_TRUST | SOURCE_TAKES_JOBS,
    .keeps_samples = true,
    .schemes = schemes,
    .open = vsphere_open,
    .catalog = vsphere_catalog,
    .inventory = vsphere_inventory,
    .now = vsphere_now,
    .due = vsphere_due,
    .round = vsphere_round,
    .close = vsphere_close,
};
