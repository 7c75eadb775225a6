/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/rest/replay.h"

#include <stdlib.h>

#include "core/memory.h"
#include "source/helper/message.h"
#include "source/rest/protocol.h"

enum { SAMPLE_LEAST = 2 * RECORD_NUMBER };

/* An entity of an event; other is the place for one that is in no inventory. */
static const struct entity *read_entity(const struct replay *replay, struct record *record,
                                        struct entity *other) {
    int64_t number = record_number(record);
    if (number == REST_ENTITY_NONE)
        return NULL;
    if (number == REST_ENTITY_OTHER) {
        *other = message_entity(record);
        other->source = replay->source;
        return other;
    }
    if (number >= 0 && (uint64_t)number < replay->inventory->count)
        return replay->inventory->entities[number];
    record->damaged = true;
    return NULL;
}

static const struct counter *read_counter(const struct replay *replay, struct record *record) {
    int64_t number = record_number(record);
    if (number >= 0 && (uint64_t)number < replay->counter_count)
        return replay->counters[number];
    record->damaged = true;
    return NULL;
}

static const char *read_reason(struct record *record) {
    const char *reason = record_text(record);
    return reason ? reason : "no reason is known";
}

static void read_samples(struct record *record, struct sample *samples, size_t count) {
    for (size_t i = 0; i < count; i++) {
        samples[i].time = record_number(record);
        samples[i].value = record_number(record);
    }
}

static bool replay_series(const struct replay *replay, struct record *record, struct error *error) {
    struct entity other;
    struct series series = {
        .entity = read_entity(replay, record, &other),
        .counter = read_counter(replay, record),
        .instance = record_text(record),
        .interval = (int32_t)record_number(record),
    };
    int64_t flags = record_number(record);
    series.continues = flags & REST_CONTINUES;
    series.late = flags & REST_LATE;
    series.fills = flags & REST_FILLS;
    series.partial = flags & REST_PARTIAL;
    series.count = record_count(record, SAMPLE_LEAST);
    record->damaged = record->damaged || !series.entity || !series.instance;
    if (record->damaged)
        return true;
    struct sample *samples = memory_array(series.count, sizeof *samples);
    read_samples(record, samples, series.count);
    series.samples = samples;
    bool good = record->damaged || replay->events->series(replay->events->context, &series, error);
    free(samples);
    return good;
}

static void replay_offered(const struct replay *replay, struct record *record) {
    struct entity other;
    const struct entity *entity = read_entity(replay, record, &other);
    const struct counter *counter = read_counter(replay, record);
    if (entity && counter)
        replay->events->offered(replay->events->context, entity, counter);
}

static void replay_absent(const struct replay *replay, struct record *record) {
    struct absence absence = {.count = record_count(record, RECORD_NUMBER)};
    const struct entity **entities = memory_array(absence.count, sizeof *entities);
    struct entity other;
    size_t known = 0;
    for (size_t i = 0; i < absence.count && !record->damaged; i++) {
        const struct entity *entity = read_entity(replay, record, &other);
        if (entity && entity != &other)
            entities[known++] = entity;
    }
    absence.count = known;
    absence.entities = entities;
    absence.asked = (size_t)record_number(record);
    absence.reason = read_reason(record);
    if (!record->damaged && known)
        replay->events->absent(replay->events->context, &absence);
    free(entities);
}

static void replay_omitted(const struct replay *replay, struct record *record) {
    int64_t type = record_number(record);
    const struct counter *counter = read_counter(replay, record);
    int64_t why = record_number(record);
    if (type < 0 || type >= ENTITY_TYPES || why < OMISSION_NONE || why > OMISSION_REFUSED)
        record->damaged = true;
    if (!record->damaged)
        replay->events->omitted(replay->events->context, (enum entity_type)type, counter,
                                (enum omission)why);
}

/* Events of an entity alone, or with a reason. */
static void replay_entity(const struct replay *replay, enum rest_event event,
                          struct record *record) {
    const struct source_events *events = replay->events;
    struct entity other;
    const struct entity *entity = read_entity(replay, record, &other);
    bool reasoned = event == REST_MISSING || event == REST_ENDED;
    const char *reason = reasoned ? read_reason(record) : NULL;
    if (record->damaged || (!entity && event != REST_MISSING))
        return;
    if (event == REST_MISSING)
        events->missing(events->context, entity, reason);
    else if (event == REST_ENDED)
        events->ended(events->context, entity, reason);
    else if (event == REST_ARRIVED)
        events->arrived(events->context, entity);
    else
        events->skipped(events->context, entity);
}

static void replay_renewed(struct replay *replay, struct record *record) {
    const struct source_events *events = replay->events;
    replay->inventory = replay->renew(replay->context, inventory_read(record));
    if (events->renewed)
        events->renewed(events->context, replay->inventory);
}

static void replay_progress(const struct replay *replay, struct record *record) {
    int done = (int)record_number(record);
    int total = (int)record_number(record);
    replay->events->progress(replay->events->context, done, total);
}

static bool replay_one(struct replay *replay, struct record *record, struct error *error) {
    const struct source_events *events = replay->events;
    int64_t event = record_number(record);
    switch (event) {
    case REST_OFFERED:
        replay_offered(replay, record);
        return true;
    case REST_SERIES:
        return replay_series(replay, record, error);
    case REST_SKIPPED:
    case REST_MISSING:
    case REST_ARRIVED:
    case REST_ENDED:
        replay_entity(replay, (enum rest_event)event, record);
        return true;
    case REST_ABSENT:
        replay_absent(replay, record);
        return true;
    case REST_OMITTED:
        replay_omitted(replay, record);
        return true;
    case REST_IDLE:
        events->idle(events->context);
        return true;
    case REST_LACKING:
        events->lacking(events->context, read_reason(record));
        return true;
    case REST_PROGRESS:
        replay_progress(replay, record);
        return true;
    case REST_RENEWED:
        replay_renewed(replay, record);
        return true;
    default:
        record->damaged = true;
        return true;
    }
}

bool replay_message(struct replay *replay, struct record *record, struct error *error) {
    while (record->left && !record->damaged)
        if (!replay_one(replay, record, error))
            return false;
    return !record->damaged || error_set(error, ERROR_PROTOCOL,
                                         "what vperf-rest says cannot be read: install vperf anew");
}
