/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* ESXi and vCenter as a source. */
#include <stdlib.h>

#include "core/memory.h"
#include "source/source.h"
#include "source/vsphere/counters.h"
#include "source/vsphere/entities.h"
#include "source/vsphere/query.h"
#include "source/vsphere/session.h"

/* A batch ends at either limit: larger answers cost more time a series. */
enum { BATCH_ENTITIES = 50, BATCH_METRICS = 10000, REALTIME_SECONDS = 20 };

struct vsphere {
    struct source base;
    struct session *session;
    struct catalog *catalog;
    struct inventory *inventory;
};

struct batch {
    struct query_item items[BATCH_ENTITIES];
    size_t count;
    size_t metrics;
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
    vsphere->session = session;
    return &vsphere->base;
}

static struct catalog *vsphere_catalog(struct source *source, struct error *error) {
    struct vsphere *vsphere = from_base(source);
    if (!vsphere->catalog)
        vsphere->catalog = counters_load(vsphere->session, error);
    return vsphere->catalog;
}

static struct inventory *vsphere_inventory(struct source *source, const bool types[ENTITY_TYPES],
                                           struct error *error) {
    struct vsphere *vsphere = from_base(source);
    inventory_free(vsphere->inventory);
    vsphere->inventory = entities_load(vsphere->session, types, error);
    return vsphere->inventory;
}

static bool flush(struct batch *batch, struct query *query, struct error *error) {
    bool good = !batch->count || query_run(query, batch->items, batch->count, error);
    for (size_t i = 0; i < batch->count; i++)
        available_done(&batch->items[i].available);
    batch->count = 0;
    batch->metrics = 0;
    return good;
}

static bool has_data(const struct entity *entity) {
    return entity->state == STATE_ON || entity->state == STATE_UNKNOWN;
}

/* Adds the entity to the batch with what it offers; one that the server refuses is missing. */
static bool add(struct batch *batch, struct query *query, const struct entity *entity,
                struct error *error) {
    const struct source_events *events = query->events;
    struct query_item *item = &batch->items[batch->count];
    item->entity = entity;
    if (!available_load(&item->available, query->session, query->catalog, entity, query->selection,
                        error)) {
        if (error->kind != ERROR_FAULT)
            return false;
        events->missing(events->context, entity, error->message);
        error_clear(error);
        return true;
    }
    for (size_t i = 0; i < item->available.counter_count; i++)
        events->offered(events->context, entity, item->available.counters[i]);
    if (item->available.counter_count) {
        batch->metrics += item->available.metric_count;
        batch->count++;
    } else {
        available_done(&item->available);
    }
    return batch->count < BATCH_ENTITIES && batch->metrics < BATCH_METRICS
               ? true
               : flush(batch, query, error);
}

static bool check_selection(const struct session *session, const struct selection *selection,
                            struct error *error) {
    if (selection->interval != REALTIME_SECONDS)
        return error_set(error, ERROR_USAGE,
                         "--interval %d: %s is collected in real time, every 20 seconds",
                         selection->interval, session->label);
    for (int type = 0; type < ENTITY_TYPES; type++)
        if (selection->types[type] && type != ENTITY_VM && type != ENTITY_HOST)
            return error_set(error, ERROR_USAGE,
                             "--type %s: real-time samples exist for vm and host only",
                             entity_type_name((enum entity_type)type));
    return true;
}

static bool vsphere_collect(struct source *source, const struct selection *selection,
                            const struct source_events *events, struct error *error) {
    struct vsphere *vsphere = from_base(source);
    if (!check_selection(vsphere->session, selection, error) || !vsphere_catalog(source, error) ||
        (!vsphere->inventory && !vsphere_inventory(source, selection->types, error)))
        return false;
    struct query query = {
        .session = vsphere->session,
        .catalog = vsphere->catalog,
        .selection = selection,
        .events = events,
    };
    struct batch *batch = memory_alloc(sizeof *batch);
    bool good = true;
    for (size_t i = 0; good && i < vsphere->inventory->count; i++) {
        const struct entity *entity = vsphere->inventory->entities[i];
        if (!selection_has_entity(selection, entity))
            continue;
        if (has_data(entity))
            good = add(batch, &query, entity, error);
        else
            events->skipped(events->context, entity);
    }
    good = good && flush(batch, &query, error);
    for (size_t i = 0; i < batch->count; i++)
        available_done(&batch->items[i].available);
    free(batch);
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
    .help = "ESXi and vCenter",
    .schemes = schemes,
    .open = vsphere_open,
    .catalog = vsphere_catalog,
    .inventory = vsphere_inventory,
    .collect = vsphere_collect,
    .close = vsphere_close,
};
