/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/query/wanted.h"

#include <stdlib.h>

#include "source/vsphere/query/breadth.h"

enum {
    LONG_RUN = 32,   /* series of one counter that are compared with each other */
    NEAR_PLACES = 8, /* that are looked at before all are searched */
};

static guint hash(gconstpointer key) {
    const struct vim_series *series = key;
    return g_str_hash(series->instance) * 31 + (guint)series->counter_id;
}

static gboolean is_same(gconstpointer a, gconstpointer b) {
    const struct vim_series *left = a, *right = b;
    return left->counter_id == right->counter_id && g_str_equal(left->instance, right->instance);
}

void wanted_init(struct wanted *wanted, const struct query *query, const struct query_item *item,
                 const struct vim_series *first) {
    *wanted = (struct wanted){.query = query, .item = item, .first = first, .run = first};
}

static int compare_id(const void *id, const void *counter) {
    int32_t left = *(const int32_t *)id, right = (*(const struct counter *const *)counter)->id;
    return (left > right) - (left < right);
}

/* Instances by name are asked for as the entity lists them: also counters that its like lack. */
static const struct counter *find_listed(const struct wanted *wanted, int32_t id) {
    const struct query_item *item = wanted->item;
    if (id < item->counters[0]->id || id > item->counters[item->count - 1]->id)
        return NULL;
    const struct counter *counter = catalog_resolve(wanted->query->catalog, id);
    return counter && selection_has_counter(wanted->query->selection, counter) ? counter : NULL;
}

/* Mostly a few places behind the one that was found last, as both ascend. */
static const struct counter *const *find_asked(struct wanted *wanted, int32_t id) {
    const struct query_item *item = wanted->item;
    const struct counter *const *counters = item->counters;
    size_t place = wanted->place, last = MIN(place + NEAR_PLACES, item->count - 1);
    while (place < last && counters[place]->id < id)
        place++;
    const struct counter *const *found = &counters[place];
    if ((*found)->id != id)
        found = bsearch(&id, counters, item->count, sizeof *counters, compare_id);
    if (found)
        wanted->place = (size_t)(found - counters);
    return found;
}

static const struct counter *find_counter(struct wanted *wanted, int32_t id) {
    const struct query_item *item = wanted->item;
    if (!item->count)
        return NULL;
    if (item->listed)
        return find_listed(wanted, id);
    const struct counter *const *found = find_asked(wanted, id);
    if (item->breadth != BREADTH_LISTED && breadth_is_dropped(wanted->query->breadth))
        return found && !breadth_is_extra(wanted->query->breadth, *found) ? *found : NULL;
    if (found || item->breadth != BREADTH_ALL)
        return found ? *found : NULL;
    const struct counter *counter = catalog_resolve(wanted->query->catalog, id);
    return counter && selection_has_counter(wanted->query->selection, counter) ? counter : NULL;
}

static bool is_in_run(const struct wanted *wanted, const struct vim_series *series) {
    for (const struct vim_series *other = wanted->run; other < series; other++)
        if (!other->malformed && is_same(other, series))
            return true;
    return false;
}

/* Servers keep the series of a counter together, mostly in the order of the counters. */
static bool continues_run(struct wanted *wanted, const struct vim_series *series) {
    if (series->counter_id > wanted->run->counter_id)
        wanted->run = series;
    return series->counter_id == wanted->run->counter_id && series - wanted->run < LONG_RUN;
}

static void remember(struct wanted *wanted, const struct vim_series *until) {
    wanted->met = g_hash_table_new(hash, is_same);
    for (const struct vim_series *other = wanted->first; other < until; other++)
        if (!other->malformed)
            g_hash_table_add(wanted->met, (gpointer)other);
}

static bool was_met(struct wanted *wanted, const struct vim_series *series) {
    if (!wanted->met && continues_run(wanted, series))
        return is_in_run(wanted, series);
    if (!wanted->met)
        remember(wanted, series);
    return !g_hash_table_add(wanted->met, (gpointer)series);
}

const struct counter *wanted_counter(struct wanted *wanted, const struct vim_series *series) {
    bool is_instance = *series->instance != '\0';
    bool met = was_met(wanted, series);
    if (met || (is_instance && wanted->query->selection->aggregate_only))
        return NULL;
    return find_counter(wanted, series->counter_id);
}

void wanted_done(struct wanted *wanted) {
    if (wanted->met)
        g_hash_table_destroy(wanted->met);
    *wanted = (struct wanted){0};
}
