/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/lane_sink.h"

#include "core/clock.h"

enum { RESUMED_SECONDS = 3600 };

void lane_event(struct lane *lane, enum sink_event_kind kind, const struct entity *entity,
                const char *text) {
    const struct sink_event event = {
        .kind = kind, .target = lane->target->text, .entity = entity, .text = text};
    run_event(lane->run, lane->number, &event);
}

void lane_round_event(struct lane *lane, int64_t begin_ns, int64_t period_ns) {
    const struct sink_event event = {.kind = lane->idle ? SINK_IDLE : SINK_ROUND,
                                     .target = lane->target->text,
                                     .duration_ns = clock_boot_ns() - begin_ns,
                                     .period_ns = period_ns};
    run_event(lane->run, lane->number, &event);
}

void lane_define(struct lane *lane, const struct catalog *catalog,
                 const struct inventory *inventory) {
    struct run *run = lane->run;
    pthread_mutex_lock(&run->lock);
    if (run->sink->ops->define)
        run->sink->ops->define(run->sink, catalog);
    pthread_mutex_unlock(&run->lock);
    lane_know(lane, inventory);
}

void lane_know(struct lane *lane, const struct inventory *inventory) {
    struct run *run = lane->run;
    pthread_mutex_lock(&run->lock);
    if (run->sink->ops->know)
        run->sink->ops->know(run->sink, inventory);
    pthread_mutex_unlock(&run->lock);
}

static bool find_mark(void *context, const struct entity *entity, int32_t interval,
                      struct mark *mark) {
    struct run *run = context;
    pthread_mutex_lock(&run->lock);
    bool found = run->sink->ops->mark(run->sink, entity, interval, mark);
    pthread_mutex_unlock(&run->lock);
    return found;
}

static bool find_lack(void *context, const struct entity *entity, int32_t interval, int64_t *time) {
    struct run *run = context;
    pthread_mutex_lock(&run->lock);
    bool found = run->sink->ops->lack(run->sink, entity, interval, time);
    pthread_mutex_unlock(&run->lock);
    return found;
}

void lane_use_marks(struct lane *lane) {
    lane->marks = (struct source_marks){lane->run, find_mark, find_lack};
    if (lane->run->sink->ops->mark)
        lane->source_options.marks = &lane->marks;
}

void lane_resume(struct lane *lane, const struct inventory *inventory) {
    const struct source_marks *marks = lane->source_options.marks;
    int64_t newest = 0;
    struct mark mark;
    for (size_t i = 0; marks && i < inventory->count; i++)
        if (marks->find(marks->context, inventory->entities[i], lane->window.interval, &mark))
            newest = MAX(newest, mark_after(&mark));
    newest = newest ? MAX(newest, lane->window.now - RESUMED_SECONDS) : 0;
    if (newest && newest < lane->window.after)
        lane->window.after = newest;
}
