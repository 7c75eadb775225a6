/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A lane is one target with its thread. The first lane writes to the sink as it goes; the series of
 * the others are spooled, and written when the lanes before them have ended.
 */
#include "command/collector.h"

#include <glib.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "command/names.h"
#include "command/progress.h"
#include "core/interrupt.h"
#include "core/memory.h"
#include "core/spool.h"

struct lane {
    struct collector *collector;
    const struct target *target;
    struct spool *spool; /* NULL in the first lane */
    struct coverage *coverage;
    size_t missing;
    GHashTable *skipped;        /* entities of the source's inventory */
    struct inventory *entities; /* those of the target, by type and name */
    struct inventory *measured; /* those that were asked for and could be measured */
    struct error error;
    struct source_options source; /* those of the command line, reporting to this lane */
    struct progress_lane progress;
    pthread_t thread;
};

void collector_init(struct collector *collector, const struct options *options,
                    struct output *output, struct sink *sink) {
    *collector = (struct collector){.options = options, .output = output, .sink = sink};
    collector->coverage = coverage_new();
    collector->entities = inventory_new();
}

void collector_done(struct collector *collector) {
    coverage_free(collector->coverage);
    inventory_free(collector->entities);
}

static bool write_series(void *context, const struct series *series, struct error *error) {
    struct collector *collector = context;
    if (interrupt_requested())
        return error_set(error, ERROR_INTERRUPTED, "interrupted");
    sink_write(collector->sink, series);
    return !collector->output || output_check(collector->output, error);
}

static void on_offered(void *context, const struct entity *entity, const struct counter *counter) {
    struct lane *lane = context;
    coverage_offered(lane->coverage, entity, counter);
}

static bool on_series(void *context, const struct series *series, struct error *error) {
    struct lane *lane = context;
    coverage_series(lane->coverage, series);
    progress_series(&lane->progress);
    return lane->spool ? spool_add(lane->spool, series, error)
                       : write_series(lane->collector, series, error);
}

static void on_skipped(void *context, const struct entity *entity) {
    struct lane *lane = context;
    g_hash_table_add(lane->skipped, (gpointer)entity);
    log_debug(&lane->collector->options->log, "%s: %s '%s' is %s: skipped", entity->source,
              entity_type_name(entity->type), entity->name, entity_state_name(entity->state));
}

static void on_missing(void *context, const struct entity *entity, const char *reason) {
    struct lane *lane = context;
    const struct log *log = &lane->collector->options->log;
    lane->missing++;
    if (entity)
        log_warn(log, "%s: %s '%s' (%s): %s", entity->source, entity_type_name(entity->type),
                 entity->name, entity->id, reason);
    else
        log_warn(log, "%s: %s", lane->target->text, reason);
}

static void keep_measured(struct lane *lane, const struct inventory *inventory) {
    const struct selection *selection = &lane->collector->options->selection;
    for (size_t i = 0; i < inventory->count; i++) {
        const struct entity *entity = inventory->entities[i];
        if (selection_has_entity(selection, entity) &&
            !g_hash_table_contains(lane->skipped, entity))
            inventory_add(lane->measured, entity);
    }
}

static bool collect_from(struct lane *lane, struct source *source) {
    const struct options *options = lane->collector->options;
    const struct selection *selection = &options->selection;
    struct error *error = &lane->error;
    const struct catalog *catalog = source->ops->catalog(source, error);
    /* Of several targets, each may lack what another one has. */
    if (!catalog ||
        (options->target_count == 1 && !selection_check_counters(selection, catalog, error)))
        return false;
    coverage_define(lane->coverage, catalog, selection);
    const struct inventory *inventory = source->ops->inventory(source, selection->types, error);
    if (!inventory)
        return false;
    names_keep(lane->entities, selection, inventory);
    const struct source_events events = {lane, on_offered, on_series, on_skipped, on_missing};
    if (!source->ops->collect(source, selection, &events, error))
        return false;
    if (lane->collector->sink->ops->entity)
        keep_measured(lane, inventory);
    return true;
}

/* A target that refuses what was asked for does not concern the others. */
static bool ends_run(const struct collector *collector, const struct error *error) {
    return error->kind == ERROR_OUTPUT || error->kind == ERROR_INTERRUPTED ||
           (error->kind == ERROR_USAGE && collector->options->target_count == 1);
}

static void *run_lane(void *argument) {
    struct lane *lane = argument;
    struct collector *collector = lane->collector;
    const struct source_ops *ops = source_ops_for(lane->target, &lane->error);
    struct source *source = ops ? ops->open(lane->target, &lane->source, &lane->error) : NULL;
    if (source) {
        collect_from(lane, source);
        ops->close(source);
    }
    if (ends_run(collector, &lane->error))
        interrupt_request(); /* the other lanes give up */
    else if (lane->error.kind != ERROR_NONE)
        log_error(&collector->options->log, "%s", lane->error.message);
    return NULL;
}

static void start_lane(struct lane *lane, struct collector *collector, size_t index,
                       struct progress *progress) {
    lane->collector = collector;
    lane->source = collector->options->source;
    lane->source.progress = progress_report;
    lane->source.progress_context = &lane->progress;
    lane->progress.progress = progress;
    lane->target = &collector->options->targets[index];
    lane->coverage = coverage_new();
    lane->skipped = g_hash_table_new(NULL, NULL);
    lane->entities = inventory_new();
    lane->measured = inventory_new();
    if (index > 0)
        lane->spool = spool_new(&lane->error);
    if (lane->error.kind == ERROR_NONE && pthread_create(&lane->thread, NULL, run_lane, lane) == 0)
        return;
    error_set(&lane->error, ERROR_OUTPUT, "no thread for %s: the system's limit is reached",
              lane->target->text);
    lane->thread = pthread_self();
}

/* Of the errors that end the run, the first target's; what another gave up for it counts less. */
static void keep_fatal(struct collector *collector, const struct error *error) {
    if (collector->fatal.kind == ERROR_NONE ||
        (collector->fatal.kind == ERROR_INTERRUPTED && error->kind != ERROR_INTERRUPTED))
        collector->fatal = *error;
}

static void lane_done(struct lane *lane) {
    coverage_free(lane->coverage);
    g_hash_table_destroy(lane->skipped);
    inventory_free(lane->entities);
    inventory_free(lane->measured);
    spool_free(lane->spool);
}

static void finish_lane(struct lane *lane, struct collector *collector) {
    if (!pthread_equal(lane->thread, pthread_self()))
        pthread_join(lane->thread, NULL);
    if (lane->spool && collector->fatal.kind == ERROR_NONE && !ends_run(collector, &lane->error) &&
        !spool_replay(lane->spool, write_series, collector, &lane->error))
        interrupt_request();
    if (ends_run(collector, &lane->error))
        keep_fatal(collector, &lane->error);
    else if (lane->error.kind != ERROR_NONE)
        collector->failed++;
    collector->misused += lane->error.kind == ERROR_USAGE;
    collector->missing += lane->missing;
    collector->skipped += g_hash_table_size(lane->skipped);
    for (size_t i = 0; i < lane->measured->count; i++)
        sink_entity(collector->sink, lane->measured->entities[i]);
    names_keep(collector->entities, &collector->options->selection, lane->entities);
    coverage_merge(collector->coverage, lane->coverage);
    lane_done(lane);
}

/* What can be told of a wrong selection only when all targets are known. */
static bool check_selection(struct collector *collector, struct error *error) {
    const struct globs *globs = &collector->options->selection.counters;
    if (collector->failed)
        return true;
    for (size_t i = 0; i < globs->count; i++)
        if (!globs->excludes[i] && !coverage_matches(collector->coverage, globs->patterns[i]))
            return error_set(error, ERROR_USAGE,
                             "no counter of any target matches '%s': see 'vperf counters'",
                             globs->patterns[i]);
    collector->unmatched = names_check(collector->options, collector->entities, error);
    return error->kind == ERROR_NONE;
}

void collector_run(struct collector *collector) {
    size_t count = collector->options->target_count;
    struct lane *lanes = memory_array(count, sizeof *lanes);
    struct progress progress;
    sigset_t signals, before;
    /* A lane may ask for a password: the signal has to reach the thread that waits for it. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    progress_init(&progress, &collector->options->log);
    for (size_t i = 0; i < count; i++)
        start_lane(&lanes[i], collector, i, &progress);
    pthread_sigmask(SIG_BLOCK, &signals, &before);
    for (size_t i = 0; i < count; i++)
        finish_lane(&lanes[i], collector);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    progress_done(&progress);
    free(lanes);
    if (collector->fatal.kind == ERROR_NONE && check_selection(collector, &collector->fatal) &&
        collector_status(collector) != STATUS_NOTHING)
        sink_end(collector->sink);
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
        return collector->unmatched || collector->account_lost ? STATUS_PARTIAL : STATUS_OK;
    if (collector->misused == collector->options->target_count)
        return STATUS_USAGE;
    return coverage_totals(collector->coverage).series > 0 ? STATUS_PARTIAL : STATUS_NOTHING;
}
