/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/rest/helper/forward.h"

#include "source/helper/message.h"
#include "source/rest/protocol.h"

enum { MESSAGE_BYTES = 1 << 16 };

void forward_init(struct forward *forward, struct stream *stream) {
    *forward = (struct forward){
        .stream = stream,
        .entities = g_hash_table_new(NULL, NULL),
        .counters = g_hash_table_new(g_str_hash, g_str_equal),
    };
}

void forward_done(struct forward *forward) {
    if (forward->bytes)
        message_free(forward->bytes);
    g_hash_table_destroy(forward->entities);
    g_hash_table_destroy(forward->counters);
}

void forward_inventory(struct forward *forward, const struct inventory *inventory) {
    g_hash_table_remove_all(forward->entities);
    for (size_t i = 0; i < inventory->count; i++)
        g_hash_table_insert(forward->entities, inventory->entities[i], GSIZE_TO_POINTER(i + 1));
}

void forward_catalog(struct forward *forward, const struct catalog *catalog) {
    g_hash_table_remove_all(forward->counters);
    for (size_t i = 0; i < catalog_size(catalog); i++)
        g_hash_table_insert(forward->counters, (char *)catalog_at(catalog, i)->name,
                            GSIZE_TO_POINTER(i + 1));
}

bool forward_flush(struct forward *forward) {
    if (forward->bytes) {
        message_end(forward->bytes);
        forward->broken = forward->broken || !stream_send(forward->stream, forward->bytes, true);
        message_free(forward->bytes);
        forward->bytes = NULL;
    }
    return !forward->broken;
}

static GByteArray *begin(struct forward *forward, enum rest_event event) {
    if (forward->bytes && forward->bytes->len > MESSAGE_BYTES)
        forward_flush(forward);
    if (!forward->bytes)
        forward->bytes = message_new(MESSAGE_EVENT);
    record_add_number(forward->bytes, event);
    return forward->bytes;
}

static void add_entity(struct forward *forward, const struct entity *entity) {
    size_t place = GPOINTER_TO_SIZE(g_hash_table_lookup(forward->entities, entity));
    int64_t number = entity ? REST_ENTITY_OTHER : REST_ENTITY_NONE;
    record_add_number(forward->bytes, place ? (int64_t)place - 1 : number);
    if (entity && !place)
        message_add_entity(forward->bytes, entity);
}

/* A counter that the catalogue lacks is a fault of the source; vperf finds no such number. */
static void add_counter(struct forward *forward, const struct counter *counter) {
    size_t place = GPOINTER_TO_SIZE(g_hash_table_lookup(forward->counters, counter->name));
    record_add_number(forward->bytes, (int64_t)place - 1);
}

static void on_offered(void *context, const struct entity *entity, const struct counter *counter) {
    begin(context, REST_OFFERED);
    add_entity(context, entity);
    add_counter(context, counter);
}

static bool on_series(void *context, const struct series *series, struct error *error) {
    struct forward *forward = context;
    GByteArray *bytes = begin(forward, REST_SERIES);
    add_entity(forward, series->entity);
    add_counter(forward, series->counter);
    record_add_text(bytes, series->instance);
    record_add_number(bytes, series->interval);
    record_add_number(bytes, (series->continues ? REST_CONTINUES : 0) |
                                 (series->late ? REST_LATE : 0) | (series->fills ? REST_FILLS : 0) |
                                 (series->partial ? REST_PARTIAL : 0));
    record_add_number(bytes, (int64_t)series->count);
    for (size_t i = 0; i < series->count; i++) {
        record_add_number(bytes, series->samples[i].time);
        record_add_number(bytes, series->samples[i].value);
    }
    return !forward->broken || error_set(error, ERROR_OUTPUT, "nobody reads the samples");
}

static void on_skipped(void *context, const struct entity *entity) {
    begin(context, REST_SKIPPED);
    add_entity(context, entity);
}

static void on_missing(void *context, const struct entity *entity, const char *reason) {
    GByteArray *bytes = begin(context, REST_MISSING);
    add_entity(context, entity);
    record_add_text(bytes, reason);
}

static void on_absent(void *context, const struct absence *absence) {
    GByteArray *bytes = begin(context, REST_ABSENT);
    record_add_number(bytes, (int64_t)absence->count);
    for (size_t i = 0; i < absence->count; i++)
        add_entity(context, absence->entities[i]);
    record_add_number(bytes, (int64_t)absence->asked);
    record_add_text(bytes, absence->reason);
}

static void on_omitted(void *context, enum entity_type type, const struct counter *counter,
                       enum omission why) {
    GByteArray *bytes = begin(context, REST_OMITTED);
    record_add_number(bytes, type);
    add_counter(context, counter);
    record_add_number(bytes, why);
}

static void on_arrived(void *context, const struct entity *entity) {
    begin(context, REST_ARRIVED);
    add_entity(context, entity);
}

static void on_ended(void *context, const struct entity *entity, const char *reason) {
    GByteArray *bytes = begin(context, REST_ENDED);
    add_entity(context, entity);
    record_add_text(bytes, reason);
}

static void on_idle(void *context) {
    begin(context, REST_IDLE);
}

static void on_lacking(void *context, const char *reason) {
    record_add_text(begin(context, REST_LACKING), reason);
}

static void on_progress(void *context, int done, int total) {
    GByteArray *bytes = begin(context, REST_PROGRESS);
    record_add_number(bytes, done);
    record_add_number(bytes, total);
    forward_flush(context);
}

static void on_renewed(void *context, const struct inventory *inventory) {
    inventory_write(begin(context, REST_RENEWED), inventory);
    forward_inventory(context, inventory);
}

struct source_events forward_events(struct forward *forward) {
    return (struct source_events){
        .context = forward,
        .offered = on_offered,
        .series = on_series,
        .skipped = on_skipped,
        .missing = on_missing,
        .absent = on_absent,
        .omitted = on_omitted,
        .arrived = on_arrived,
        .ended = on_ended,
        .idle = on_idle,
        .lacking = on_lacking,
        .progress = on_progress,
        .renewed = on_renewed,
    };
}
