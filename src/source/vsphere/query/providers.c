/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* QueryPerfProviderSummary. */
#include "source/vsphere/query/providers.h"

#include "source/vsphere/inventory/entities.h"
#include "source/vsphere/session/session.h"

/* What refuses to answer, or has just been deleted, says nothing of its like. */
enum { MAX_ASKED = 3 };

static bool ask(struct channel *channel, const struct entity *entity, bool *live,
                struct error *error) {
    struct vim25__ManagedObjectReference manager =
        session_reference(&channel->session->performance_manager);
    struct vim25__ManagedObjectReference object = {.type = (char *)entities_managed_type(entity),
                                                   .__item = (char *)entity->id};
    struct vim25__QueryPerfProviderSummaryRequestType request = {&manager, &object};
    struct _vim25__QueryPerfProviderSummaryResponse response = {0};
    if (!CALL(channel, QueryPerfProviderSummary, &request, &response, error))
        return false;
    *live = response.returnval && response.returnval->currentSupported;
    return true;
}

static bool ask_type(struct channel *channel, const struct inventory *inventory,
                     const struct selection *selection, enum entity_type type, bool *live,
                     struct error *error) {
    int asked = 0;
    for (size_t i = 0; i < inventory->count && !*live && asked < MAX_ASKED; i++) {
        const struct entity *entity = inventory->entities[i];
        if (entity->type != type || !selection_has_entity(selection, entity))
            continue;
        asked++;
        if (ask(channel, entity, live, error))
            break;
        if (error->kind != ERROR_FAULT)
            return false;
        error_clear(error);
    }
    *live = *live || !asked;
    return true;
}

/* False when nothing can be had of the type; else only what properties say of it. */
static bool leave_to_readings(struct channel *channel, const struct readings *readings,
                              const struct selection *selection, enum entity_type type,
                              struct error *error) {
    const char *name = entity_type_name(type), *paths[READINGS_PATHS];
    size_t count = readings_paths(readings, type, paths);
    if (selection->types_by_default)
        return true;
    if (!count)
        return error_set(error, ERROR_USAGE,
                         "--type %s: has no real-time samples: give --interval 300 or longer",
                         name);
    report(channel->session->reporter, REPORT_WARNING,
           "%s: --type %s: the server's counters have no real-time samples: give --interval 300 or "
           "longer for them; those made of properties come",
           channel->session->label, name);
    return true;
}

bool providers_check(struct channel *channel, const struct inventory *inventory,
                     const struct selection *selection, const struct readings *readings,
                     bool still[ENTITY_TYPES], struct error *error) {
    for (int i = 0; i < ENTITY_TYPES; i++) {
        enum entity_type type = (enum entity_type)i;
        bool live = type == ENTITY_VM || type == ENTITY_HOST;
        if (!selection->types[i] || live)
            continue;
        if (!ask_type(channel, inventory, selection, type, &live, error) ||
            (!live && !leave_to_readings(channel, readings, selection, type, error)))
            return false;
        still[i] = !live;
    }
    return true;
}
