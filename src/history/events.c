/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/events.h"

#include <stdlib.h>

#include "core/memory.h"

enum { MAX_EVENTS = 10000 };

static const char *const event_names[] = {
    [WRITER_STARTED] = "started", [WRITER_STOPPED] = "stopped", [WRITER_LOST] = "lost",
    [WRITER_BACK] = "back",       [WRITER_ARRIVED] = "arrived", [WRITER_MOVED] = "moved",
    [WRITER_LEFT] = "left",       [WRITER_RENAMED] = "renamed", [WRITER_CLOCK] = "clock",
};

struct event {
    int64_t time;
    enum writer_event kind;
    char *target;
    struct kept_entity *entity;
    char *text;
};

struct events {
    GArray *all;
};

struct events *events_new(void) {
    struct events *events = memory_alloc(sizeof *events);
    events->all = g_array_new(FALSE, FALSE, sizeof(struct event));
    return events;
}

static void clear(struct events *events) {
    for (guint i = 0; i < events->all->len; i++) {
        struct event *event = &g_array_index(events->all, struct event, i);
        free(event->target);
        free(event->text);
    }
    g_array_set_size(events->all, 0);
}

void events_free(struct events *events) {
    if (!events)
        return;
    clear(events);
    g_array_free(events->all, TRUE);
    free(events);
}

bool events_full(const struct events *events) {
    return events->all->len >= MAX_EVENTS;
}

bool events_empty(const struct events *events) {
    return !events->all->len;
}

void events_add(struct events *events, enum writer_event kind, const char *target,
                struct kept_entity *entity, const char *text) {
    struct event event = {
        .time = g_get_real_time() / G_USEC_PER_SEC,
        .kind = kind,
        .target = memory_strdup(target),
        .entity = entity,
        .text = memory_strdup(text),
    };
    g_array_append_val(events->all, event);
}

bool events_write(const struct events *events, struct registry *registry, struct error *error) {
    for (guint i = 0; i < events->all->len; i++) {
        const struct event *event = &g_array_index(events->all, struct event, i);
        if (event->entity && !registry_save(registry, event->entity, error))
            return false;
        if (!database_run(registry->database, error,
                          "INSERT INTO event (time, kind, target, entity, text) "
                          "VALUES (?, ?, ?, nullif(?, 0), ?)",
                          "ittit", event->time, event_names[event->kind], event->target,
                          event->entity ? event->entity->id : (int64_t)0, event->text))
            return false;
    }
    return true;
}

void events_written(struct events *events) {
    for (guint i = 0; i < events->all->len; i++)
        if (g_array_index(events->all, struct event, i).entity)
            registry_saved(g_array_index(events->all, struct event, i).entity);
    clear(events);
}
