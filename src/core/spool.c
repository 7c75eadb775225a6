/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A record per series: a fixed head, the instance, the samples; or their values, after the times
 * where these are not those of the record before. Our copies of entities and counters stay in
 * memory; each is made once, and again when what it says has changed.
 */
#include "core/spool.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/copies.h"
#include "core/meanings.h"
#include "core/memory.h"
#include "core/temporary.h"

struct spool {
    FILE *file;
    size_t count; /* of records */
    size_t marked;
    off_t marked_end;
    struct copies *entities;
    struct meanings *counters;
    GArray *times; /* int64_t: of the columns that were written, or read, last */
};

struct head {
    const struct entity *entity;   /* ours */
    const struct counter *counter; /* ours */
    uint32_t instance_length;
    uint32_t count;
    int32_t interval;
    bool continues : 1;
    bool partial : 1;
    bool columns : 1;   /* times and values apart, */
    bool new_times : 1; /* and these are not those of the record before */
    bool same : 1;      /* one value for all */
};

struct spool *spool_new(struct error *error) {
    int descriptor = temporary_open(error);
    if (descriptor < 0)
        return NULL;
    struct spool *spool = memory_alloc(sizeof *spool);
    spool->file = memory_check(fdopen(descriptor, "w+"));
    spool->counters = meanings_new();
    spool->entities = copies_new();
    spool->times = g_array_new(FALSE, FALSE, sizeof(int64_t));
    return spool;
}

void spool_free(struct spool *spool) {
    if (!spool)
        return;
    fclose(spool->file);
    meanings_free(spool->counters);
    copies_free(spool->entities);
    g_array_free(spool->times, TRUE);
    free(spool);
}

static bool put(const struct spool *spool, const void *items, size_t size, size_t count) {
    return fwrite(items, size, count, spool->file) == count;
}

static bool get(const struct spool *spool, void *items, size_t size, size_t count) {
    return fread(items, size, count, spool->file) == count;
}

/* Series of an entity mostly have the same times. */
static bool has_new_times(const struct spool *spool, const struct series *series) {
    const int64_t *times = series->columns.times;
    return times && (spool->times->len != series->count ||
                     memcmp(spool->times->data, times, series->count * sizeof *times) != 0);
}

static bool put_columns(const struct spool *spool, const struct series *series,
                        const struct head *head) {
    const struct series_columns *columns = &series->columns;
    if (head->new_times) {
        g_array_set_size(spool->times, 0);
        g_array_append_vals(spool->times, columns->times, head->count);
    }
    return (!head->new_times || put(spool, columns->times, sizeof(int64_t), head->count)) &&
           put(spool, columns->values, sizeof(int64_t), head->same ? 1 : head->count);
}

bool spool_add(struct spool *spool, const struct series *series, struct error *error) {
    const struct head head = {
        .entity = copies_add(spool->entities, series->entity).entity,
        .counter = meanings_add(spool->counters, series->counter),
        .instance_length = (uint32_t)strlen(series->instance),
        .count = (uint32_t)series->count,
        .interval = series->interval,
        .continues = series->continues,
        .partial = series->partial,
        .columns = series->count && series->columns.times,
        .new_times = series->count && has_new_times(spool, series),
        .same = series->columns.same,
    };
    bool written =
        put(spool, &head, sizeof head, 1) &&
        put(spool, series->instance, 1, head.instance_length) &&
        (head.columns ? put_columns(spool, series, &head)
                      : put(spool, series->samples, sizeof *series->samples, head.count));
    spool->count += written;
    return written || temporary_fail("write", error);
}

void spool_mark(struct spool *spool) {
    spool->marked = spool->count;
    spool->marked_end = ftello(spool->file);
}

bool spool_truncate(struct spool *spool, struct error *error) {
    if (fseeko(spool->file, spool->marked_end, SEEK_SET) != 0)
        return temporary_fail("write", error);
    spool->count = spool->marked;
    g_array_set_size(spool->times, 0);
    return true;
}

static bool get_columns(const struct spool *spool, const struct head *head, int64_t *values,
                        struct series_columns *columns) {
    if (head->new_times)
        g_array_set_size(spool->times, head->count);
    *columns = (struct series_columns){(int64_t *)(void *)spool->times->data, values, head->same};
    return (!head->new_times || get(spool, spool->times->data, sizeof(int64_t), head->count)) &&
           get(spool, values, sizeof(int64_t), head->same ? 1 : head->count);
}

static bool replay_one(struct spool *spool, const struct head *head,
                       bool (*write)(void *context, const struct series *series,
                                     struct error *error),
                       void *context, struct error *error) {
    char *instance = memory_alloc(head->instance_length + 1);
    void *samples = memory_array(head->count, sizeof(struct sample)); /* or values */
    struct series series = {
        .entity = head->entity,
        .counter = head->counter,
        .instance = instance,
        .interval = head->interval,
        .continues = head->continues,
        .partial = head->partial,
        .count = head->count,
        .samples = head->columns ? NULL : samples,
    };
    bool read = get(spool, instance, 1, head->instance_length) &&
                (head->columns ? get_columns(spool, head, samples, &series.columns)
                               : get(spool, samples, sizeof(struct sample), head->count));
    bool good = read ? write(context, &series, error) : temporary_fail("read", error);
    free(samples);
    free(instance);
    return good;
}

bool spool_replay(struct spool *spool,
                  bool (*write)(void *context, const struct series *series, struct error *error),
                  void *context, struct error *error) {
    struct head head;
    if (fflush(spool->file) != 0 || fseeko(spool->file, 0, SEEK_SET) != 0)
        return temporary_fail("read", error);
    for (size_t i = 0; i < spool->count; i++) {
        if (fread(&head, sizeof head, 1, spool->file) != 1)
            return temporary_fail("read", error);
        if (!replay_one(spool, &head, write, context, error))
            return false;
    }
    return true;
}
