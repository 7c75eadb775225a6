/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A record a series: a fixed head, the instance, the samples. Entities and counters stay in memory.
 */
#include "core/spool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/catalog.h"
#include "core/inventory.h"
#include "core/memory.h"

struct spool {
    FILE *file;
    struct inventory *entities;
    struct catalog *counters;
    const struct entity *last;   /* the entity of the last series, as its source knows it */
    const struct entity *copied; /* our copy of it */
};

struct head {
    const struct entity *entity;
    const struct counter *counter;
    size_t instance_length;
    size_t count;
    int32_t interval;
    bool continues;
};

static bool fail(const char *what, struct error *error) {
    return error_set(error, ERROR_OUTPUT, "cannot %s a temporary file: %s", what, strerror(errno));
}

struct spool *spool_new(struct error *error) {
    FILE *file = tmpfile();
    if (!file) {
        fail("make", error);
        return NULL;
    }
    struct spool *spool = memory_alloc(sizeof *spool);
    spool->file = file;
    spool->entities = inventory_new();
    spool->counters = catalog_new();
    return spool;
}

void spool_free(struct spool *spool) {
    if (!spool)
        return;
    fclose(spool->file);
    inventory_free(spool->entities);
    catalog_free(spool->counters);
    free(spool);
}

static const struct entity *copy_entity(struct spool *spool, const struct entity *entity) {
    if (spool->last != entity) {
        spool->last = entity;
        spool->copied = inventory_add(spool->entities, entity);
    }
    return spool->copied;
}

bool spool_add(struct spool *spool, const struct series *series, struct error *error) {
    const struct head head = {
        .entity = copy_entity(spool, series->entity),
        .counter = catalog_add(spool->counters, series->counter),
        .instance_length = strlen(series->instance),
        .count = series->count,
        .interval = series->interval,
        .continues = series->continues,
    };
    bool written =
        fwrite(&head, sizeof head, 1, spool->file) == 1 &&
        fwrite(series->instance, 1, head.instance_length, spool->file) == head.instance_length &&
        fwrite(series->samples, sizeof *series->samples, head.count, spool->file) == head.count;
    return written || fail("write", error);
}

static bool replay_one(struct spool *spool, const struct head *head,
                       bool (*write)(void *context, const struct series *series,
                                     struct error *error),
                       void *context, struct error *error) {
    char *instance = memory_alloc(head->instance_length + 1);
    struct sample *samples = memory_array(head->count + 1, sizeof *samples);
    const struct series series = {
        .entity = head->entity,
        .counter = head->counter,
        .instance = instance,
        .interval = head->interval,
        .continues = head->continues,
        .count = head->count,
        .samples = samples,
    };
    bool read = fread(instance, 1, head->instance_length, spool->file) == head->instance_length &&
                fread(samples, sizeof *samples, head->count, spool->file) == head->count;
    bool good = read ? write(context, &series, error) : fail("read", error);
    free(samples);
    free(instance);
    return good;
}

bool spool_replay(struct spool *spool,
                  bool (*write)(void *context, const struct series *series, struct error *error),
                  void *context, struct error *error) {
    struct head head;
    if (fflush(spool->file) != 0 || fseek(spool->file, 0, SEEK_SET) != 0)
        return fail("read", error);
    while (fread(&head, sizeof head, 1, spool->file) == 1)
        if (!replay_one(spool, &head, write, context, error))
            return false;
    return !ferror(spool->file) || fail("read", error);
}
