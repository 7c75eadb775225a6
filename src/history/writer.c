/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/writer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/known.h"
#include "core/memory.h"
#include "history/collected.h"
#include "history/events.h"
#include "history/fills.h"
#include "history/gaps.h"
#include "history/recent.h"
#include "history/registry.h"
#include "history/rounds.h"
#include "history/tidy.h"

enum {
    MAX_PENDING = 4 * 1024 * 1024, /* samples that wait for a disk with room */
    MUCH_PENDING = 1024 * 1024,
    FEW_SAMPLES = 16,
};

/* What came of a target since its last round. */
struct batch {
    const struct kept_target *target; /* of its newest entity; NULL: none has come */
    GPtrArray *entities;
    int64_t settled; /* gaps up to this time are not to be filled any more; 0: nothing is said */
    char *reason;    /* why samples are missing; NULL: not known */
};

struct writer {
    struct database *database;
    struct registry registry;
    struct tidy tidy;
    const struct log *log;
    GPtrArray *batches; /* by number of the target */
    struct events *events;
    size_t pending;       /* samples */
    size_t dropped;       /* samples, since the disk is full */
    bool failing;         /* the last commit did */
    struct recent recent; /* as committed */
};

static void batch_free(void *data) {
    struct batch *batch = data;
    g_ptr_array_free(batch->entities, TRUE);
    free(batch->reason);
    free(batch);
}

static struct batch *batch_for(struct writer *writer, unsigned target) {
    while (writer->batches->len <= target) {
        struct batch *batch = memory_alloc(sizeof *batch);
        batch->entities = g_ptr_array_new();
        g_ptr_array_add(writer->batches, batch);
    }
    return g_ptr_array_index(writer->batches, target);
}

struct writer *writer_open(const char *path, const struct retention *retention,
                           const struct log *log, struct error *error) {
    struct database *database = database_create(path, error);
    if (!database)
        return NULL;
    struct writer *writer = memory_alloc(sizeof *writer);
    writer->database = database;
    writer->tidy = (struct tidy){.retention = *retention, .log = log};
    writer->log = log;
    writer->batches = g_ptr_array_new_with_free_func(batch_free);
    writer->events = events_new();
    if (registry_open(&writer->registry, database, error)) {
        char *text = memory_printf("process %ld", (long)getpid());
        writer_note(writer, WRITER_STARTED, 0, NULL, NULL, text);
        free(text);
        return writer;
    }
    writer_close(writer);
    return NULL;
}

static struct kept_entity *find_entity(struct writer *writer, const struct entity *entity) {
    struct error error = {0};
    struct kept_entity *kept = registry_entity(&writer->registry, entity, &error);
    if (!kept && !writer->failing)
        log_error(writer->log, "%s", error.message);
    return kept;
}

static void touch(struct batch *batch, struct kept_entity *entity) {
    batch->target = entity->target;
    if (!entity->touched)
        g_ptr_array_add(batch->entities, entity);
    entity->touched = true;
}

static void note_change(struct writer *writer, enum writer_event kind, struct kept_entity *kept,
                        const char *before, const char *now) {
    if (!before || !now || !*before || !*now || strcmp(before, now) == 0)
        return;
    char *text = memory_printf("from %s to %s", before, now);
    if (!events_full(writer->events))
        events_add(writer->events, kind, NULL, kept, text);
    free(text);
}

static void describe(struct writer *writer, struct kept_entity *kept, const struct entity *entity) {
    const struct entity *before = kept->context;
    if (before && before != entity) {
        note_change(writer, WRITER_MOVED, kept, before->host, entity->host);
        note_change(writer, WRITER_RENAMED, kept, before->name, entity->name);
    }
    registry_describe(kept, entity);
}

static void set_reason(char **reason, const char *text) {
    free(*reason);
    *reason = memory_strdup(text);
}

/* Without room, the newest samples are worth least trouble: the server may still have them. */
static void drop(struct writer *writer, struct kept_entity *entity, size_t count) {
    writer->dropped += count;
    entity->dropped = true;
    set_reason(&entity->reason, "the history could not be written");
}

/* Readings and what fills gaps take no part in what follows each other. */
static bool is_marked(const struct kept_series *series) {
    return !series->reading && !series->fills;
}

static bool fills_gap(struct writer *writer, struct kept_entity *entity, int32_t interval,
                      int64_t time) {
    struct error error = {0};
    if (!entity->gaps)
        entity->gaps = fills_load(writer->database, entity, &error);
    return fills_has(entity->gaps, time, interval);
}

/* Of times behind this one a source may give samples again. */
static int64_t resumed_after(const struct kept_mark *kept) {
    return kept->resumed - (int64_t)KNOWN_TIMES * kept->mark.interval;
}

static bool load_recent(struct writer *writer, const struct kept_entity *entity,
                        const struct kept_mark *kept) {
    struct error ignored = {0};
    return recent_load(&writer->recent, writer->database, entity, resumed_after(kept), &ignored);
}

/* In an earlier run; what is older than it looks for counts as recorded. */
static bool is_given_again(struct writer *writer, const struct kept_entity *entity,
                           const struct kept_series *kept, const struct kept_mark *mark,
                           int64_t time) {
    if (time > mark->resumed)
        return false;
    return time <= resumed_after(mark) ||
           (load_recent(writer, entity, mark) && recent_has(&writer->recent, kept, time));
}

static bool is_recorded(struct writer *writer, struct kept_entity *entity,
                        const struct kept_series *kept, int64_t time, bool late) {
    if (!is_marked(kept))
        return kept->fills && !fills_gap(writer, entity, kept->interval, time);
    const struct kept_mark *mark = registry_mark(entity, kept->interval);
    return gaps_has(mark, time) && (!late || is_given_again(writer, entity, kept, mark, time));
}

static void append(struct writer *writer, struct kept_entity *entity, struct kept_series *kept,
                   const struct series *series) {
    if (writer->failing && writer->pending + series->count > MAX_PENDING) {
        drop(writer, entity, series->count);
        return;
    }
    kept->reading = series->counter->reading;
    kept->fills = series->fills;
    for (size_t i = 0; i < series->count; i++) {
        if (is_recorded(writer, entity, kept, series->samples[i].time, series->late))
            continue;
        if (!kept->count)
            g_ptr_array_add(entity->pending, kept);
        kept->samples =
            memory_grow(kept->samples, kept->count, &kept->capacity, sizeof *kept->samples);
        kept->samples[kept->count++] = series->samples[i];
        if (series->partial)
            gaps_lose(entity, series->samples[i].time, series->interval);
        writer->pending++;
    }
}

void writer_define(struct writer *writer, const struct catalog *catalog) {
    for (size_t i = 0; i < catalog_size(catalog); i++)
        registry_define(&writer->registry, catalog_at(catalog, i));
}

void writer_note(struct writer *writer, enum writer_event kind, unsigned target, const char *name,
                 const struct entity *entity, const char *text) {
    if (events_full(writer->events))
        return;
    struct kept_entity *kept = entity ? find_entity(writer, entity) : NULL;
    if (kept) {
        describe(writer, kept, entity);
        touch(batch_for(writer, target), kept);
    }
    events_add(writer->events, kind, name, kept, text);
}

void writer_see(struct writer *writer, unsigned target, const struct entity *entity) {
    struct kept_entity *kept = find_entity(writer, entity);
    if (!kept)
        return;
    describe(writer, kept, entity);
    touch(batch_for(writer, target), kept);
}

void writer_miss(struct writer *writer, unsigned target, const struct entity *entity,
                 const char *reason) {
    struct kept_entity *kept = entity ? find_entity(writer, entity) : NULL;
    if (!entity)
        set_reason(&batch_for(writer, target)->reason, reason);
    else if (kept)
        set_reason(&kept->reason, reason);
}

bool writer_mark(struct writer *writer, const struct entity *entity, int32_t interval,
                 struct mark *mark) {
    struct kept_entity *kept = find_entity(writer, entity);
    for (size_t i = 0; kept && i < kept->mark_count; i++) {
        if (kept->marks[i].mark.interval != interval || !kept->marks[i].mark.any)
            continue;
        *mark = kept->marks[i].mark;
        return true;
    }
    return false;
}

bool writer_lack(struct writer *writer, const struct entity *entity, int32_t interval,
                 int64_t *time) {
    struct kept_entity *kept = find_entity(writer, entity);
    struct kept_mark *mark = kept ? registry_mark(kept, interval) : NULL;
    if (!mark || !mark->mark.any)
        return false;
    mark->resumed = mark_after(&mark->mark) + interval - 1;
    return load_recent(writer, kept, mark) && recent_lack(&writer->recent, kept, &mark->mark, time);
}

/* A history that cannot be written has other troubles. */
bool writer_gap(struct writer *writer, unsigned target, struct window *window) {
    const struct batch *batch = batch_for(writer, target);
    struct error ignored = {0};
    return batch->target && !writer->failing &&
           fills_find(writer->database, batch->target, window, &ignored);
}

void writer_filled(struct writer *writer, unsigned target, const struct window *window) {
    batch_for(writer, target)->settled = window->until;
}

/* All sample times of an entity and interval; those of most series are the same. */
static GArray *times_of(const struct kept_entity *entity, int32_t interval) {
    GArray *times = g_array_new(FALSE, FALSE, sizeof(struct sample));
    const struct kept_series *before = NULL;
    for (guint i = 0; i < entity->pending->len; i++) {
        const struct kept_series *series = g_ptr_array_index(entity->pending, i);
        if (!is_marked(series))
            continue;
        bool alike = before && before->count == series->count;
        for (size_t k = 0; alike && k < series->count; k++)
            alike = before->samples[k].time == series->samples[k].time;
        if (series->interval == interval && !alike)
            g_array_append_vals(times, series->samples, (guint)series->count);
        before = series->interval == interval ? series : before;
    }
    g_array_set_size(times, (guint)samples_sort((struct sample *)(void *)times->data, times->len));
    return times;
}

static void mark_readings(struct kept_entity *entity) {
    int64_t newest = INT64_MIN;
    for (guint i = 0; i < entity->pending->len; i++) {
        const struct kept_series *series = g_ptr_array_index(entity->pending, i);
        if (series->reading)
            newest = MAX(newest, series->samples[series->count - 1].time);
    }
    if (newest != INT64_MIN)
        gaps_read(registry_mark(entity, READINGS_INTERVAL), newest);
}

/* What was missing before we began is missing because nobody recorded. */
static struct gap_reason reason_of(const struct batch *batch, const struct kept_entity *entity) {
    if (entity->reason)
        return (struct gap_reason){entity->reason, entity->dropped};
    if (!entity->recorded)
        return (struct gap_reason){"vperf did not record", true};
    if (batch->reason)
        return (struct gap_reason){batch->reason, true};
    return (struct gap_reason){"the source had no sample", false};
}

static bool write_marks(struct writer *writer, const struct batch *batch,
                        struct kept_entity *entity, struct error *error) {
    const struct gap_reason reason = reason_of(batch, entity);
    bool good = fills_write(writer->database, entity, error);
    for (size_t i = 0; good && i < entity->mark_count; i++) {
        struct kept_mark *kept = &entity->marks[i];
        GArray *times = times_of(entity, kept->mark.interval);
        for (guint k = 0; good && k < times->len; k++)
            good = gaps_add(writer->database, entity, kept,
                            g_array_index(times, struct sample, k).time, &reason, error);
        g_array_free(times, TRUE);
    }
    mark_readings(entity);
    return good && gaps_add_losses(writer->database, entity, &reason, error) &&
           gaps_save(writer->database, entity, error);
}

static bool write_batch(struct writer *writer, const struct batch *batch, struct error *error) {
    for (guint i = 0; i < batch->entities->len; i++)
        if (!registry_save(&writer->registry, g_ptr_array_index(batch->entities, i), error))
            return false;
    if (!rounds_write(writer->database, batch->entities, error))
        return false;
    for (guint i = 0; i < batch->entities->len; i++)
        if (!write_marks(writer, batch, g_ptr_array_index(batch->entities, i), error))
            return false;
    return !batch->settled || fills_settle(writer->database, batch->target, batch->settled, error);
}

static void clear_pending(struct writer *writer, struct batch *batch) {
    for (guint i = 0; i < batch->entities->len; i++) {
        struct kept_entity *entity = g_ptr_array_index(batch->entities, i);
        for (guint k = 0; k < entity->pending->len; k++) {
            struct kept_series *series = g_ptr_array_index(entity->pending, k);
            writer->pending -= series->count;
            series->count = 0;
            if (series->capacity > FEW_SAMPLES) {
                g_clear_pointer(&series->samples, free);
                series->capacity = 0;
            }
        }
        g_ptr_array_set_size(entity->pending, 0);
    }
}

static bool has_samples(const struct kept_entity *entity) {
    for (guint i = 0; i < entity->pending->len; i++)
        if (is_marked(g_ptr_array_index(entity->pending, i)))
            return true;
    return false;
}

static void forget_gaps(struct kept_entity *entity) {
    g_clear_pointer(&entity->gaps, g_array_unref);
    g_clear_pointer(&entity->losses, g_array_unref);
}

static void finish_batch(struct writer *writer, struct batch *batch) {
    bool any = false;
    registry_counters_saved(&writer->registry);
    for (guint i = 0; i < batch->entities->len; i++) {
        struct kept_entity *entity = g_ptr_array_index(batch->entities, i);
        registry_saved(entity);
        entity->touched = false;
        forget_gaps(entity);
        if (!has_samples(entity))
            continue;
        entity->recorded = true;
        any = true;
        if (!entity->dropped)
            g_clear_pointer(&entity->reason, free);
        entity->dropped = false;
    }
    events_written(writer->events);
    recent_done(&writer->recent);
    if (any)
        g_clear_pointer(&batch->reason, free);
    clear_pending(writer, batch);
    batch->settled = 0;
    g_ptr_array_set_size(batch->entities, 0);
}

static bool write_transaction(struct writer *writer, const struct batch *batch,
                              struct error *error) {
    registry_begin(&writer->registry);
    bool good = database_script(writer->database, "BEGIN IMMEDIATE", error) &&
                registry_save_counters(&writer->registry, error) &&
                write_batch(writer, batch, error) &&
                events_write(writer->events, &writer->registry, error) &&
                database_script(writer->database, "COMMIT", error);
    if (!good)
        database_undo(writer->database);
    return good;
}

/* A time that came twice waits once. */
static void sort_pending(struct writer *writer, const struct batch *batch) {
    for (guint i = 0; i < batch->entities->len; i++) {
        const struct kept_entity *entity = g_ptr_array_index(batch->entities, i);
        for (guint k = 0; k < entity->pending->len; k++) {
            struct kept_series *series = g_ptr_array_index(entity->pending, k);
            size_t count = samples_sort(series->samples, series->count);
            writer->pending -= series->count - count;
            series->count = count;
        }
    }
}

static bool commit(struct writer *writer, struct batch *batch, struct error *error) {
    sort_pending(writer, batch);
    GArray *marks = gaps_keep(batch->entities);
    bool good = write_transaction(writer, batch, error);
    gaps_settle(marks, good);
    if (good)
        finish_batch(writer, batch);
    return good;
}

static bool try_again(struct writer *writer, const struct error *failed, struct error *error) {
    if (!tidy_may_pass(failed))
        return error_set(error, ERROR_OUTPUT, "%s", failed->message);
    if (!writer->failing)
        log_error(writer->log, "%s; trying again with each round", failed->message);
    writer->failing = true;
    return true;
}

static void tell_back(struct writer *writer) {
    if (!writer->failing)
        return;
    if (writer->dropped)
        log_warn(writer->log, "'%s': is written again; %zu samples are lost",
                 database_path(writer->database), writer->dropped);
    else
        log_info(writer->log, "'%s': is written again; nothing is lost",
                 database_path(writer->database));
    writer->failing = false;
    writer->dropped = 0;
}

bool writer_is_gone(const struct writer *writer) {
    return !database_is_there(writer->database);
}

bool writer_commit(struct writer *writer, unsigned target, struct error *error) {
    struct batch *batch = batch_for(writer, target);
    struct error failed = {0};
    if (writer_is_gone(writer))
        return error_set(error, ERROR_OUTPUT, "'%s' was removed or replaced",
                         database_path(writer->database));
    if (!commit(writer, batch, &failed))
        return try_again(writer, &failed, error);
    tell_back(writer);
    return tidy_now(&writer->tidy, &writer->registry, error);
}

/* The entities before this one are complete: a round that catches up need not fit into memory. */
static void relieve(struct writer *writer, unsigned target) {
    struct error ended = {0};
    if (writer->pending > MUCH_PENDING && !writer->failing)
        (void)!writer_commit(writer, target, &ended); /* the end of the round tells */
}

void writer_add(struct writer *writer, unsigned target, const struct series *series) {
    struct kept_entity *entity = find_entity(writer, series->entity);
    if (!entity || !series->count || series->interval <= 0)
        return;
    if (!entity->touched) {
        relieve(writer, target);
        describe(writer, entity, series->entity);
        touch(batch_for(writer, target), entity);
    }
    append(writer, entity, registry_series(&writer->registry, entity, series), series);
}

void writer_close(struct writer *writer) {
    if (!writer)
        return;
    struct error error = {0};
    if (writer->registry.next_chunk)
        writer_note(writer, WRITER_STOPPED, 0, NULL, NULL, NULL);
    for (guint i = 0; i < writer->batches->len || (!i && !events_empty(writer->events)); i++)
        if (!commit(writer, batch_for(writer, i), &error) && !writer->failing) {
            log_error(writer->log, "%s", error.message);
            break;
        }
    if (writer->pending + writer->dropped)
        log_error(writer->log, "'%s': %zu samples are lost", database_path(writer->database),
                  writer->pending + writer->dropped);
    events_free(writer->events);
    recent_done(&writer->recent);
    registry_done(&writer->registry);
    g_ptr_array_free(writer->batches, TRUE);
    database_close(writer->database);
    free(writer);
}
