/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What the last reading of the inventory found out beside the entities, as series of one sample. */
#include <string.h>

#include "source/vsphere/vsphere.h"

static const int64_t second_ns = 1000000000;

struct emission {
    struct vsphere *vsphere;
    const struct selection *selection;
    const struct window *window;
    const struct source_events *events;
    int64_t seconds; /* of the server, when the inventory was read */
};

/* The window may end at the last sample before the present. */
static bool is_within(const struct emission *emission) {
    const struct window *window = emission->window;
    return !window->until || emission->seconds <= window->until + window->interval;
}

static bool emit(const struct emission *emission, const struct entity *entity,
                 const struct reading *reading, struct error *error) {
    const struct source_events *events = emission->events;
    struct tracked *tracked = tracking_of(&emission->vsphere->tracking, entity->id);
    uint32_t bit = 1U << reading->counter;
    int64_t age = emission->seconds - reading->value;
    struct sample sample = {emission->seconds, reading->value};
    if (reading->counter == SPACE_SNAPSHOT_AGE)
        sample.value = age > 0 ? age : 0;
    const struct series series = {
        .entity = entity,
        .counter = space_counter(emission->vsphere->catalog, reading->counter),
        .instance = reading->instance,
        .interval = emission->window->interval,
        .continues = tracked->read & bit,
        .count = 1,
        .samples = &sample,
    };
    if (!(tracked->offered_space & bit))
        events->offered(events->context, entity, series.counter);
    tracked->offered_space |= bit;
    if (!is_within(emission) || (emission->selection->aggregate_only && *reading->instance))
        return true;
    return events->series(events->context, &series, error);
}

static bool emit_entity(const struct emission *emission, const struct entity *entity,
                        struct error *error) {
    const GArray *list = readings_of(emission->vsphere->readings, entity->id);
    for (guint i = 0; list && i < list->len; i++)
        if (!emit(emission, entity, &g_array_index(list, struct reading, i), error))
            return false;
    struct tracked *tracked = list ? tracking_of(&emission->vsphere->tracking, entity->id) : NULL;
    if (tracked)
        tracked->read = tracked->offered_space;
    return true;
}

/* The server's time at which the inventory was read. */
static bool find_time(struct emission *emission, struct error *error) {
    struct vsphere *vsphere = emission->vsphere;
    int64_t now = 0;
    if (!vsphere->clock.known && !vsphere_read_clock(vsphere, &now, error))
        return false;
    int64_t read_ns = server_clock_at(&vsphere->clock, vsphere->read_ns);
    emission->seconds = (read_ns + second_ns / 2) / second_ns;
    return true;
}

/* As long as they are the newest readings. */
static void report_lost(const struct emission *emission) {
    const struct source_events *events = emission->events;
    const struct readings *readings = emission->vsphere->readings;
    if (readings->lost && is_within(emission))
        events->missing(events->context, NULL, readings->lost);
}

bool vsphere_emit_readings(struct vsphere *vsphere, const struct selection *selection,
                           const struct window *window, const struct source_events *events,
                           struct error *error) {
    struct emission emission = {vsphere, selection, window, events, 0};
    const struct readings *readings = vsphere->readings;
    const char *lost = vsphere->inventory->lost;
    if (lost)
        events->lacking(events->context, lost);
    bool fresh = vsphere->unread && g_hash_table_size(readings->by_id);
    if (!fresh && !(readings && readings->lost))
        return true;
    if (!find_time(&emission, error))
        return false;
    report_lost(&emission);
    for (size_t i = 0; fresh && i < vsphere->inventory->count; i++) {
        const struct entity *entity = vsphere->inventory->entities[i];
        if (selection_has_entity(selection, entity) && !emit_entity(&emission, entity, error))
            return false;
    }
    vsphere->unread = false;
    return true;
}
