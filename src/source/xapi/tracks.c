/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/xapi/tracks.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

struct item {
    size_t counter;
    const char *instance;
    struct sample sample;
};

struct samples {
    struct item *items;
    size_t count;
    size_t capacity;
    GStringChunk *instances;
};

static void track_free(void *data) {
    struct track *track = data;
    known_done(&track->known);
    free(track->offered);
    free(track);
}

struct tracks *xapi_tracks_new(size_t counters) {
    struct tracks *tracks = memory_alloc(sizeof *tracks);
    tracks->by_id = g_hash_table_new_full(g_str_hash, g_str_equal, free, track_free);
    tracks->counters = counters;
    return tracks;
}

void xapi_tracks_free(struct tracks *tracks) {
    if (!tracks)
        return;
    g_hash_table_destroy(tracks->by_id);
    free(tracks);
}

struct track *xapi_track(struct tracks *tracks, const char *id) {
    struct track *track = g_hash_table_lookup(tracks->by_id, id);
    if (track)
        return track;
    track = memory_alloc(sizeof *track);
    track->mark = INT64_MIN;
    track->offered = memory_array(tracks->counters, sizeof *track->offered);
    g_hash_table_insert(tracks->by_id, memory_strdup(id), track);
    return track;
}

static gboolean is_unknown(void *id, void *track, void *known) {
    (void)track;
    return !g_hash_table_contains(known, id);
}

void xapi_prune(GHashTable *by_id, const struct inventory *inventory) {
    GHashTable *known = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < inventory->count; i++)
        g_hash_table_add(known, (char *)inventory->entities[i]->id);
    g_hash_table_foreach_remove(by_id, is_unknown, known);
    g_hash_table_destroy(known);
}

struct samples *samples_new(void) {
    struct samples *samples = memory_alloc(sizeof *samples);
    samples->instances = g_string_chunk_new(256);
    return samples;
}

void samples_free(struct samples *samples) {
    if (!samples)
        return;
    g_string_chunk_free(samples->instances);
    free(samples->items);
    free(samples);
}

size_t samples_count(const struct samples *samples) {
    return samples->count;
}

void samples_add(struct samples *samples, size_t counter, const char *instance, int64_t time,
                 int64_t value) {
    samples->items =
        memory_grow(samples->items, samples->count, &samples->capacity, sizeof *samples->items);
    samples->items[samples->count++] = (struct item){
        counter, g_string_chunk_insert_const(samples->instances, instance), {time, value}};
}

/* The aggregate first, then xvda, xvdb and 2, 10 as people count; by time in each. */
static int compare(const void *left, const void *right) {
    const struct item *a = left, *b = right;
    if (a->counter != b->counter)
        return a->counter < b->counter ? -1 : 1;
    int order = a->instance == b->instance ? 0 : strverscmp(a->instance, b->instance);
    return order ? order : (a->sample.time > b->sample.time) - (a->sample.time < b->sample.time);
}

/* How many items from this one on are of its series; their samples go to the array. */
static size_t take_series(const struct samples *samples, size_t begin, struct sample *array) {
    const struct item *first = &samples->items[begin];
    size_t count = 0;
    for (const struct item *item = first; item < samples->items + samples->count; item++) {
        if (item->counter != first->counter || item->instance != first->instance)
            break;
        array[count++] = item->sample;
    }
    return count;
}

bool samples_emit(struct samples *samples, const struct samples_head *head,
                  const struct source_events *events, struct error *error) {
    struct sample *array = memory_array(samples->count + 1, sizeof *array);
    bool good = true;
    if (samples->count > 1)
        qsort(samples->items, samples->count, sizeof *samples->items, compare);
    for (size_t i = 0; good && i < samples->count;) {
        const struct item *item = &samples->items[i];
        size_t count = take_series(samples, i, array);
        const struct series series = {
            .entity = head->entity,
            .counter = catalog_at(head->catalog, item->counter),
            .instance = item->instance,
            .interval = head->interval,
            .continues = !known_add(head->known, (int32_t)item->counter, item->instance),
            .count = count,
            .samples = array,
        };
        good = events->series(events->context, &series, error);
        i += count;
    }
    free(array);
    samples->count = 0;
    g_string_chunk_clear(samples->instances);
    return good;
}
