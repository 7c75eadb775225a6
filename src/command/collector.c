/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Sources tell what they find; the collector counts it and passes the series on. */
#include "command/collector.h"

#include "core/interrupt.h"

static void on_offered(void *context, const struct entity *entity, const struct counter *counter) {
    struct collector *collector = context;
    coverage_offered(collector->coverage, entity, counter);
}

void collector_begin(struct collector *collector) {
    if (!collector->begun)
        collector->sink->ops->begin(collector->sink);
    collector->begun = true;
}

static bool on_series(void *context, const struct series *series, struct error *error) {
    struct collector *collector = context;
    if (interrupt_requested())
        return error_set(error, ERROR_INTERRUPTED, "interrupted");
    coverage_series(collector->coverage, series);
    collector_begin(collector);
    collector->sink->ops->write(collector->sink, series);
    return output_check(collector->output, error);
}

static void on_skipped(void *context, const struct entity *entity) {
    struct collector *collector = context;
    collector->skipped++;
    log_debug(&collector->options->log, "%s: %s '%s' is %s: skipped", entity->source,
              entity_type_name(entity->type), entity->name, entity_state_name(entity->state));
}

static void on_missing(void *context, const struct entity *entity, const char *reason) {
    struct collector *collector = context;
    collector->missing++;
    if (entity)
        log_warn(&collector->options->log, "%s: %s '%s' (%s): %s", entity->source,
                 entity_type_name(entity->type), entity->name, entity->id, reason);
    else
        log_warn(&collector->options->log, "%s", reason);
}

static bool any_entity(const struct inventory *inventory, const struct selection *selection) {
    for (size_t i = 0; i < inventory->count; i++)
        if (selection_has_entity(selection, inventory->entities[i]))
            return true;
    return false;
}

static bool collect_from(struct collector *collector, struct source *source, struct error *error) {
    const struct selection *selection = &collector->options->selection;
    const struct catalog *catalog = source->ops->catalog(source, error);
    if (!catalog || !selection_check_counters(selection, catalog, error))
        return false;
    coverage_define(collector->coverage, catalog, selection);
    const struct inventory *inventory = source->ops->inventory(source, selection->types, error);
    if (!inventory)
        return false;
    if (any_entity(inventory, selection))
        collector->matched++;
    const struct source_events events = {collector, on_offered, on_series, on_skipped, on_missing};
    return source->ops->collect(source, selection, &events, error);
}

static bool ends_run(const struct error *error) {
    return error->kind == ERROR_OUTPUT || error->kind == ERROR_INTERRUPTED ||
           error->kind == ERROR_USAGE;
}

bool collector_target(struct collector *collector, const struct target *target) {
    struct error error = {0};
    const struct source_ops *ops = source_ops_for(target, &error);
    struct source *source = ops ? ops->open(target, &collector->options->source, &error) : NULL;
    bool collected = source && collect_from(collector, source, &error);
    if (source)
        ops->close(source);
    if (collected)
        return true;
    if (ends_run(&error)) {
        collector->fatal = error;
        return false;
    }
    collector->failed++;
    log_error(&collector->options->log, "%s", error.message);
    return true;
}

int collector_error_status(const struct error *error) {
    if (error->kind == ERROR_USAGE)
        return STATUS_USAGE;
    return error->kind == ERROR_INTERRUPTED ? STATUS_INTERRUPTED : STATUS_NOTHING;
}

int collector_status(const struct collector *collector) {
    if (collector->fatal.kind != ERROR_NONE)
        return collector_error_status(&collector->fatal);
    if (collector->failed == 0 && collector->missing == 0)
        return STATUS_OK;
    return coverage_totals(collector->coverage).series > 0 ? STATUS_PARTIAL : STATUS_NOTHING;
}
