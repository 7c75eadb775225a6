/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/lane_events.h"

#include <inttypes.h>
#include <stdlib.h>

#include "command/lane_sink.h"
#include "core/memory.h"

/* Borrowed until the next call. */
static const char *key_of(const struct lane *lane, const struct entity *entity) {
    entity_key(entity, lane->key);
    return lane->key->str;
}

static bool add_key(const struct lane *lane, GHashTable *keys, const struct entity *entity) {
    return g_hash_table_add(keys, memory_strdup(key_of(lane, entity)));
}

static bool is_skipped(const struct lane *lane, const struct entity *entity) {
    return g_hash_table_contains(lane->skipped, key_of(lane, entity));
}

bool lane_measured(const struct lane *lane, const struct entity *entity) {
    return lane->error.kind == ERROR_NONE && !is_skipped(lane, entity);
}

bool lane_skipped(const struct lane *lane, const struct entity *entity) {
    return lane->error.kind == ERROR_NONE && is_skipped(lane, entity);
}

static void on_offered(void *context, const struct entity *entity, const struct counter *counter) {
    struct lane *lane = context;
    coverage_offered(lane->coverage, entity, counter);
    if (lane->awaited)
        add_key(lane, lane->awaited, entity);
}

static bool on_series(void *context, const struct series *series, struct error *error) {
    struct lane *lane = context;
    coverage_series(lane->coverage, series);
    progress_series(&lane->progress);
    if (lane->awaited)
        g_hash_table_remove(lane->awaited, key_of(lane, series->entity));
    if (cancel_requested(&lane->cancel))
        return error_set(error, ERROR_INTERRUPTED, "interrupted");
    lane->torn = true;
    lane->partial = lane->partial || series->partial;
    return lane->spool ? spool_add(lane->spool, series, error)
                       : run_write_of(lane->run, lane->number, series, error);
}

static void on_skipped(void *context, const struct entity *entity) {
    struct lane *lane = context;
    lane_event(lane, SINK_PRESENT, entity, NULL);
    /* An endless run would keep those that have long gone. */
    if (lane->options->timing.follow || add_key(lane, lane->skipped, entity))
        log_debug(&lane->options->log, "%s: %s '%s' is %s: skipped", entity->source,
                  entity_type_name(entity->type), entity->name, entity_state_name(entity->state));
}

static void on_missing(void *context, const struct entity *entity, const char *reason) {
    struct lane *lane = context;
    messages_missing(lane->messages, entity, reason);
    lane_event(lane, SINK_MISSING, entity, reason);
    if (lane->awaited && entity)
        g_hash_table_remove(lane->awaited, key_of(lane, entity));
}

static void on_lacking(void *context, const char *reason) {
    struct lane *lane = context;
    messages_missing(lane->messages, NULL, reason);
}

static void on_omitted(void *context, enum entity_type type, const struct counter *counter,
                       enum omission why) {
    struct lane *lane = context;
    coverage_omitted(lane->coverage, type, counter, why);
}

static bool is_awaited(const struct lane *lane, const struct entity *entity) {
    return lane->awaited && g_hash_table_contains(lane->awaited, key_of(lane, entity));
}

/* Those whose sample is awaited are absent when it is awaited no longer. */
static void on_absent(void *context, const struct absence *absence) {
    struct lane *lane = context;
    struct absence left = *absence;
    const struct entity **entities = memory_array(absence->count + 1, sizeof *entities);
    left.entities = entities;
    left.count = 0;
    for (size_t i = 0; i < absence->count; i++)
        if (!lane->patient || !is_awaited(lane, absence->entities[i]))
            entities[left.count++] = absence->entities[i];
    messages_absent(lane->messages, &left);
    for (size_t i = 0; i < left.count; i++)
        lane_event(lane, SINK_MISSING, entities[i], left.reason);
    free(entities);
}

static void on_arrived(void *context, const struct entity *entity) {
    struct lane *lane = context;
    g_hash_table_remove(lane->skipped, key_of(lane, entity));
    lane_event(lane, SINK_ARRIVED, entity, NULL);
    log_info(&lane->options->log, "%s: %s '%s' (%s) has arrived", entity->source,
             entity_type_name(entity->type), entity->name, entity->id);
}

static void on_ended(void *context, const struct entity *entity, const char *reason) {
    struct lane *lane = context;
    lane_event(lane, SINK_ENDED, entity, reason);
    log_info(&lane->options->log, "%s: %s '%s' (%s): %s", entity->source,
             entity_type_name(entity->type), entity->name, entity->id, reason);
}

static void on_idle(void *context) {
    struct lane *lane = context;
    lane->idle = true;
}

static void on_progress(void *context, int done, int total) {
    struct lane *lane = context;
    if (!lane->many)
        progress_report(&lane->progress, done, total);
}

static void on_renewed(void *context, const struct inventory *inventory) {
    lane_know(context, inventory);
}

/* Not a loss: the values are right, and their times are those of the new clock. */
static void on_set_back(void *context, int64_t seconds) {
    struct lane *lane = context;
    char *text = memory_printf(
        "the clock was set back by %" PRId64 " s: times of samples before may come again", seconds);
    log_warn(&lane->options->log, "%s: %s", lane->target->text, text);
    lane_event(lane, SINK_CLOCK, NULL, text);
    free(text);
}

struct source_events lane_events(struct lane *lane) {
    return (struct source_events){
        .context = lane,
        .offered = on_offered,
        .series = on_series,
        .skipped = on_skipped,
        .missing = on_missing,
        .absent = on_absent,
        .lacking = on_lacking,
        .omitted = on_omitted,
        .arrived = on_arrived,
        .ended = on_ended,
        .idle = on_idle,
        .progress = on_progress,
        .renewed = on_renewed,
        .set_back = on_set_back,
    };
}
