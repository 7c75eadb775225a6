/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/pve/tracks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/rest/helper/http.h"

static void forget_past(struct pve_track *track) {
    if (track->past)
        g_array_free(track->past, TRUE);
    track->past = NULL;
}

static void track_free(void *data) {
    struct pve_track *track = data;
    pve_track_forget(track);
    forget_past(track);
    free(track->offered);
    known_done(&track->known);
    free(track);
}

void pve_tracks_init(struct pve_tracks *tracks, size_t counters) {
    tracks->by_id = g_hash_table_new_full(g_str_hash, g_str_equal, free, track_free);
    tracks->counters = counters;
}

void pve_tracks_done(struct pve_tracks *tracks) {
    if (tracks->by_id)
        g_hash_table_destroy(tracks->by_id);
}

static struct pve_track *track_new(const struct pve_tracks *tracks) {
    struct pve_track *track = memory_alloc(sizeof *track);
    track->offered = memory_array(tracks->counters, sizeof *track->offered);
    return track;
}

struct pve_track *pve_tracks_find(const struct pve_tracks *tracks, const char *id) {
    return g_hash_table_lookup(tracks->by_id, id);
}

static gboolean is_gone(gpointer key, gpointer value, gpointer context) {
    (void)key, (void)context;
    return !((const struct pve_track *)value)->entity;
}

void pve_tracks_follow(struct pve_tracks *tracks, const struct inventory *inventory,
                       const struct selection *selection) {
    GHashTableIter each;
    gpointer value;
    g_hash_table_iter_init(&each, tracks->by_id);
    while (g_hash_table_iter_next(&each, NULL, &value))
        ((struct pve_track *)value)->entity = NULL;
    for (size_t i = 0; i < inventory->count; i++) {
        const struct entity *entity = inventory->entities[i];
        struct pve_track *track = pve_tracks_find(tracks, entity->id);
        if (!track) {
            track = track_new(tracks);
            g_hash_table_insert(tracks->by_id, memory_strdup(entity->id), track);
        }
        track->entity = entity;
        track->selected = selection_has_entity(selection, entity);
    }
    g_hash_table_foreach_remove(tracks->by_id, is_gone, NULL);
}

void pve_track_begin(struct pve_track *track) {
    for (int i = 0; i < PVE_METERS; i++) {
        track->meters[i].sum = 0;
        track->meters[i].count = 0;
        track->meters[i].rate = NAN;
    }
    forget_past(track);
}

static const struct {
    const char *metric;
    enum pve_meter_kind kind;
} meters[] = {
    {"cpu_current", PVE_METER_CPU},
    {"cpu_iowait", PVE_METER_WAIT},
    {"net_in", PVE_METER_IN},
    {"net_out", PVE_METER_OUT},
};

static void add_value(struct pve_meter *meter, const struct pve_metric *metric, int32_t interval) {
    int64_t elapsed = metric->time - meter->last;
    if (elapsed <= 0)
        return;
    /* The growth over all values of this round is that between its last one and the last before. */
    if (meter->last && elapsed <= 2 * (int64_t)interval && metric->value >= meter->value) {
        double grown = metric->value - meter->value;
        double before = isnan(meter->rate) ? 0 : meter->rate * meter->sum;
        meter->sum += (double)elapsed;
        meter->rate = (before + grown) / meter->sum;
    } else {
        meter->rate = NAN;
        meter->sum = 0;
    }
    meter->count++;
    meter->last = metric->time;
    meter->value = metric->value;
}

void pve_track_meter(struct pve_track *track, const struct pve_metric *metric, int32_t interval) {
    for (size_t i = 0; i < sizeof meters / sizeof meters[0]; i++) {
        struct pve_meter *meter = &track->meters[meters[i].kind];
        if (strcmp(meters[i].metric, metric->metric) != 0)
            continue;
        if (meters[i].kind >= PVE_METER_IN) {
            add_value(meter, metric, interval);
        } else if (metric->time > meter->last) {
            meter->last = metric->time;
            meter->value = metric->value;
            meter->sum += metric->value;
            meter->count++;
        }
    }
}

/* Of guests no more than their CPU. */
bool pve_is_metered(const char *id, const char *metric) {
    for (size_t i = 0; i < sizeof meters / sizeof meters[0]; i++)
        if (strcmp(meters[i].metric, metric) == 0)
            return meters[i].kind == PVE_METER_CPU || g_str_has_prefix(id, "node/");
    return false;
}

/* pvestatd measures each entity every 10 s: a dozen values, each a row of 100 bytes. */
int64_t pve_export_seconds(size_t entities) {
    enum { STEP_SECONDS = 10, VALUES = 12, VALUE_BYTES = 100, LEAST = 6 };
    size_t step_bytes = MAX(entities, 1) * VALUES * VALUE_BYTES;
    size_t steps = MAX(HTTP_BODY_LIMIT / 2 / step_bytes, LEAST);
    return (int64_t)MIN(steps * STEP_SECONDS, PVE_REMEMBERED_SECONDS);
}

static void remember(struct pve_track *track, enum pve_meter_kind kind, int64_t time,
                     double value) {
    struct pve_moment moment = {kind, time, value};
    g_array_append_val(track->past, moment);
}

void pve_track_remember(struct pve_track *track, const struct pve_metric *metric) {
    if (!track->past) {
        track->past = g_array_new(FALSE, FALSE, sizeof(struct pve_moment));
        for (int kind = PVE_METER_IN; kind <= PVE_METER_OUT; kind++)
            if (track->meters[kind].last)
                remember(track, (enum pve_meter_kind)kind, track->meters[kind].last,
                         track->meters[kind].value);
    }
    for (size_t i = 0; i < sizeof meters / sizeof meters[0]; i++)
        if (strcmp(meters[i].metric, metric->metric) == 0)
            remember(track, meters[i].kind, metric->time, metric->value);
}

double pve_track_past_mean(const struct pve_track *track, enum pve_meter_kind kind, int64_t until,
                           int32_t interval) {
    double sum = 0;
    int count = 0;
    for (guint i = 0; track->past && i < track->past->len; i++) {
        const struct pve_moment *moment = &g_array_index(track->past, struct pve_moment, i);
        if (moment->kind != kind || moment->time <= until - interval || moment->time > until)
            continue;
        sum += moment->value;
        count++;
    }
    return count ? sum / count : NAN;
}

static const struct pve_moment *newest_until(const struct pve_track *track,
                                             enum pve_meter_kind kind, int64_t until) {
    const struct pve_moment *newest = NULL;
    for (guint i = 0; track->past && i < track->past->len; i++) {
        const struct pve_moment *moment = &g_array_index(track->past, struct pve_moment, i);
        if (moment->kind == kind && moment->time <= until &&
            (!newest || moment->time > newest->time))
            newest = moment;
    }
    return newest;
}

double pve_track_past_rate(const struct pve_track *track, enum pve_meter_kind kind, int64_t until,
                           int32_t interval) {
    const struct pve_moment *last = newest_until(track, kind, until);
    const struct pve_moment *first = newest_until(track, kind, until - interval);
    int64_t elapsed = last && first ? last->time - first->time : 0;
    bool near = elapsed > 0 && elapsed <= 2 * (int64_t)interval;
    return near && last->value >= first->value ? (last->value - first->value) / (double)elapsed
                                               : NAN;
}

double pve_track_mean(const struct pve_track *track, enum pve_meter_kind kind) {
    const struct pve_meter *meter = &track->meters[kind];
    return meter->count ? meter->sum / meter->count : NAN;
}

const struct pve_guest *pve_track_baseline(const struct pve_track *track, const char *node,
                                           const struct pve_guest *now) {
    const struct pve_guest *before = &track->before;
    bool same = track->has_before && strcmp(track->node, node) == 0 && before->pid == now->pid &&
                now->values[PVE_UPTIME] >= before->values[PVE_UPTIME];
    return same ? before : NULL;
}

void pve_track_forget(struct pve_track *track) {
    if (track->has_before)
        pve_guest_done(&track->before);
    free(track->node);
    track->node = NULL;
    track->has_before = false;
}

void pve_track_keep(struct pve_track *track, const char *node, const struct pve_guest *now) {
    pve_track_forget(track);
    pve_guest_copy(&track->before, now);
    track->node = memory_strdup(node);
    track->has_before = true;
}
