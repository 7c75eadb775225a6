/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What --name asks for and no target has. */
#include "command/names.h"

void names_keep(struct inventory *entities, const struct selection *selection,
                const struct inventory *inventory) {
    for (size_t i = 0; i < inventory->count; i++) {
        const struct entity *entity = inventory->entities[i];
        if (!selection->types[entity->type])
            continue;
        inventory_add(entities, &(struct entity){.type = entity->type,
                                                 .name = entity->name,
                                                 .id = entity->id,
                                                 .uuid = entity->uuid,
                                                 .title = entity->title,
                                                 .folder = entity->folder});
        if (!selection->names.count)
            return;
    }
}

static bool any_selected(const struct selection *selection, const struct inventory *entities) {
    for (size_t i = 0; i < entities->count; i++)
        if (selection_means_entity(selection, entities->entities[i]))
            return true;
    return false;
}

/* What all targets are asked for; a type that one of them has for itself is looked at too. */
static struct selection shared_selection(const struct options *options) {
    struct selection shared = options->selection;
    for (size_t i = 0; i < options->target_count; i++) {
        const struct selection selection = options_selection(options, i);
        for (size_t type = 0; type < ENTITY_TYPES; type++)
            shared.types[type] |= selection.types[type];
    }
    return shared;
}

size_t names_check(const struct options *options, const struct inventory *entities,
                   struct error *error) {
    const struct selection shared = shared_selection(options), *selection = &shared;
    bool any = any_selected(selection, entities);
    size_t unmatched = 0;
    for (size_t i = 0; i < selection->names.count; i++) {
        struct error missing = {0};
        if (selection_check_name(selection, i, entities, any ? &missing : error))
            continue;
        unmatched++;
        if (any)
            log_warn(&options->log, "%s", missing.message);
    }
    if (!any && !selection->names.count)
        log_info(&options->log, "there is nothing of the chosen types");
    else if (!any)
        error_set(error, ERROR_USAGE,
                  "no entity matches --type and --name: 'vperf inventory' shows all");
    return unmatched;
}
