/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Of each disk and direction, what has not met yet is kept: mostly one of the two series. */
#include "report/latencies.h"

#include <glib.h>
#include <string.h>

#include "core/memory.h"

enum side { LATENCY, REQUESTS, SIDES };

static const struct {
    const char *name;
    char direction;
    enum side side;
} counters[] = {
    {"virtualDisk.totalReadLatency.average", 'r', LATENCY},
    {"virtualDisk.numberReadAveraged.average", 'r', REQUESTS},
    {"virtualDisk.totalWriteLatency.average", 'w', LATENCY},
    {"virtualDisk.numberWriteAveraged.average", 'w', REQUESTS},
};

/* One disk in one direction: samples in ascending order. */
struct disk {
    GArray *samples[SIDES];
};

struct latencies {
    GHashTable *disks; /* by direction and instance */
};

const char *latencies_counter(size_t index) {
    return index < G_N_ELEMENTS(counters) ? counters[index].name : NULL;
}

static void free_disk(gpointer data) {
    struct disk *disk = data;
    for (size_t i = 0; i < SIDES; i++)
        g_array_free(disk->samples[i], TRUE);
    g_free(disk);
}

struct latencies *latencies_new(void) {
    struct latencies *latencies = g_new0(struct latencies, 1);
    latencies->disks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_disk);
    return latencies;
}

void latencies_free(struct latencies *latencies) {
    if (!latencies)
        return;
    g_hash_table_destroy(latencies->disks);
    g_free(latencies);
}

static struct disk *disk_for(const struct latencies *latencies, char direction,
                             const char *instance) {
    char *key = g_strdup_printf("%c%s", direction, instance);
    struct disk *disk = g_hash_table_lookup(latencies->disks, key);
    if (disk) {
        g_free(key);
        return disk;
    }
    disk = g_new0(struct disk, 1);
    for (size_t i = 0; i < SIDES; i++)
        disk->samples[i] = g_array_new(FALSE, FALSE, sizeof(struct sample));
    g_hash_table_insert(latencies->disks, key, disk);
    return disk;
}

/* Pairs of the same time go to the reader; what one side lacks up to here will not come. */
static void meet(const struct disk *disk, int32_t interval, const struct latencies_reader *reader) {
    GArray *const *samples = disk->samples;
    guint next[SIDES] = {0, 0};
    while (next[LATENCY] < samples[LATENCY]->len && next[REQUESTS] < samples[REQUESTS]->len) {
        const struct sample *latency =
            &g_array_index(samples[LATENCY], struct sample, next[LATENCY]);
        const struct sample *requests =
            &g_array_index(samples[REQUESTS], struct sample, next[REQUESTS]);
        if (latency->time == requests->time)
            reader->add(reader->context, latency->time, interval, (double)latency->value,
                        (double)requests->value);
        next[LATENCY] += latency->time <= requests->time;
        next[REQUESTS] += requests->time <= latency->time;
    }
    for (size_t i = 0; i < SIDES; i++)
        g_array_remove_range(samples[i], 0, next[i]);
}

bool latencies_write(struct latencies *latencies, const struct series *series,
                     const struct latencies_reader *reader) {
    size_t i = 0;
    while (i < G_N_ELEMENTS(counters) && strcmp(counters[i].name, series->counter->name) != 0)
        i++;
    if (i == G_N_ELEMENTS(counters))
        return false;
    if (!*series->instance) /* an aggregate is no disk */
        return true;
    const struct disk *disk = disk_for(latencies, counters[i].direction, series->instance);
    g_array_append_vals(disk->samples[counters[i].side], series->samples, (guint)series->count);
    meet(disk, series->interval, reader);
    return true;
}
