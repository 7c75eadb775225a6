/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/neighbours.h"

#include <glib.h>
#include <stdlib.h>

#include "core/memory.h"

enum { KEPT = 2, MOST_INTERVALS = 1 << 20, MOST_LENGTHS = 8 };

/* The guests that used most in an interval, by their numbers; 0 for none. */
struct moment {
    uint32_t guests[KEPT];
    int32_t mhz[KEPT];
};

/* Intervals of one length, without a gap; those of another length are apart. */
struct host {
    int32_t interval;
    int64_t first; /* number of the first one, counted from 1970 */
    GArray *moments;
    struct host *next;
};

struct neighbours {
    GHashTable *hosts;
    GPtrArray *guests; /* the first one is none */
};

static void free_host(gpointer data) {
    for (struct host *host = data, *next = NULL; host; host = next) {
        next = host->next;
        g_array_free(host->moments, TRUE);
        free(host);
    }
}

struct neighbours *neighbours_new(void) {
    struct neighbours *neighbours = memory_alloc(sizeof *neighbours);
    neighbours->hosts = g_hash_table_new_full(g_str_hash, g_str_equal, free, free_host);
    neighbours->guests = g_ptr_array_new();
    g_ptr_array_add(neighbours->guests, NULL);
    return neighbours;
}

void neighbours_free(struct neighbours *neighbours) {
    if (!neighbours)
        return;
    g_hash_table_destroy(neighbours->hosts);
    g_ptr_array_free(neighbours->guests, TRUE);
    free(neighbours);
}

/* A guest of a source that names no hosts is on its only one. */
static char *key_of(const struct entity *guest, const char *host) {
    return memory_printf("%s\n%s", guest->source ? guest->source : "", host ? host : "");
}

static struct host *host_new(int32_t interval) {
    struct host *host = memory_alloc(sizeof *host);
    host->interval = interval;
    host->moments = g_array_new(FALSE, TRUE, sizeof(struct moment));
    return host;
}

/* NULL when its intervals have too many lengths. */
static struct host *host_for(const struct neighbours *neighbours, const struct series *series) {
    char *key = key_of(series->entity, series->entity->host);
    struct host *host = g_hash_table_lookup(neighbours->hosts, key);
    if (!host) {
        host = host_new(series->interval);
        g_hash_table_insert(neighbours->hosts, key, host);
        return host;
    }
    free(key);
    for (int lengths = 1; host && host->interval != series->interval; lengths++) {
        if (!host->next && lengths < MOST_LENGTHS)
            host->next = host_new(series->interval);
        host = host->next;
    }
    return host;
}

static uint32_t number_of(const struct neighbours *neighbours, const void *guest) {
    GPtrArray *guests = neighbours->guests;
    if (g_ptr_array_index(guests, guests->len - 1) != guest)
        g_ptr_array_add(guests, (gpointer)guest);
    return guests->len - 1;
}

static void insert(struct moment *moment, uint32_t guest, int32_t mhz) {
    if (mhz > moment->mhz[0]) {
        moment->guests[1] = moment->guests[0];
        moment->mhz[1] = moment->mhz[0];
        moment->guests[0] = guest;
        moment->mhz[0] = mhz;
    } else if (mhz > moment->mhz[1]) {
        moment->guests[1] = guest;
        moment->mhz[1] = mhz;
    }
}

/* Room for the intervals from first to last; false when these are too many. */
static bool cover(struct host *host, int64_t first, int64_t last) {
    int64_t end = host->first + host->moments->len;
    if (!host->moments->len)
        end = host->first = first;
    if (MAX(end, last + 1) - MIN(host->first, first) > MOST_INTERVALS)
        return false;
    if (first < host->first) {
        GArray *moments = g_array_new(FALSE, TRUE, sizeof(struct moment));
        g_array_set_size(moments, (guint)(host->first - first));
        g_array_append_vals(moments, host->moments->data, host->moments->len);
        g_array_free(host->moments, TRUE);
        host->moments = moments;
        host->first = first;
    }
    if (last >= end)
        g_array_set_size(host->moments, (guint)(last + 1 - host->first));
    return true;
}

static int64_t interval_of(const struct host *host, int64_t time) {
    return (time - 1) / host->interval;
}

/* Mostly, it is in the next interval, which saves a division. */
static bool follows(const int64_t *times, size_t index, int32_t interval) {
    return index && (uint64_t)times[index] - (uint64_t)times[index - 1] == (uint64_t)interval;
}

void neighbours_add(struct neighbours *neighbours, const void *guest, const struct series *series) {
    const struct series_columns *columns = &series->columns;
    if (!series->count || series->interval <= 0)
        return;
    struct host *host = host_for(neighbours, series);
    if (!host || !cover(host, interval_of(host, columns->times[0]),
                        interval_of(host, columns->times[series->count - 1])))
        return;
    uint32_t number = number_of(neighbours, guest);
    struct moment *moments = (struct moment *)(void *)host->moments->data;
    int64_t place = 0;
    for (size_t i = 0; i < series->count; i++) {
        place = follows(columns->times, i, host->interval)
                    ? place + 1
                    : interval_of(host, columns->times[i]) - host->first;
        insert(&moments[place], number, (int32_t)MIN(series_columns_value(columns, i), INT32_MAX));
    }
}

/* In the interval of this length that holds the time. */
static const void *find_in(const struct neighbours *neighbours, const struct host *host,
                           int64_t time, const void *self, double *mhz) {
    int64_t place = interval_of(host, time) - host->first;
    if (place < 0 || place >= host->moments->len)
        return NULL;
    const struct moment *moment = &g_array_index(host->moments, struct moment, place);
    for (size_t i = 0; i < KEPT; i++) {
        const void *other = g_ptr_array_index(neighbours->guests, moment->guests[i]);
        *mhz = moment->mhz[i];
        if (other && other != self)
            return other;
    }
    return NULL;
}

/* What guests, by their numbers, used in the seconds after begin until end; returns these. */
static double add_used(const struct host *host, int64_t begin, int64_t end, double *used) {
    double seconds = 0;
    int64_t place = MAX(interval_of(host, begin + 1) - host->first, 0);
    int64_t last = MIN(interval_of(host, end) - host->first, (int64_t)host->moments->len - 1);
    for (; place <= last; place++) {
        const struct moment *moment = &g_array_index(host->moments, struct moment, place);
        int64_t from = (host->first + place) * host->interval;
        double part = (double)(MIN(end, from + host->interval) - MAX(begin, from));
        for (size_t i = 0; i < KEPT; i++)
            used[moment->guests[i]] += moment->mhz[i] * part;
        seconds += moment->guests[0] ? part : 0;
    }
    return seconds;
}

/* By the time that intervals of other lengths have in common with this one. */
static const void *find_around(const struct neighbours *neighbours, const struct host *host,
                               int64_t begin, int64_t end, const void *self, double *mhz) {
    const GPtrArray *guests = neighbours->guests;
    double *used = memory_array(guests->len, sizeof *used), seconds = 0;
    guint most = 0;
    for (; host; host = host->next)
        seconds += add_used(host, begin, end, used);
    used[0] = 0;
    for (guint i = 1; i < guests->len; i++)
        if (used[i] > used[most] && g_ptr_array_index(guests, i) != self)
            most = i;
    *mhz = seconds > 0 ? used[most] / seconds : 0;
    free(used);
    return g_ptr_array_index(guests, most);
}

const void *neighbours_find(const struct neighbours *neighbours,
                            const struct neighbours_moment *moment, const void *self, double *mhz) {
    char *key = key_of(moment->guest, moment->host);
    const struct host *host = g_hash_table_lookup(neighbours->hosts, key), *same = host;
    free(key);
    while (same && same->interval != moment->interval)
        same = same->next;
    const void *found = same ? find_in(neighbours, same, moment->time, self, mhz) : NULL;
    if (found || !host || (same == host && !host->next))
        return found;
    return find_around(neighbours, host, moment->time - moment->interval, moment->time, self, mhz);
}
