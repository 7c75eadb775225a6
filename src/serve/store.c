/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "serve/store.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "serve/defaults.h"
#include "source/source.h"

enum {
    RECORDED_INTERVALS = 4, /* a sample is recorded and read one or two intervals after its time */
    READING_SECONDS = 150,  /* readings come once a minute, or in every third round */
    READING_ROUNDS = 6,
    MOST_SECONDS = 20, /* ages of this process's own figures */
};

static const int64_t second_ns = 1000000000;

static struct store *store_of(struct sink *sink) {
    return (struct store *)(void *)sink;
}

static void nothing(struct sink *sink) {
    (void)sink;
}

/* A history may have entities of several sources. */
static void note_source(struct store_target *target, const struct entity *entity) {
    if (!entity || !entity->source || strcmp(target->source, entity->source) == 0)
        return;
    target->several = target->several || (target->recorded && target->samples);
    if (target->several)
        return;
    free(target->source);
    target->source = memory_strdup(entity->source);
}

static void write_series(struct sink *sink, const struct series *series) {
    struct store *store = store_of(sink);
    struct store_target *target = &store->targets[sink->target];
    if (!series->count || series->fills || (target->by_default && !defaults_have(series)))
        return;
    pthread_mutex_lock(&store->lock);
    latest_write(store->latest, (uint16_t)sink->target, series);
    note_source(target, series->entity);
    target->samples += series->count;
    int64_t time = series->samples[series->count - 1].time;
    if (time > target->newest)
        target->newest = time;
    pthread_mutex_unlock(&store->lock);
}

static void note_round(struct store *store, struct store_target *target,
                       const struct sink_event *event) {
    target->measured_ns = clock_boot_ns();
    target->measured_at = clock_real_ns() / second_ns;
    target->duration_ns = event->duration_ns;
    if (event->period_ns > 0)
        target->interval_ns = event->period_ns;
    target->rounds++;
    latest_round_end(store->latest, (uint16_t)(target - store->targets));
}

static void note_answer(struct store *store, struct store_target *target) {
    store->generation += target->lost || !target->answered_ns;
    target->lost = false;
    target->answered_ns = clock_boot_ns();
}

/* Rounds age what did not come; those that fail, or ask for nothing, say nothing about it. */
static void on_event(struct sink *sink, const struct sink_event *event) {
    struct store *store = store_of(sink);
    pthread_mutex_lock(&store->lock);
    struct store_target *target = &store->targets[sink->target];
    switch (event->kind) {
    case SINK_PRESENT:
    case SINK_ARRIVED:
        note_source(target, event->entity);
        latest_add_entity(store->latest, (uint16_t)sink->target, event->entity);
        break;
    case SINK_MISSING:
        target->missing++;
        break;
    case SINK_LOST:
        target->lost = true;
        target->losses++;
        store->generation++;
        break;
    case SINK_ROUND:
        note_round(store, target, event);
        note_answer(store, target);
        store->generation++;
        break;
    case SINK_IDLE:
        note_answer(store, target);
        break;
    case SINK_BACK:
    case SINK_ENDED:
    case SINK_CLOCK:
        break;
    }
    pthread_mutex_unlock(&store->lock);
}

static const struct sink_ops store_ops = {
    .name = "serve",
    .begin = nothing,
    .write = write_series,
    .end = nothing,
    .event = on_event,
};

/* As its entities will have it, where the target says so. */
static void init_target(struct store_target *target, const struct options *options, size_t number,
                        bool by_default) {
    struct error ignored = {0};
    const struct target_plan *plan = &options->plans[number];
    const struct source_ops *ops = source_ops_for(&plan->target, &ignored);
    *target = (struct store_target){
        .name = memory_strdup(plan->name ? plan->name : plan->target.text),
        .text = memory_strdup(plan->target.text),
        .source = target_source_name(&plan->target),
        .recorded = ops && ops->recorded,
        .interval_ns = options_timing(options, number).interval * second_ns,
        .by_default = by_default && !(plan->owns & OWNS_COUNTERS),
    };
}

static void done_target(struct store_target *target) {
    free(target->name);
    free(target->text);
    free(target->source);
    *target = (struct store_target){0};
}

static int64_t shortest_interval(const struct store *store) {
    int64_t shortest_ns = INT64_MAX;
    for (size_t i = 0; i < store->count; i++)
        if (store->targets[i].name && store->targets[i].interval_ns < shortest_ns)
            shortest_ns = store->targets[i].interval_ns;
    return shortest_ns / second_ns;
}

/* Readings last as long as their own pace asks for, in rounds of the fastest target. */
static void choose_rounds(struct store *store) {
    unsigned readings = (unsigned)(READING_SECONDS / shortest_interval(store) + 1);
    store->reading_rounds = readings > READING_ROUNDS ? readings : READING_ROUNDS;
    latest_keep(store->latest, store->reading_rounds);
}

void store_init(struct store *store, const struct options *options, bool by_default) {
    *store = (struct store){
        .sink = {.ops = &store_ops},
        .targets = memory_array(options->target_count, sizeof *store->targets),
        .count = options->target_count,
        .started_ns = clock_boot_ns(),
    };
    for (size_t i = 0; i < store->count; i++)
        init_target(&store->targets[i], options, i, by_default);
    pthread_mutex_init(&store->lock, NULL);
    store->latest = latest_new(READING_ROUNDS);
    store->names = metric_names_new();
    choose_rounds(store);
}

static void grow(struct store *store, size_t count) {
    struct store_target *targets = memory_array(count, sizeof *targets);
    memcpy(targets, store->targets, store->count * sizeof *targets);
    free(store->targets);
    store->targets = targets;
    store->count = count;
}

void store_begin(struct store *store, size_t number, const struct options *options, size_t target,
                 bool by_default) {
    pthread_mutex_lock(&store->lock);
    if (number >= store->count)
        grow(store, number + 1);
    init_target(&store->targets[number], options, target, by_default);
    choose_rounds(store);
    store->generation++;
    pthread_mutex_unlock(&store->lock);
}

void store_end(struct store *store, size_t number) {
    pthread_mutex_lock(&store->lock);
    done_target(&store->targets[number]);
    latest_drop(store->latest, (uint16_t)number);
    store->generation++;
    pthread_mutex_unlock(&store->lock);
}

void store_done(struct store *store) {
    for (size_t i = 0; i < store->count; i++)
        done_target(&store->targets[i]);
    free(store->targets);
    latest_free(store->latest);
    metric_names_free(store->names);
    pthread_mutex_destroy(&store->lock);
}

static bool is_called(const struct store_target *target, const char *name) {
    return target->name && (strcmp(target->name, name) == 0 || strcmp(target->text, name) == 0 ||
                            strcmp(target->source, name) == 0);
}

bool store_find(struct store *store, const char *name, size_t *number) {
    size_t i = 0;
    pthread_mutex_lock(&store->lock);
    while (i < store->count && !is_called(&store->targets[i], name))
        i++;
    pthread_mutex_unlock(&store->lock);
    *number = i;
    return i < store->count;
}

static int64_t patience_ns(const struct store_target *target) {
    int64_t round_ns = target->duration_ns;
    return STORE_FRESH_ROUNDS * (round_ns > target->interval_ns ? round_ns : target->interval_ns);
}

/* Until when its samples count as those of now. */
static int64_t fresh_until_ns(const struct store_target *target) {
    return target->measured_ns ? target->measured_ns + patience_ns(target) : 0;
}

/* A history that is read without a fault tells nothing of now unless samples come. */
static int64_t up_until_ns(const struct store_target *target) {
    if (target->lost || !target->answered_ns)
        return 0;
    return target->recorded ? fresh_until_ns(target) : target->answered_ns + patience_ns(target);
}

bool store_answers(const struct store_target *target, int64_t now_ns) {
    return now_ns < up_until_ns(target);
}

bool store_up(const struct store_target *target, int64_t now_ns) {
    int64_t oldest_ns = clock_real_ns() - RECORDED_INTERVALS * target->interval_ns;
    bool of_now = !target->recorded || target->newest >= (oldest_ns + second_ns - 1) / second_ns;
    return of_now && now_ns < up_until_ns(target);
}

bool store_fresh(const struct store *store, const struct latest_series *series, int64_t now_ns,
                 int64_t now) {
    const struct store_target *target = &store->targets[series->target];
    unsigned rounds = series->counter->reading ? store->reading_rounds : STORE_FRESH_ROUNDS;
    if (series->age > rounds || now_ns >= fresh_until_ns(target))
        return false;
    int64_t interval = MAX(series->interval, target->interval_ns / second_ns);
    return !target->recorded || series->counter->reading ||
           series->sample.time >= now - RECORDED_INTERVALS * interval;
}

int64_t store_changes_ns(const struct store *store, int64_t now_ns) {
    int64_t first_ns = now_ns + MOST_SECONDS * second_ns;
    for (size_t i = 0; i < store->count; i++) {
        const int64_t ends[] = {fresh_until_ns(&store->targets[i]),
                                up_until_ns(&store->targets[i])};
        for (size_t k = 0; k < sizeof ends / sizeof *ends; k++)
            if (ends[k] > now_ns && ends[k] < first_ns)
                first_ns = ends[k];
    }
    return first_ns;
}
