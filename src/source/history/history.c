/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A history file as a source: what was recorded, as the recorded source would have given it. */
#include "source/history/history.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/value.h"
#include "history/span.h"
#include "source/history/forward.h"
#include "source/history/traits.h"

enum { TAIL_SECONDS = 1, GONE_SECONDS = 3600 };

static const int64_t second_ns = 1000000000;

extern const struct source_ops history_source;

static struct history *from_base(struct source *source) {
    return (struct history *)(void *)source;
}

static struct source *history_open(const struct target *target,
                                   const struct source_options *options, struct error *error) {
    struct reader *reader = reader_open(target->path, error);
    if (!reader)
        return NULL;
    struct history *history = memory_alloc(sizeof *history);
    history->base.ops = &history_source;
    history->options = *options;
    history->reader = reader;
    reader_set_labels(reader, options->labels);
    history->label = memory_strdup(target->text);
    if (!options->resume || forward_begin(history, error))
        return &history->base;
    history_source.close(&history->base);
    return NULL;
}

static struct catalog *history_catalog(struct source *source, struct error *error) {
    (void)error;
    return from_base(source)->reader->catalog;
}

/* At a time, what had a sample not long before, or was known to be off. */
static bool was_there(const struct history *history, const struct reader_entity *entity,
                      int64_t time) {
    int64_t newest = MIN(history->reader->newest, time);
    const struct reader_context *context = &entity->contexts[reader_context(entity, time)];
    if (context->since > time)
        return false;
    return context->entity->state != STATE_ON || entity->newest + GONE_SECONDS > newest;
}

/* Datastores also when others' counters have instances by their volumes. */
static bool is_wanted(const struct selection *selection, enum entity_type type) {
    return selection->types[type] ||
           (type == ENTITY_DATASTORE && selection->context & CONTEXT_VOLUMES);
}

/* The number of entities that were there at a time, or of all without one, wanted or not. */
static size_t fill(const struct history *history, const struct selection *selection, int64_t at) {
    size_t there = 0;
    for (size_t i = 0; i < history->reader->count; i++) {
        const struct reader_entity *entity = history->reader->entities[i];
        if (at && !was_there(history, entity, at))
            continue;
        there++;
        if (!is_wanted(selection, reader_present(entity)->type))
            continue;
        size_t context = at ? reader_context(entity, at) : entity->context_count - 1;
        inventory_add(history->inventory, entity->contexts[context].entity);
    }
    inventory_sort(history->inventory);
    return there;
}

/* The chosen moment; 0: none. */
static int64_t moment(const struct history *history) {
    int64_t at = history->options.at;
    bool from_newest = history->options.at_relative && history->reader->newest != INT64_MIN;
    return from_newest ? at + history->reader->newest : at;
}

static void tell_nothing(const struct history *history, int64_t at, struct error *error) {
    char text[TIME_TEXT_SIZE];
    if (history->reader->newest == INT64_MIN) {
        error_set(error, ERROR_FAULT, "'%s' holds no samples", history->label);
        return;
    }
    time_text(text, MIN(at, history->reader->newest));
    error_set(error, ERROR_FAULT, "'%s' knows of nothing that was there at %s", history->label,
              text);
}

static struct inventory *history_inventory(struct source *source, const struct selection *selection,
                                           struct error *error) {
    struct history *history = from_base(source);
    if (!reader_begin(history->reader, error))
        return NULL;
    inventory_free(history->inventory);
    history->inventory = inventory_new();
    int64_t at = moment(history);
    size_t there = fill(history, selection, at);
    reader_end(history->reader);
    if (at && !there)
        tell_nothing(history, at, error);
    return at && !there ? NULL : history->inventory;
}

/* The present of a history is its newest sample. */
static bool history_now(struct source *source, int64_t *seconds, struct error *error) {
    struct history *history = from_base(source);
    if (!reader_begin(history->reader, error))
        return false;
    reader_end(history->reader);
    *seconds = history->reader->newest;
    return *seconds != INT64_MIN ||
           error_set(error, ERROR_FAULT, "'%s' holds no samples", history->label);
}

/* The span of its samples. */
static bool history_about(struct source *source, struct source_about *about, struct error *error) {
    static const char sql[] = "SELECT min(begin), (SELECT max(newest * interval) FROM mark WHERE "
                              "newest * interval <= ?) FROM (" SPAN_BEGINS ")";
    char begin[TIME_TEXT_SIZE], end[TIME_TEXT_SIZE];
    int64_t newest = 0;
    if (!history_now(source, &newest, error))
        return false;
    struct database *database = from_base(source)->reader->database;
    sqlite3_stmt *row = database_query(database, error, sql, "i", newest);
    if (!database_next(database, row, error))
        return false;
    time_text(begin, sqlite3_column_int64(row, 0));
    time_text(end, sqlite3_column_int64(row, 1));
    sqlite3_reset(row);
    about->version = memory_printf("history of %s to %s", begin, end);
    return true;
}

/* A file that is to come is looked for as often as rounds are. */
static struct due history_due(struct source *source, int32_t interval) {
    const struct history *history = from_base(source);
    int64_t pause_ns = history->hurries ? 0 : TAIL_SECONDS * second_ns;
    int64_t period_ns = (history->gone ? TAIL_SECONDS : interval) * second_ns;
    return (struct due){clock_boot_ns() + pause_ns, period_ns};
}

/*
 * Another file of that path is read from its first round on; what the earlier one got after the
 * last look is not read: its write-ahead log may be another's by now.
 */
static bool follow_path(struct history *history, struct error *error) {
    struct error failed = {0};
    bool told = history->gone;
    history->gone = reader_is_gone(history->reader);
    if (!history->gone)
        return true;
    if (!reader_open_again(history->reader, &failed))
        return error_set(error, ERROR_CONNECT, "'%s' was removed or replaced: %s", history->label,
                         failed.message);
    history->gone = false;
    history->last_round = 0;
    history->position.round = 0;
    if (!history->options.resume)
        position_done(&history->position);
    return told || error_set(error, ERROR_CONNECT,
                             "'%s' was removed or replaced: the file of that name is read from "
                             "its first round on",
                             history->label);
}

static bool history_round(struct source *source, const struct selection *selection,
                          const struct window *window, const struct source_events *events,
                          struct error *error) {
    struct visit visit = {from_base(source), selection, window, events, INT64_MIN};
    return follow_path(visit.history, error) && visit_run(&visit, error);
}

static void history_close(struct source *source) {
    if (!source)
        return;
    struct history *history = from_base(source);
    reader_close(history->reader);
    position_done(&history->position);
    inventory_free(history->inventory);
    free(history->label);
    free(history);
}

const struct source_ops history_source = {
    HISTORY_TRAITS,
    .open = history_open,
    .catalog = history_catalog,
    .inventory = history_inventory,
    .about = history_about,
    .now = history_now,
    .due = history_due,
    .round = history_round,
    .close = history_close,
};
