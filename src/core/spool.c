/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A record per series: a fixed head, the instance, the samples. Our copies of entities and counters
 * stay in memory; each is made once, and again when what it says has changed.
 */
#include "core/spool.h"

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
};

struct head {
    const struct entity *entity;   /* ours */
    const struct counter *counter; /* ours */
    uint32_t instance_length;
    uint32_t count;
    int32_t interval;
    bool continues;
    bool partial;
};

struct spool *spool_new(struct error *error) {
    int descriptor = temporary_open(error);
    if (descriptor < 0)
        return NULL;
    struct spool *spool = memory_alloc(sizeof *spool);
    spool->file = memory_check(fdopen(descriptor, "w+"));
    spool->counters = meanings_new();
    spool->entities = copies_new();
    return spool;
}

void spool_free(struct spool *spool) {
    if (!spool)
        return;
    fclose(spool->file);
    meanings_free(spool->counters);
    copies_free(spool->entities);
    free(spool);
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
    };
    bool written =
        fwrite(&head, sizeof head, 1, spool->file) == 1 &&
        fwrite(series->instance, 1, head.instance_length, spool->file) == head.instance_length &&
        fwrite(series->samples, sizeof *series->samples, head.count, spool->file) == head.count;
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
    return true;
}

static bool replay_one(struct spool *spool, const struct head *head,
                       bool (*write)(void *context, const struct series *series,
                                     struct error *error),
                       void *context, struct error *error) {
    char *instance = memory_alloc(head->instance_length + 1);
    struct sample *samples = memory_array(head->count, sizeof *samples);
    const struct series series = {
        .entity = head->entity,
        .counter = head->counter,
        .instance = instance,
        .interval = head->interval,
        .continues = head->continues,
        .partial = head->partial,
        .count = head->count,
        .samples = samples,
    };
    bool read = fread(instance, 1, head->instance_length, spool->file) == head->instance_length &&
                fread(samples, sizeof *samples, head->count, spool->file) == head->count;
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
