/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/lane_fill.h"

#include "core/clock.h"

enum { AGAIN_SECONDS = 300, LONGEST_SECONDS = 3600, MOST_TRIES = 5 };

struct filling {
    struct lane *lane;
    struct error lost; /* the first of what is missing */
};

static void on_entity(void *context, const struct entity *entity) {
    (void)context, (void)entity;
}

static void on_offered(void *context, const struct entity *entity, const struct counter *counter) {
    (void)context, (void)entity, (void)counter;
}

static bool on_series(void *context, const struct series *series, struct error *error) {
    const struct lane *lane = ((const struct filling *)context)->lane;
    struct series archived = *series;
    archived.fills = true;
    if (cancel_requested(&lane->cancel))
        return error_set(error, ERROR_INTERRUPTED, "interrupted");
    return run_write_of(lane->run, lane->number, &archived, error);
}

static void on_missing(void *context, const struct entity *entity, const char *reason) {
    struct filling *filling = context;
    const struct lane *lane = filling->lane;
    log_debug(&lane->options->log, "%s: archived samples of %s are missing: %s", lane->target->text,
              entity ? entity->name : "all", reason);
    error_set(&filling->lost, ERROR_FAULT, "%s: %s", entity ? entity->name : "all", reason);
}

static void on_absent(void *context, const struct absence *absence) {
    (void)context, (void)absence;
}

static void on_lacking(void *context, const char *reason) {
    (void)context, (void)reason;
}

static void on_omitted(void *context, enum entity_type type, const struct counter *counter,
                       enum omission why) {
    (void)context, (void)type, (void)counter, (void)why;
}

static void on_ended(void *context, const struct entity *entity, const char *reason) {
    (void)context, (void)entity, (void)reason;
}

static void on_idle(void *context) {
    (void)context;
}

static void on_progress(void *context, int done, int total) {
    (void)context, (void)done, (void)total;
}

static struct source_events events_of(struct filling *filling) {
    return (struct source_events){
        .context = filling,
        .offered = on_offered,
        .series = on_series,
        .skipped = on_entity,
        .missing = on_missing,
        .absent = on_absent,
        .lacking = on_lacking,
        .omitted = on_omitted,
        .arrived = on_entity,
        .ended = on_ended,
        .idle = on_idle,
        .progress = on_progress,
    };
}

static bool find_gap(const struct lane *lane, const struct source *source, struct window *window) {
    struct run *run = lane->run;
    if (!run->sink->ops->gap || !source->ops->keeps_samples || source->ops->recorded ||
        backoff_holds(&lane->fill, clock_boot_ns()))
        return false;
    pthread_mutex_lock(&run->lock);
    run->sink->target = lane->number;
    bool found = run->sink->ops->gap(run->sink, window);
    pthread_mutex_unlock(&run->lock);
    return found;
}

static void end_gap(const struct lane *lane, const struct window *window) {
    struct run *run = lane->run;
    pthread_mutex_lock(&run->lock);
    run->sink->target = lane->number;
    run->sink->ops->filled(run->sink, window);
    pthread_mutex_unlock(&run->lock);
}

/* What the source has not, it will not have later. */
static bool is_final(const struct error *lost) {
    return lost->kind == ERROR_NONE || lost->kind == ERROR_UNAVAILABLE || lost->kind == ERROR_USAGE;
}

/* What a call lost may come at the next one; what is refused each time is not asked for for ever.
 */
static void settle(struct lane *lane, const struct window *window, const struct error *lost) {
    const struct log *log = &lane->options->log;
    bool first = !lane->fill.times;
    lane->fill_faults += lost->kind == ERROR_FAULT;
    if (is_final(lost) || lane->fill_faults >= MOST_TRIES) {
        if (lost->kind != ERROR_NONE)
            log_info(log, "%s: a gap is not filled from archived samples: %s", lane->target->text,
                     lost->message);
        end_gap(lane, window);
        lane->fill = (struct backoff){0};
        lane->fill_faults = 0;
        return;
    }
    if (first)
        log_info(log, "%s: a gap is not filled yet from archived samples: %s; trying again",
                 lane->target->text, lost->message);
    backoff_extend(&lane->fill, clock_boot_ns(), AGAIN_SECONDS, LONGEST_SECONDS);
}

bool lane_fill(struct lane *lane, struct source *source) {
    struct window window;
    if (!find_gap(lane, source, &window))
        return true;
    struct filling filling = {.lane = lane};
    const struct source_events events = events_of(&filling);
    struct error error = {0};
    window.kept_only = true;
    bool good = source->ops->round(source, &lane->selection, &window, &events, &error);
    if (!good && (run_output_failed(&error) || error.kind == ERROR_INTERRUPTED)) {
        lane->error = error;
        return false;
    }
    settle(lane, &window, good ? &filling.lost : &error);
    return run_end_round(lane->run, lane->number, &lane->error);
}
