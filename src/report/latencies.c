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

/* int64_t, in ascending order of the times. */
struct waiting {
    GArray *times;
    GArray *values;
};

/* One disk in one direction: what has not met yet of each side. */
struct disk {
    struct waiting waiting[SIDES];
};

struct latencies {
    GHashTable *disks; /* by direction and instance */
};

const char *latencies_counter(size_t index) {
    return index < G_N_ELEMENTS(counters) ? counters[index].name : NULL;
}

static void free_disk(gpointer data) {
    struct disk *disk = data;
    for (size_t i = 0; i < SIDES; i++) {
        g_array_free(disk->waiting[i].times, TRUE);
        g_array_free(disk->waiting[i].values, TRUE);
    }
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
    for (size_t i = 0; i < SIDES; i++) {
        disk->waiting[i].times = g_array_new(FALSE, FALSE, sizeof(int64_t));
        disk->waiting[i].values = g_array_new(FALSE, FALSE, sizeof(int64_t));
    }
    g_hash_table_insert(latencies->disks, key, disk);
    return disk;
}

/* Samples in ascending order, and how many of them have met or will not. */
struct list {
    struct series_columns columns;
    size_t count;
    size_t next;
};

static int64_t next_value(const struct list *list) {
    return series_columns_value(&list->columns, list->next);
}

/* Pairs of the same time go to the reader; what one side lacks up to here will not come. */
static void meet(struct list *latencies, struct list *requests, int32_t interval,
                 const struct latencies_reader *reader) {
    while (latencies->next < latencies->count && requests->next < requests->count) {
        int64_t time = latencies->columns.times[latencies->next];
        int64_t other = requests->columns.times[requests->next];
        if (time == other && next_value(requests) > 0)
            reader->add(reader->context, time, interval, next_value(latencies),
                        next_value(requests));
        latencies->next += time <= other;
        requests->next += other <= time;
    }
}

static const int64_t *numbers(const GArray *array) {
    return (const int64_t *)(const void *)array->data;
}

static struct list list_of(const struct waiting *waiting) {
    return (struct list){
        {numbers(waiting->times), numbers(waiting->values), false}, waiting->times->len, 0};
}

static void drop(const struct waiting *waiting, size_t count) {
    if (count) {
        g_array_remove_range(waiting->times, 0, (guint)count);
        g_array_remove_range(waiting->values, 0, (guint)count);
    }
}

/* The samples of the series from this one on. */
static void keep(const struct waiting *waiting, const struct series *series, size_t begin) {
    if (begin == series->count)
        return;
    g_array_append_vals(waiting->times, series->columns.times + begin,
                        (guint)(series->count - begin));
    for (size_t i = begin; i < series->count; i++) {
        int64_t value = series_columns_value(&series->columns, i);
        g_array_append_val(waiting->values, value);
    }
}

/* The samples of a side: those that do not meet any of the other side are kept. */
static void add(const struct disk *disk, enum side side, const struct series *series,
                const struct latencies_reader *reader) {
    const struct waiting *mine = &disk->waiting[side], *others = &disk->waiting[!side];
    struct list lists[SIDES];
    bool waits = mine->times->len > 0;
    if (waits)
        keep(mine, series, 0);
    lists[side] = waits ? list_of(mine) : (struct list){series->columns, series->count, 0};
    lists[!side] = list_of(others);
    meet(&lists[LATENCY], &lists[REQUESTS], series->interval, reader);
    drop(others, lists[!side].next);
    if (waits)
        drop(mine, lists[side].next);
    else
        keep(mine, series, lists[side].next);
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
