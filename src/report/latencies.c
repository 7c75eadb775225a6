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
    GArray *values; /* as many, or a single one when all are the same */
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

static int64_t *numbers(const GArray *array) {
    return (int64_t *)(void *)array->data;
}

/* Samples in ascending order, and how many of them have met or will not. */
struct list {
    struct series_columns columns;
    size_t count;
    size_t next;
};

static struct list list_of(const struct waiting *waiting) {
    size_t count = waiting->times->len;
    bool same = waiting->values->len < count;
    return (struct list){{numbers(waiting->times), numbers(waiting->values), same}, count, 0};
}

/* The samples that come next, as far as they are in columns. */
static struct series_columns rest_of(const struct list *list) {
    const struct series_columns *columns = &list->columns;
    return (struct series_columns){columns->times + list->next,
                                   columns->values + (columns->same ? 0 : list->next),
                                   columns->same};
}

/* So many samples at the same times. */
static void give(struct list *lists, size_t count, int32_t interval,
                 const struct latencies_reader *reader) {
    const struct latencies_pairs pairs = {
        .latencies = rest_of(&lists[LATENCY]),
        .requests = rest_of(&lists[REQUESTS]),
        .count = count,
        .interval = interval,
    };
    reader->add(reader->context, &pairs);
}

/* Mostly, both sides have the same times. */
static bool meet_at_once(struct list *lists, int32_t interval,
                         const struct latencies_reader *reader) {
    size_t count = lists[LATENCY].count;
    if (count != lists[REQUESTS].count ||
        (count && memcmp(lists[LATENCY].columns.times, lists[REQUESTS].columns.times,
                         count * sizeof(int64_t)) != 0))
        return false;
    give(lists, count, interval, reader);
    lists[LATENCY].next = lists[REQUESTS].next = count;
    return true;
}

/* Pairs of the same time go to the reader; what one side lacks up to here will not come. */
static void meet(struct list *lists, int32_t interval, const struct latencies_reader *reader) {
    struct list *latencies = &lists[LATENCY], *requests = &lists[REQUESTS];
    if (meet_at_once(lists, interval, reader))
        return;
    while (latencies->next < latencies->count && requests->next < requests->count) {
        int64_t time = latencies->columns.times[latencies->next];
        int64_t other = requests->columns.times[requests->next];
        if (time == other)
            give(lists, 1, interval, reader);
        latencies->next += time <= other;
        requests->next += other <= time;
    }
}

static void drop(const struct waiting *waiting, size_t count) {
    bool all = count == waiting->times->len;
    if (count && (all || waiting->values->len > 1))
        g_array_remove_range(waiting->values, 0, (guint)MIN(count, waiting->values->len));
    if (count)
        g_array_remove_range(waiting->times, 0, (guint)count);
}

static void fill(GArray *values, size_t count, int64_t value) {
    guint begin = values->len;
    g_array_set_size(values, (guint)(begin + count));
    for (size_t i = begin; i < values->len; i++)
        numbers(values)[i] = value;
}

/* The samples of the list from the next one on. */
static void keep(const struct waiting *waiting, const struct list *list) {
    size_t count = list->count - list->next, before = waiting->times->len;
    struct series_columns rest = rest_of(list);
    if (!count)
        return;
    g_array_append_vals(waiting->times, rest.times, (guint)count);
    if (before && waiting->values->len < before)
        fill(waiting->values, before - waiting->values->len, numbers(waiting->values)[0]);
    if (!rest.same)
        g_array_append_vals(waiting->values, rest.values, (guint)count);
    else
        fill(waiting->values, before ? count : 1, *rest.values);
}

/* The samples of a side: those that do not meet any of the other side are kept. */
static void add(const struct disk *disk, enum side side, const struct series *series,
                const struct latencies_reader *reader) {
    const struct waiting *mine = &disk->waiting[side], *others = &disk->waiting[!side];
    struct list lists[SIDES], own = {series->columns, series->count, 0};
    bool waits = mine->times->len > 0;
    if (waits)
        keep(mine, &own);
    lists[side] = waits ? list_of(mine) : own;
    lists[!side] = list_of(others);
    meet(lists, series->interval, reader);
    drop(others, lists[!side].next);
    if (waits)
        drop(mine, lists[side].next);
    else
        keep(mine, &lists[side]);
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
