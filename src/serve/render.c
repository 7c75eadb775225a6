/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Series are kept entity by entity and written family by family: first each gets its family, then
 * one family after the other is written. The labels of an entity are made once.
 */
#include "serve/render.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "serve/self_metrics.h"
#include "sink/openmetrics_text.h"

enum { LINE_BYTES = 200 }; /* about so long is a sample */

static const int64_t second_ns = 1000000000;

struct entry {
    const GString *labels; /* of the entity */
    const struct latest_series *series;
    struct metric_scale scale; /* servers may declare one counter in several units */
};

struct family {
    struct metric metric;
    GArray *entries;
};

/* What is known of a counter. */
struct known {
    struct family *family; /* NULL for one that is not wanted */
    struct metric_scale scale;
};

/* A page that is being made. */
struct page {
    struct store *store;
    const struct render_wish *wish;
    enum openmetrics_dialect dialect;
    int64_t now_ns;
    int64_t now;
    GHashTable *by_counter; /* struct known */
    GHashTable *by_name;    /* the families */
    GPtrArray *labels;
    GPtrArray *entities;
    struct series_count *counts;
    size_t shown;
};

static void free_family(gpointer pointer) {
    struct family *family = pointer;
    metric_done(&family->metric);
    g_array_free(family->entries, TRUE);
    free(family);
}

static void free_text(gpointer text) {
    g_string_free(text, TRUE);
}

static void page_init(struct page *page, struct store *store, const struct render_wish *wish) {
    *page = (struct page){
        .store = store,
        .wish = wish,
        .dialect = wish->openmetrics ? OPENMETRICS : PROMETHEUS,
        .now_ns = clock_boot_ns(),
        .now = clock_real_ns() / second_ns,
        .by_counter = g_hash_table_new_full(NULL, NULL, NULL, free),
        .by_name = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_family),
        .labels = g_ptr_array_new_with_free_func(free_text),
        .entities = g_ptr_array_new(),
        .counts = memory_array(store->count, sizeof *page->counts),
    };
}

static void page_done(struct page *page) {
    g_hash_table_destroy(page->by_counter);
    g_hash_table_destroy(page->by_name);
    g_ptr_array_free(page->labels, TRUE);
    g_ptr_array_free(page->entities, TRUE);
    free(page->counts);
}

/* Two meanings of one name, as of ESXi and KVM, are one family. It owns the metric. */
static struct family *family_of(const struct page *page, struct metric *metric) {
    struct family *family = g_hash_table_lookup(page->by_name, metric->name);
    if (family) {
        metric_done(metric);
        return family;
    }
    family = memory_alloc(sizeof *family);
    family->metric = *metric;
    family->entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
    g_hash_table_insert(page->by_name, family->metric.name, family);
    return family;
}

/* One that is not wanted has its name all the same: no wish changes those of others. */
static const struct known *known_of(const struct page *page, const struct counter *counter) {
    struct known *known = g_hash_table_lookup(page->by_counter, counter);
    struct metric metric;
    if (known)
        return known;
    known = memory_alloc(sizeof *known);
    metric_names_init(page->store->names, &metric, counter);
    known->scale = metric.scale;
    if (!page->wish->counters || globs_match(page->wish->counters, counter->name))
        known->family = family_of(page, &metric);
    else
        metric_done(&metric);
    g_hash_table_insert(page->by_counter, (gpointer)counter, known);
    return known;
}

static bool is_wanted(const struct page *page, size_t target) {
    return page->wish->target == RENDER_ALL || page->wish->target == target;
}

static void gather_series(struct page *page, const struct latest_series *series,
                          const GString *labels) {
    if (!is_wanted(page, series->target))
        return;
    bool fresh = store_fresh(page->store, series, page->now_ns, page->now);
    struct series_count *count = &page->counts[series->target];
    count->shown += fresh;
    count->stale += !fresh;
    const struct known *known = fresh ? known_of(page, series->counter) : NULL;
    if (!known || !known->family)
        return;
    const struct entry entry = {labels, series, known->scale};
    g_array_append_val(known->family->entries, entry);
    page->shown++;
}

/* One that is off has information, and no series. */
static bool is_present(const struct page *page, const struct latest_entity *entity) {
    return entity->age <= STORE_FRESH_ROUNDS &&
           store_answers(&page->store->targets[entity->target], page->now_ns);
}

static void gather_entity(struct page *page, const struct latest_entity *entity) {
    GString *labels = g_string_new(NULL);
    openmetrics_labels(labels, entity->entity);
    g_ptr_array_add(page->labels, labels);
    size_t before = page->shown;
    for (const struct latest_series *series = latest_series_first(entity); series;
         series = latest_series_next(series))
        gather_series(page, series, labels);
    if (page->shown > before || (is_wanted(page, entity->target) && is_present(page, entity)))
        g_ptr_array_add(page->entities, (gpointer)entity->entity);
}

static void write_entry(GString *text, const struct page *page, const struct metric *metric,
                        const struct entry *entry, GString *labels) {
    const struct latest_series *series = entry->series;
    struct openmetrics_value value = {.seconds = page->wish->timestamps ? series->sample.time
                                                                        : OPENMETRICS_NO_TIME};
    if (*series->instance) {
        g_string_truncate(labels, 0);
        g_string_append_len(labels, entry->labels->str, (gssize)entry->labels->len);
        openmetrics_label(labels, "instance", series->instance);
    }
    int64_t raw = metric->total ? series->total : series->sample.value;
    value.length = metric_text(value.text, entry->scale, raw);
    openmetrics_sample(text, page->dialect, metric, *series->instance ? labels : entry->labels,
                       &value);
}

static void write_family(GString *text, const struct page *page, const struct family *family) {
    GString *labels = g_string_new(NULL);
    openmetrics_family(text, page->dialect, &family->metric);
    for (guint i = 0; i < family->entries->len; i++)
        write_entry(text, page, &family->metric, &g_array_index(family->entries, struct entry, i),
                    labels);
    g_string_free(labels, TRUE);
}

static void write_entities(GString *text, const struct page *page) {
    openmetrics_info_family(text, page->dialect);
    for (guint i = 0; i < page->entities->len; i++)
        openmetrics_info(text, g_ptr_array_index(page->entities, i), NULL, 0);
}

static gint compare_names(gconstpointer left, gconstpointer right) {
    return strcmp(left, right);
}

static void write_families(GString *text, const struct page *page) {
    GList *names = g_list_sort(g_hash_table_get_keys(page->by_name), compare_names);
    for (const GList *name = names; name; name = name->next) {
        const struct family *family = g_hash_table_lookup(page->by_name, name->data);
        if (family->entries->len)
            write_family(text, page, family);
    }
    g_list_free(names);
}

struct body *render_metrics(struct store *store, const struct render_wish *wish) {
    struct page page;
    page_init(&page, store, wish);
    for (const struct latest_entity *entity = latest_first(store->latest); entity;
         entity = latest_next(entity))
        gather_entity(&page, entity);
    GString *text = g_string_sized_new(page.shown * LINE_BYTES);
    self_metrics_write(text, store, wish->target, page.counts, page.dialect);
    write_entities(text, &page);
    write_families(text, &page);
    openmetrics_end(text, page.dialect);
    page_done(&page);
    size_t size = text->len;
    return body_new(g_string_free(text, FALSE), size);
}
