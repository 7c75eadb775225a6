/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * OpenMetrics, and the old text format of Prometheus. A bounded run is one exposition of all its
 * samples. Each round of an endless one ends with an exposition of the newest values of all
 * targets, in which counters have added up what came since the run began: a file holds the last
 * one.
 */
#include <glib.h>
#include <stdlib.h>

#include "core/latest.h"
#include "core/memory.h"
#include "core/selection.h"
#include "sink/formats.h"
#include "sink/metric_families.h"

/* Values of a round are gone with the next one that lacks them. */
enum { KEEP_ROUNDS = 1 };

struct openmetrics {
    struct metric_families *families;
    struct latest *latest; /* of an endless run */
    bool changed;          /* since the last exposition */
    struct error lost;     /* why something is */
};

static struct openmetrics *make_state(struct sink *sink, enum openmetrics_dialect dialect) {
    const struct sink_options *options = &sink->options;
    const struct metric_style style = {
        .dialect = dialect,
        .newest_only = dialect == PROMETHEUS || options->without_times || options->endless,
        .without_times = options->without_times,
        .field_count = options->field_count,
        .fields = options->fields,
    };
    struct openmetrics *state = memory_alloc(sizeof *state);
    state->families = metric_families_new(&style);
    state->latest = options->endless ? latest_new(KEEP_ROUNDS) : NULL;
    sink->state = state;
    return state;
}

static void begin_openmetrics(struct sink *sink) {
    if (!sink->state)
        make_state(sink, OPENMETRICS);
}

static void begin_prometheus(struct sink *sink) {
    if (!sink->state)
        make_state(sink, PROMETHEUS);
}

static void openmetrics_done(struct sink *sink) {
    struct openmetrics *state = sink->state;
    if (!state)
        return;
    metric_families_free(state->families);
    latest_free(state->latest);
    free(state);
}

/* What cannot be kept makes the sink fail: see its check. */
static bool add(struct openmetrics *state, const struct series *series) {
    bool lost = state->lost.kind != ERROR_NONE;
    return !series->count || (!lost && metric_families_add(state->families, series, &state->lost));
}

static void openmetrics_write(struct sink *sink, const struct series *series) {
    struct openmetrics *state = sink->state;
    if (state->latest)
        latest_write(state->latest, (uint16_t)sink->target, series);
    else
        add(state, series);
}

/* What is kept of a series, as a series of one sample; of a counter it is all that came so far. */
static void add_latest(struct openmetrics *state, const struct latest_entity *entity) {
    for (const struct latest_series *kept = latest_series_first(entity); kept;
         kept = latest_series_next(kept)) {
        struct sample sample = kept->sample;
        if (metric_adds_up(kept->counter))
            sample.value = kept->total;
        const struct series series = {
            .entity = entity->entity,
            .counter = kept->counter,
            .instance = kept->instance,
            .interval = kept->interval,
            .count = 1,
            .samples = &sample,
        };
        add(state, &series);
    }
}

static bool write_exposition(struct sink *sink, struct error *error) {
    struct openmetrics *state = sink->state;
    const struct latest_entity *entity = state->latest ? latest_first(state->latest) : NULL;
    for (; entity; entity = latest_next(entity))
        add_latest(state, entity);
    state->changed = false;
    if (state->lost.kind != ERROR_NONE)
        return error_set(error, state->lost.kind, "%s", state->lost.message);
    return metric_families_write(state->families, sink->stream, error);
}

/* What a target gave that succeeds no more is not given out as if it were new. */
static void openmetrics_event(struct sink *sink, const struct sink_event *event) {
    struct openmetrics *state = sink->state;
    if (!state || !state->latest || (event->kind != SINK_ROUND && event->kind != SINK_LOST))
        return;
    for (int i = 0; event->kind == SINK_LOST && i < KEEP_ROUNDS; i++)
        latest_round_end(state->latest, (uint16_t)sink->target);
    latest_round_end(state->latest, (uint16_t)sink->target);
    state->changed = true;
}

/* A file gets a whole exposition at once; what comes next makes another one to replace it. */
static bool publish(struct sink *sink, struct error *error) {
    struct output *output = sink->output;
    if (!output || !output->temporary)
        return !output || output_flush(output, error);
    char *path = memory_strdup(output->path);
    bool good = output_commit(output, error) && output_open(output, path, error);
    sink->stream = output->stream;
    free(path);
    return good;
}

static bool openmetrics_round_end(struct sink *sink, struct error *error) {
    struct openmetrics *state = sink->state;
    if (!state->latest || !state->changed)
        return true;
    return write_exposition(sink, error) && publish(sink, error);
}

static bool openmetrics_check(struct sink *sink, struct error *error) {
    const struct openmetrics *state = sink->state;
    if (state && state->lost.kind != ERROR_NONE)
        return error_set(error, state->lost.kind, "%s", state->lost.message);
    return !sink->output || output_check(sink->output, error);
}

/* A file of an endless run holds what the last round gave: it is replaced by the same once more. */
static void end_exposition(struct sink *sink) {
    struct openmetrics *state = sink->state;
    bool file = sink->output && sink->output->temporary;
    struct error error = {0};
    if ((!state->latest || file) && !write_exposition(sink, &error))
        state->lost = error;
}

const struct sink_ops sink_openmetrics = {
    .name = "openmetrics",
    .endings = "om",
    .whole = true,
    .context = OPENMETRICS_CONTEXT,
    .takes = SINK_TAKES_NO_TIMESTAMPS,
    .begin = begin_openmetrics,
    .write = openmetrics_write,
    .check = openmetrics_check,
    .round_end = openmetrics_round_end,
    .end = end_exposition,
    .done = openmetrics_done,
    .event = openmetrics_event,
};

const struct sink_ops sink_prometheus = {
    .name = "prometheus",
    .endings = "prom",
    .whole = true,
    .context = OPENMETRICS_CONTEXT,
    .takes = SINK_TAKES_NO_TIMESTAMPS,
    .begin = begin_prometheus,
    .write = openmetrics_write,
    .check = openmetrics_check,
    .round_end = openmetrics_round_end,
    .end = end_exposition,
    .done = openmetrics_done,
    .event = openmetrics_event,
};
