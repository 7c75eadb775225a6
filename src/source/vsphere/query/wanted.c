/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/query/wanted.h"

#include <stdlib.h>

static guint hash(gconstpointer key) {
    const struct vim_series *series = key;
    return g_str_hash(series->instance) * 31 + (guint)series->counter_id;
}

static gboolean is_same(gconstpointer a, gconstpointer b) {
    const struct vim_series *left = a, *right = b;
    return left->counter_id == right->counter_id && g_str_equal(left->instance, right->instance);
}

void wanted_init(struct wanted *wanted, const struct query *query, const struct query_item *item) {
    *wanted = (struct wanted){query, item, g_hash_table_new(hash, is_same)};
}

static int compare_id(const void *id, const void *counter) {
    int32_t left = *(const int32_t *)id, right = (*(const struct counter *const *)counter)->id;
    return (left > right) - (left < right);
}

/* Instances by name are asked for as the entity lists them: also counters that its like lack. */
static bool has_listed(const struct wanted *wanted, int32_t id) {
    const struct query_item *item = wanted->item;
    return id >= item->counters[0]->id && id <= item->counters[item->count - 1]->id &&
           selection_has_counter(wanted->query->selection,
                                 catalog_resolve(wanted->query->catalog, id));
}

static bool has_counter(const struct wanted *wanted, int32_t id) {
    const struct query_item *item = wanted->item;
    if (!item->count)
        return false;
    if (item->listed)
        return has_listed(wanted, id);
    return bsearch(&id, item->counters, item->count, sizeof *item->counters, compare_id) != NULL;
}

bool wanted_has(const struct wanted *wanted, const struct vim_series *series) {
    bool is_instance = *series->instance != '\0';
    return has_counter(wanted, series->counter_id) &&
           !(is_instance && wanted->query->selection->aggregate_only) &&
           g_hash_table_add(wanted->met, (gpointer)series);
}

void wanted_done(struct wanted *wanted) {
    g_hash_table_destroy(wanted->met);
    *wanted = (struct wanted){0};
}
