/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/offered.h"

#include <stdlib.h>

#include "core/memory.h"

enum { POLL_SECONDS = 1 };

struct reader {
    GHashTable *counts;
    const struct offered_request *request;
};

static void on_offered(void *context, const struct entity *entity, const struct counter *counter) {
    struct reader *reader = context;
    struct offered *offered = g_hash_table_lookup(reader->counts, counter->name);
    if (!offered) {
        offered = memory_alloc(sizeof *offered);
        g_hash_table_insert(reader->counts, memory_strdup(counter->name), offered);
    }
    offered->guests += entity->type == ENTITY_VM;
    offered->hosts += entity->type == ENTITY_HOST;
}

static bool on_series(void *context, const struct series *series, struct error *error) {
    (void)context, (void)series, (void)error;
    return true;
}

static void on_missing(void *context, const struct entity *entity, const char *reason) {
    const struct offered_request *request = ((struct reader *)context)->request;
    (void)entity;
    request->missing(request->context, reason);
}

static void on_absent(void *context, const struct absence *absence) {
    const struct offered_request *request = ((struct reader *)context)->request;
    if (request->absent)
        request->absent(request->context, absence);
}

static void ignore_lack(void *context, const char *reason) {
    (void)context, (void)reason;
}

static void ignore_omission(void *context, enum entity_type type, const struct counter *counter,
                            enum omission why) {
    (void)context, (void)type, (void)counter, (void)why;
}

static void ignore_entity(void *context, const struct entity *entity) {
    (void)context, (void)entity;
}

static void ignore_end(void *context, const struct entity *entity, const char *reason) {
    (void)context, (void)entity, (void)reason;
}

static void ignore_idle(void *context) {
    (void)context;
}

static void ignore_progress(void *context, int done, int total) {
    (void)context, (void)done, (void)total;
}

/* The first poll of a source without a past gives no values: what needs two is offered later. */
static bool read_rounds(struct source *source, struct reader *reader, struct error *error) {
    const struct selection *selection = reader->request->selection;
    const struct source_ops *ops = source->ops;
    const struct source_events events = {
        .context = reader,
        .offered = on_offered,
        .series = on_series,
        .skipped = ignore_entity,
        .missing = on_missing,
        .absent = on_absent,
        .lacking = ignore_lack,
        .omitted = ignore_omission,
        .arrived = ignore_entity,
        .ended = ignore_end,
        .idle = ignore_idle,
        .progress = ignore_progress,
    };
    struct window window = {.interval = ops->keeps_samples ? REAL_TIME_SECONDS : POLL_SECONDS,
                            .newest = 1};
    struct cancel cancel;
    cancel_init(&cancel, NULL);
    if (!ops->round(source, selection, &window, &events, error))
        return false;
    if (ops->keeps_samples)
        return true;
    if (!cancel_wait(&cancel, ops->due(source, window.interval).at_ns))
        return error_set(error, ERROR_INTERRUPTED, "interrupted");
    return ops->round(source, selection, &window, &events, error);
}

GHashTable *offered_read(struct source *source, struct offered_request *request,
                         struct error *error) {
    GHashTable *counts = g_hash_table_new_full(g_str_hash, g_str_equal, free, free);
    struct reader reader = {counts, request};
    request->inventory = source->ops->inventory(source, request->selection, error);
    if (request->inventory && read_rounds(source, &reader, error))
        return counts;
    g_hash_table_destroy(counts);
    return NULL;
}
