/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/query/breadth.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/vsphere/query/limits.h"

enum { PAUSE_SECONDS = 3600 };

/* Real time has no samples of them. */
static const char *const archived_rollups[] = {"none", "minimum", "maximum"};

bool breadth_is_archived(const struct counter *counter) {
    for (size_t i = 0; i < sizeof archived_rollups / sizeof *archived_rollups; i++)
        if (strcmp(counter->rollup, archived_rollups[i]) == 0)
            return true;
    return false;
}

static int compare_counters(const void *a, const void *b) {
    int32_t left = (*(const struct counter *const *)a)->id;
    int32_t right = (*(const struct counter *const *)b)->id;
    return (left > right) - (left < right);
}

bool breadth_is_extra(const struct breadth *breadth, const struct counter *counter) {
    return !offer_has(breadth->listed, counter);
}

/* Not what entities list and the catalogue lacks, nor what it had before it was read again. */
static bool is_defined(const struct catalog *catalog, const struct counter *counter) {
    return counter->has_id && counter->name[0] != '#' &&
           catalog_by_id(catalog, counter->id) == counter;
}

bool breadth_begin(struct breadth *breadth, const struct offer *listed,
                   const struct catalog *catalog, const struct selection *selection) {
    breadth_done(breadth);
    breadth->listed = listed;
    breadth->counters =
        memory_array(listed->count + catalog_size(catalog) + 1, sizeof *breadth->counters);
    breadth->whole = !catalog_left_out(catalog);
    for (size_t i = 0; i < catalog_size(catalog); i++) {
        const struct counter *counter = catalog_at(catalog, i);
        if (!is_defined(catalog, counter) || breadth_is_archived(counter))
            continue;
        if (!selection_has_counter(selection, counter))
            breadth->whole = false;
        else if (breadth_is_extra(breadth, counter))
            breadth->counters[breadth->count++] = counter;
    }
    bool more = breadth->count > 0;
    if (listed->count)
        memcpy(breadth->counters + breadth->count, listed->counters,
               listed->count * sizeof *listed->counters);
    breadth->count += listed->count;
    qsort(breadth->counters, breadth->count, sizeof *breadth->counters, compare_counters);
    return more;
}

static GHashTable *read_series(const struct _vim25__QueryPerfResponse *response) {
    GHashTable *series = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    for (int i = 0; i < response->__sizereturnval; i++) {
        const struct vim_entity_metric *metric = &response->returnval[i];
        for (size_t k = 0; k < metric->series_count; k++)
            g_hash_table_add(
                series, memory_printf("%s %d %s", metric->entity.value ? metric->entity.value : "",
                                      metric->series[k].counter_id, metric->series[k].instance));
    }
    return series;
}

/* What a probe is about. */
struct probe {
    struct breadth *breadth;
    const struct query *query;
    struct channel *channel;
    struct error *error; /* that ends the round */
    bool ended;          /* it is of no use to go on */
};

/* What a server refuses is no failure, nor what takes it too long. */
static void bear(struct probe *probe) {
    struct error *error = probe->error;
    probe->ended =
        error->kind != ERROR_FAULT || limits_judge(probe->channel, error) != LIMITS_PASSED;
    if (error->kind == ERROR_FAULT || error->kind == ERROR_TIMEOUT || probe->channel->too_long)
        error_clear(error);
}

/* The series that the item gives when it is asked so; NULL when the server does not give them. */
static GHashTable *ask(struct probe *probe, const struct query_item *item,
                       enum query_breadth kind) {
    struct query_item asked = *item;
    struct query_call call = {.items = &asked, .count = 1};
    struct _vim25__QueryPerfResponse response;
    asked.span = (struct span){.interval = item->span.interval, .newest = 1};
    atomic_store(&probe->breadth->kind, kind);
    breadth_widen(probe->breadth, &asked);
    atomic_store(&probe->breadth->kind, BREADTH_LISTED);
    if (!query_ask(probe->query, probe->channel, &call, &response, probe->error)) {
        bear(probe);
        return NULL;
    }
    probe->ended = query_unexpanded(&response);
    return probe->ended ? NULL : read_series(&response);
}

static bool has_all(GHashTable *series, GHashTable *wanted) {
    GHashTableIter each;
    gpointer one = NULL;
    g_hash_table_iter_init(&each, wanted);
    while (g_hash_table_iter_next(&each, &one, NULL))
        if (!g_hash_table_contains(series, one))
            return false;
    return g_hash_table_size(series) > 0;
}

/*
 * When no counter is named, all come, and all instances: only who wants them all asks so. That
 * saves 170 bytes and 800 instructions per series, which the names take to be written and sent.
 */
static bool is_possible(const struct query *query, enum query_breadth kind) {
    return kind == BREADTH_WIDE || (query->breadth->whole && !query->selection->aggregate_only);
}

static bool bears(struct probe *probe, const struct query_item *item, enum query_breadth kind,
                  GHashTable *usual) {
    if (!is_possible(probe->query, kind))
        return false;
    GHashTable *series = ask(probe, item, kind);
    bool good = series && has_all(series, usual);
    if (series)
        g_hash_table_destroy(series);
    return good;
}

static enum query_breadth find_kind(struct probe *probe, const struct query_item *item,
                                    GHashTable *usual) {
    static const enum query_breadth kinds[] = {BREADTH_ALL, BREADTH_WIDE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && probe->error->kind == ERROR_NONE; i++)
        if (bears(probe, item, kinds[i], usual))
            return kinds[i];
    return BREADTH_LISTED;
}

/* When nothing is listed, there is nothing to compare with: that it is no mistake is enough. */
static enum query_breadth find_without_list(struct probe *probe, const struct query_item *item) {
    GHashTable *series = ask(probe, item, BREADTH_WIDE);
    if (series)
        g_hash_table_destroy(series);
    return series ? BREADTH_WIDE : BREADTH_LISTED;
}

static enum query_breadth find_by_list(struct probe *probe, const struct query_item *items,
                                       size_t count) {
    enum query_breadth kind = BREADTH_LISTED;
    bool spoken = false;
    for (size_t i = 0; i < count && !spoken && !probe->ended; i++) {
        GHashTable *usual = ask(probe, &items[i], BREADTH_LISTED);
        spoken = usual && g_hash_table_size(usual); /* else another one may have series */
        if (spoken)
            kind = find_kind(probe, &items[i], usual);
        if (usual)
            g_hash_table_destroy(usual);
    }
    return kind;
}

size_t breadth_choose(const struct group *group, const struct query_item *items,
                      char *const *refusals, struct query_item probed[BREADTH_PROBED]) {
    const size_t members[BREADTH_PROBED] = {0, group->count - 1, group->count / 2};
    size_t count = 0;
    for (size_t i = 0; i < BREADTH_PROBED; i++)
        if (!refusals[group->members[members[i]]])
            probed[count++] = items[group->members[members[i]]];
    return count;
}

bool breadth_probe(struct breadth *breadth, const struct query *query, struct channel *channel,
                   const struct query_item *items, size_t count, struct error *error) {
    struct probe probe = {breadth, query, channel, error, false};
    enum query_breadth kind = BREADTH_LISTED;
    breadth->pause = (struct backoff){0};
    breadth->dropped = false;
    if (count)
        kind = breadth->listed->count ? find_by_list(&probe, items, count)
                                      : find_without_list(&probe, items);
    atomic_store(&breadth->kind, kind);
    if (error->kind != ERROR_NONE)
        return false;
    backoff_extend(&breadth->pause, query->now_ns, PAUSE_SECONDS, PAUSE_SECONDS);
    return true;
}

void breadth_widen(const struct breadth *breadth, struct query_item *item) {
    enum query_breadth kind = (enum query_breadth)atomic_load(&breadth->kind);
    if (kind == BREADTH_LISTED)
        return;
    item->breadth = kind;
    item->counters = breadth->counters;
    item->count = breadth->count;
    item->metrics = MAX(item->metrics, 1);
}

static void report_drop(const struct source_events *events) {
    events->missing(events->context, NULL,
                    "counters that its guests do not list are refused, and no longer asked for");
}

void breadth_drop(struct breadth *breadth, const struct source_events *events) {
    if (breadth_is_dropped(breadth))
        return;
    atomic_store(&breadth->kind, BREADTH_LISTED);
    breadth->dropped = true;
    report_drop(events);
}

void breadth_report(const struct breadth *breadth, const struct source_events *events) {
    if (breadth->dropped)
        report_drop(events);
}

bool breadth_is_dropped(const struct breadth *breadth) {
    return atomic_load(&breadth->kind) == BREADTH_LISTED;
}

enum query_breadth breadth_of(const struct breadth *breadth, const struct query_item *item,
                              const struct query_item *whole) {
    if (whole->breadth == BREADTH_LISTED)
        return BREADTH_LISTED;
    if (breadth_is_dropped(breadth))
        return BREADTH_DROPPED;
    return item->count < whole->count ? BREADTH_WIDE : whole->breadth;
}

void breadth_done(struct breadth *breadth) {
    free(breadth->counters);
    breadth->counters = NULL;
    breadth->count = 0;
}
