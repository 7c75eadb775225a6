/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* vperf inventory: what can be measured. */
#include "command/listing.h"
#include "command/names.h"

const struct options_spec inventory_spec = {
    .command = "inventory",
    .arguments = "TARGET...",
    .summary = "List the hosts and guests of all targets, those that are powered off as well.",
    .notes = "Formats: csv, table (default: table on a terminal, else csv). A terminal's table is\n"
             "cut to its width.\n\n"
             "Examples:\n"
             "  vperf inventory root@esx01.example.com\n"
             "  vperf inventory --type vm --name 'web-*' --format csv vc01.example.com",
    .groups = OPTIONS_LISTED | OPTIONS_MOMENT | OPTIONS_OUTPUT | OPTIONS_TARGETS,
};

static bool has_attributes(const struct options *options) {
    return options->selection.context & CONTEXT_ATTRIBUTES;
}

/* What people look for stands first: a narrow terminal shows the beginning. */
static const struct records_column columns[] = {
    {"type", false},       {"name", false},      {"state", false},      {"cpus", true},
    {"memory_kib", true},  {"host", false},      {"guest_ip", false},   {"guest_host", false},
    {"guest_os", false},   {"title", false},     {"reason", false},     {"path", false},
    {"datacenter", false}, {"cluster", false},   {"pool", false},       {"datastores", false},
    {"id", false},         {"uuid", false},      {"url", false},        {"threads", true},
    {"cpu_mhz", true},     {"cpu_model", false}, {"hypervisor", false}, {"source", false},
    {"attributes", false}, {"tags", false},
};

enum { ATTRIBUTE_COLUMNS = 2 };

static void list_path(const struct entity *entity, struct records *records) {
    GString *path = g_string_new(NULL);
    entity_path(entity, path);
    records_text(records, path->str);
    g_string_free(path, TRUE);
}

static void list_entity(const struct entity *entity, bool attributes, struct records *records) {
    records_text(records, entity_type_name(entity->type));
    records_text(records, entity->name);
    records_text(records, entity_state_text(entity));
    records_number(records, entity->cpus, true);
    records_number(records, entity->memory_kib, true);
    records_text(records, entity->host);
    records_text(records, entity->guest_ip);
    records_text(records, entity->guest_host);
    records_text(records, entity->guest_os);
    records_text(records, entity->title);
    records_text(records, entity->reason);
    list_path(entity, records);
    records_text(records, entity->datacenter);
    records_text(records, entity->cluster);
    records_text(records, entity->pool);
    records_text(records, entity->datastores);
    records_text(records, entity->id);
    records_text(records, entity->uuid);
    records_text(records, entity->url);
    records_number(records, entity->threads, true);
    records_number(records, entity->cpu_mhz, true);
    records_text(records, entity->cpu_model);
    records_text(records, entity->hypervisor);
    records_text(records, entity->source);
    if (!attributes)
        return;
    records_text(records, entity->attributes);
    records_text(records, entity->tags);
}

static bool list(const struct listing_run *run, struct source *source, struct error *error) {
    const struct selection *selection = run->selection;
    struct selection whole = *selection;
    whole.context |= CONTEXT_PLACE | CONTEXT_DETAILS | CONTEXT_LISTED;
    const struct inventory *inventory = source->ops->inventory(source, &whole, error);
    if (!inventory)
        return false;
    if (inventory->lost) {
        log_warn(&run->options->log, "%s: %s", run->target->text, inventory->lost);
        ++*run->missing;
    }
    names_keep(run->entities, selection, inventory);
    for (size_t i = 0; i < inventory->count; i++)
        if (selection_has_entity(selection, inventory->entities[i]))
            list_entity(inventory->entities[i], has_attributes(run->options), run->records);
    return true;
}

static const struct records_column *list_columns(const struct options *options,
                                                 enum records_format format, size_t *count) {
    (void)format;
    *count = sizeof columns / sizeof *columns - (has_attributes(options) ? 0 : ATTRIBUTE_COLUMNS);
    return columns;
}

int inventory_run(int argc, char **argv) {
    static const struct listing listing = {&inventory_spec, list_columns, list};
    return listing_run(&listing, argc, argv);
}
