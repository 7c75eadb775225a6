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

/* Samples in ascending order, and how many of them have met or will not. */
struct list {
    const struct sample *samples;
    size_t count;
    size_t next;
};

/* Pairs of the same time go to the reader; what one side lacks up to here will not come. */
static void meet(struct list *latencies, struct list *requests, int32_t interval,
                 const struct latencies_reader *reader) {
    while (latencies->next < latencies->count && requests->next < requests->count) {
        const struct sample *latency = &latencies->samples[latencies->next];
        const struct sample *request = &requests->samples[requests->next];
        if (latency->time == request->time)
            reader->add(reader->context, latency->time, interval, (double)latency->value,
                        (double)request->value);
        latencies->next += latency->time <= request->time;
        requests->next += request->time <= latency->time;
    }
}

static struct list list_of(const GArray *samples) {
    return (struct list){(const struct sample *)(const void *)samples->data, samples->len, 0};
}

/* The samples of a side: those that do not meet any of the other side are kept. */
static void add(const struct disk *disk, enum side side, const struct series *series,
                const struct latencies_reader *reader) {
    GArray *mine = disk->samples[side], *others = disk->samples[!side];
    struct list lists[SIDES];
    bool waits = mine->len > 0;
    if (waits)
        g_array_append_vals(mine, series->samples, (guint)series->count);
    lists[side] = waits ? list_of(mine) : (struct list){series->samples, series->count, 0};
    lists[!side] = list_of(others);
    meet(&lists[LATENCY], &lists[REQUESTS], series->interval, reader);
    if (lists[!side].next)
        g_array_remove_range(others, 0, (guint)lists[!side].next);
    if (waits && lists[side].next)
        g_array_remove_range(mine, 0, (guint)lists[side].next);
    else if (!waits)
        g_array_append_vals(mine, series->samples + lists[side].next,
                            (guint)(series->count - lists[side].next));
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
    if (series->count)
        add(disk_for(latencies, counters[i].direction, series->instance), counters[i].side, series,
            reader);
    return true;
}
