/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/history/parts.h"

#include <stdlib.h>

#include "core/memory.h"
#include "source/history/hours.h"

enum {
    PART_SAMPLES = 2 * 1024 * 1024, /* at a time */
    PIECE_SAMPLES = 256 * 1024,     /* for who takes pieces: what caches hold */
    MANY_SAMPLES = 32 * 1024,       /* worth a thread */
    HOUR_SECONDS = 3600,
};

/* What was told of bytes that are lost. */
struct damage {
    const struct reader_entity *entity;
    char *text;
};

struct part {
    const struct visit *visit;
    struct reader_entity *entity;
    bool begins; /* it is the entity's first */
    struct collected collected;
    size_t samples; /* about so many */
    GArray *damages;
    GThread *thread; /* NULL: none reads it */
    gint enough;     /* atomic: what is read is waited for: the rest is decoded by who waits */
    bool good;
    struct error error;
};

/* Where the next part begins. */
struct walk {
    const struct visit *visit;
    const struct parts_source *source;
    struct parts_entity rest;
    int64_t *ids; /* of the series of the entity that are wanted */
    size_t count;
    int64_t step;
    bool begins;
    struct block_room *room; /* to decode what the thread has not */
    size_t bytes;            /* the most that blocks of a part took */
};

bool parts_wants(const struct visit *visit, const struct reader_series *series) {
    bool any = visit->history->options.any_interval || hours_alone(visit);
    return (any || series->interval == visit->window->interval) &&
           selection_has_series(visit->selection, series->counter, series->instance);
}

/* The ids of the wanted series, which ascend; the caller frees them. */
static int64_t *choose(const struct visit *visit, const struct reader_entity *entity, bool hours,
                       size_t *count) {
    if (hours)
        return hourly_choose(entity, &(struct hourly_wish){visit, hours_want}, count);
    int64_t *ids = memory_array(entity->count + 1, sizeof *ids);
    *count = 0;
    for (size_t i = 0; i < entity->count; i++)
        if (parts_wants(visit, &entity->series[i]))
            ids[(*count)++] = entity->series[i].id;
    return ids;
}

void parts_choose(const struct visit *visit, const struct reader_entity *entity, bool hours,
                  struct collected *collected) {
    size_t count = 0;
    int64_t *ids = choose(visit, entity, hours, &count);
    collected_init(collected, ids, count);
    collected->interval = hours ? HOURLY_INTERVAL : 0;
    free(ids);
}

/* As many samples as a series without a gap has; blocks are of whole hours. */
static void expect(struct part *part) {
    const struct reader_entity *entity = part->entity;
    const struct collected *collected = &part->collected;
    int64_t seconds = collected->until - collected->after + 2 * HOUR_SECONDS;
    for (size_t i = 0, k = 0; k < collected->count; k++) {
        while (entity->series[i].id != collected->series[k].id)
            i++;
        int32_t interval = collected->interval ? collected->interval : entity->series[i].interval;
        int64_t samples = seconds / MAX(interval, 1) + 1;
        samples = MIN(samples, PART_SAMPLES / (int64_t)collected->count);
        collected_expect(collected, k, (size_t)samples);
        part->samples += (size_t)samples;
    }
}

/* The most samples that the wanted series have in the rest; mostly, that is what they have. */
static bool count_wanted(const struct walk *walk, int64_t *samples, struct error *error) {
    const struct parts_entity *rest = &walk->rest;
    int64_t hours = 0, in_hour = 0;
    if (!reader_hours(walk->visit->history->reader, rest->entity, rest->after, rest->until, &hours,
                      error))
        return false;
    for (size_t i = 0; i < rest->entity->count; i++)
        if (parts_wants(walk->visit, &rest->entity->series[i]))
            in_hour += HOUR_SECONDS / MAX(rest->entity->series[i].interval, 1);
    *samples = hours * in_hour;
    return true;
}

/* Stretches of about so many samples: an entity may have been recorded for years. */
static bool find_step(struct walk *walk, struct error *error) {
    const struct history *history = walk->visit->history;
    const struct parts_entity *rest = &walk->rest;
    bool pieces = history->options.pieces;
    int64_t samples = 0, most = pieces ? PIECE_SAMPLES : PART_SAMPLES;
    if (rest->hours ? !hours_count(walk->visit, rest, &samples, error)
        : pieces    ? !count_wanted(walk, &samples, error)
                    : !reader_samples(history->reader, rest->entity, rest->after, rest->until,
                                      &samples, error))
        return false;
    walk->step = (rest->until - rest->after) / (samples / most + 1) + 1;
    return true;
}

/* Where the part ends: with an hour, unless it is the last one, so that no block is read twice. */
static int64_t end_of(const struct walk *walk) {
    int64_t end = walk->rest.after + walk->step;
    if (end >= walk->rest.until)
        return walk->rest.until;
    return MIN((end / HOUR_SECONDS + 1) * HOUR_SECONDS, walk->rest.until);
}

/* What the next part is of; false when there is none, or on failure. */
static bool next_part(struct walk *walk, struct part *part, struct error *error) {
    struct parts_entity *rest = &walk->rest;
    while (!rest->entity || rest->after >= rest->until) {
        if (!walk->source->next(walk->source->context, rest, error) || !find_step(walk, error))
            return false;
        free(walk->ids);
        walk->ids = choose(walk->visit, rest->entity, rest->hours, &walk->count);
        walk->begins = true;
    }
    *part = (struct part){.visit = walk->visit, .entity = rest->entity, .begins = walk->begins};
    walk->begins = false;
    collected_init(&part->collected, walk->ids, walk->count);
    part->collected.interval = rest->hours ? HOURLY_INTERVAL : 0;
    if (!rest->hours)
        collected_defer(&part->collected, walk->bytes);
    if (walk->visit->history->options.columns)
        collected_in_columns(&part->collected);
    part->collected.after = rest->after;
    part->collected.until = rest->after = end_of(walk);
    expect(part);
    return true;
}

static void note_damage(void *context, const struct reader_entity *entity, const char *text) {
    struct part *part = context;
    struct damage damage = {entity, memory_strdup(text)};
    g_array_append_val(part->damages, damage);
}

static void decode(struct part *part, struct block_room *room, const gint *enough) {
    const struct reader_decoding decoding = {room, enough, note_damage, part};
    (void)!reader_decode(part->visit->history->reader, part->entity, &part->collected, &decoding);
}

/*
 * Nobody else uses the reader meanwhile. Blocks are decoded until somebody waits for the part: who
 * waits then goes on with that, while the next part is read.
 */
static gpointer read_part(gpointer data) {
    struct part *part = data;
    struct reader *reader = part->visit->history->reader;
    struct reader before = {.damaged = reader->damaged, .context = reader->context};
    reader->damaged = note_damage;
    reader->context = part;
    part->good = (part->collected.interval ? hourly_read : reader_read)(
        reader, part->entity, &part->collected, &part->error);
    decode(part, reader->room, &part->enough);
    reader->damaged = before.damaged;
    reader->context = before.context;
    return NULL;
}

/* Without a thread, it is read at once. */
static void start(struct part *part, bool beside) {
    part->damages = g_array_new(FALSE, FALSE, sizeof(struct damage));
    if (beside && part->samples > MANY_SAMPLES)
        part->thread = g_thread_try_new("history", read_part, part, NULL);
    if (!part->thread)
        read_part(part);
}

/* It has been read, though not all of it may be decoded. */
static bool wait_for(struct part *part, struct error *error) {
    g_atomic_int_set(&part->enough, 1);
    if (part->thread)
        g_thread_join(part->thread);
    part->thread = NULL;
    return part->good || error_set(error, part->error.kind, "%s", part->error.message);
}

/* What is left to decode, and what is lost. */
static void finish(struct walk *walk, struct part *part) {
    decode(part, walk->room, NULL);
    if (part->collected.bytes)
        walk->bytes = MAX(walk->bytes, part->collected.bytes->len);
    const struct source_events *events = part->visit->events;
    for (guint i = 0; i < part->damages->len; i++) {
        const struct damage *damage = &g_array_index(part->damages, struct damage, i);
        events->missing(events->context, damage->entity ? reader_present(damage->entity) : NULL,
                        damage->text);
    }
}

static void part_done(struct part *part) {
    if (part->thread)
        g_thread_join(part->thread);
    for (guint i = 0; part->damages && i < part->damages->len; i++)
        free(g_array_index(part->damages, struct damage, i).text);
    if (part->damages)
        g_array_free(part->damages, TRUE);
    collected_done(&part->collected);
    *part = (struct part){.entity = NULL};
}

static bool give(const struct walk *walk, struct part *part, struct error *error) {
    const struct parts_source *source = walk->source;
    if (part->begins)
        source->begin(source->context, part->entity);
    return source->give(source->context, part->entity, &part->collected, error);
}

bool parts_run(const struct visit *visit, const struct parts_source *source, struct error *error) {
    struct walk walk = {.visit = visit, .source = source, .room = block_room_new()};
    struct part parts[2] = {{.entity = NULL}, {.entity = NULL}};
    bool more = next_part(&walk, &parts[0], error), good = error->kind == ERROR_NONE;
    if (more)
        start(&parts[0], false);
    for (size_t now = 0; good && more; now = !now) {
        good = wait_for(&parts[now], error);
        more = good && next_part(&walk, &parts[!now], error);
        if (more)
            start(&parts[!now], true);
        finish(&walk, &parts[now]);
        good = good && error->kind == ERROR_NONE && give(&walk, &parts[now], error);
        part_done(&parts[now]);
    }
    part_done(&parts[0]);
    part_done(&parts[1]);
    free(walk.ids);
    block_room_free(walk.room);
    return good;
}
