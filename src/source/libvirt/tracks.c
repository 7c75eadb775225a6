/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/libvirt/tracks.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum { RENEWAL_POLLS = 10 /* until an unlisted guest is looked for again */ };

enum phase phase_next(enum phase before, const struct guest_sample *sample, bool same_run) {
    bool was_here = phase_is_here(before) && same_run;
    if (!sample)
        return PHASE_ABSENT;
    if (sample->move == MOVE_UNDER_WAY)
        return was_here ? PHASE_LEAVING : PHASE_COMING;
    if (before == PHASE_COMING || (before == PHASE_ABSENT && sample->move == MOVE_DONE))
        return PHASE_BASELINE;
    return PHASE_RUNS;
}

bool phase_is_here(enum phase phase) {
    return phase >= PHASE_BASELINE;
}

static void track_free(void *data) {
    struct track *track = data;
    if (!track)
        return;
    free(track->offered);
    known_done(&track->known);
    free(track);
}

static guint hash_uuid(gconstpointer key) {
    guint hash;
    memcpy(&hash, key, sizeof hash);
    return hash;
}

static gboolean same_uuid(gconstpointer a, gconstpointer b) {
    return memcmp(a, b, SAMPLE_UUID_SIZE) == 0;
}

static GHashTable *new_table(void) {
    return g_hash_table_new_full(hash_uuid, same_uuid, NULL, track_free);
}

void tracks_init(struct tracks *tracks, size_t counters) {
    *tracks = (struct tracks){.by_uuid = new_table(), .counters = counters};
}

void tracks_done(struct tracks *tracks) {
    g_hash_table_destroy(tracks->by_uuid);
    track_free(tracks->host);
    free(tracks->items);
    free(tracks->unlisted);
}

static struct track *track_new(const struct tracks *tracks) {
    struct track *track = memory_alloc(sizeof *track);
    track->id = -1;
    track->offered = memory_array(tracks->counters, sizeof *track->offered);
    return track;
}

/* The track of a guest, taken out of the old ones if it is there. */
static struct track *track_of(const struct tracks *tracks, GHashTable *old,
                              const unsigned char *uuid) {
    struct track *track = NULL;
    if (g_hash_table_steal_extended(old, uuid, NULL, (gpointer *)&track))
        return track;
    track = track_new(tracks);
    memcpy(track->uuid, uuid, SAMPLE_UUID_SIZE);
    return track;
}

static void follow_guest(struct tracks *tracks, GHashTable *old, const struct entity *entity,
                         bool selected) {
    unsigned char uuid[SAMPLE_UUID_SIZE];
    if (!sample_parse_uuid(entity->id, uuid) || g_hash_table_contains(tracks->by_uuid, uuid))
        return;
    struct track *track = track_of(tracks, old, uuid);
    track->entity = entity;
    track->selected = selected;
    g_hash_table_insert(tracks->by_uuid, track->uuid, track);
    tracks->items[tracks->count++] = track;
}

void tracks_follow(struct tracks *tracks, const struct inventory *inventory,
                   const struct selection *selection) {
    GHashTable *old = tracks->by_uuid;
    tracks->by_uuid = new_table();
    free(tracks->items);
    tracks->items = memory_array(inventory->count, sizeof *tracks->items);
    tracks->count = 0;
    for (size_t i = 0; i < inventory->count; i++) {
        const struct entity *entity = inventory->entities[i];
        bool selected = selection_has_entity(selection, entity);
        if (entity->type == ENTITY_VM)
            follow_guest(tracks, old, entity, selected);
        else if (selected && !tracks->host)
            tracks->host = track_new(tracks);
        if (entity->type == ENTITY_HOST && tracks->host)
            tracks->host->entity = entity;
    }
    g_hash_table_destroy(old);
}

struct track *tracks_find(const struct tracks *tracks, const unsigned char *uuid) {
    return g_hash_table_lookup(tracks->by_uuid, uuid);
}

void tracks_adopt(const struct tracks *tracks, const struct snapshot *now) {
    for (size_t i = 0; i < now->count; i++) {
        struct track *track = tracks_find(tracks, now->guests[i].uuid);
        if (track)
            track->id = now->guests[i].id;
    }
}

/* How many polls this run of the guest has been unlisted for. */
static unsigned unlisted_polls(const struct tracks *tracks, const struct guest_sample *guest) {
    for (size_t i = 0; i < tracks->unlisted_count; i++) {
        const struct unlisted *unlisted = &tracks->unlisted[i];
        if (unlisted->id == guest->id && same_uuid(unlisted->uuid, guest->uuid))
            return unlisted->polls;
    }
    return 0;
}

void tracks_note_unlisted(struct tracks *tracks, const struct snapshot *now) {
    struct unlisted *unlisted = NULL;
    size_t count = 0, capacity = 0;
    for (size_t i = 0; i < now->count; i++) {
        const struct guest_sample *guest = &now->guests[i];
        if (tracks_find(tracks, guest->uuid))
            continue;
        unlisted = memory_grow(unlisted, count, &capacity, sizeof *unlisted);
        memcpy(unlisted[count].uuid, guest->uuid, SAMPLE_UUID_SIZE);
        unlisted[count].id = guest->id;
        unlisted[count++].polls = unlisted_polls(tracks, guest) + 1;
    }
    free(tracks->unlisted);
    tracks->unlisted = unlisted;
    tracks->unlisted_count = count;
}

bool tracks_is_unlisted(const struct tracks *tracks, const struct guest_sample *guest) {
    return unlisted_polls(tracks, guest) > 1;
}

static bool is_news(const struct tracks *tracks, const struct guest_sample *guest) {
    const struct track *track = tracks_find(tracks, guest->uuid);
    if (!track)
        return !guest->is_host && unlisted_polls(tracks, guest) % RENEWAL_POLLS == 0;
    return track->id != guest->id || strcmp(track->entity->name, guest->name) != 0;
}

bool tracks_outdated(const struct tracks *tracks, const struct snapshot *now) {
    for (size_t i = 0; i < now->count; i++) {
        if (is_news(tracks, &now->guests[i]))
            return true;
    }
    for (size_t i = 0; i < tracks->count; i++) {
        const struct track *track = tracks->items[i];
        if (track->phase != PHASE_ABSENT && !snapshot_find(now, track->uuid) &&
            !snapshot_failure(now, track->uuid))
            return true;
    }
    return false;
}
