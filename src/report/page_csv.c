/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One wide row per entity; what a type does not have is empty. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/value.h"
#include "report/page.h"
#include "sink/records.h"

/* A cluster has no entity, a guest no capacity, and only a guest has advice. */
struct row {
    const struct findings *findings;
    struct usage_entity *entity;
    const struct capacity *capacity;
    const struct finding *finding;
};

enum statistic { AVERAGE, P50, P95, P99, PEAK, PEAK_TIME, ABOVE, STATISTICS };

static const char *const statistic_names[STATISTICS] = {
    "average", "p50", "p95", "p99", "peak", "peak_time", "seconds_above_limit",
};

/* The measures of a row and their statistics, as bits. */
static const struct {
    const char *name;
    enum usage_metric metric;
    int decimals;
    unsigned statistics;
} measures[] = {
    {"cpu_percent", USAGE_CPU, 2,
     1 << AVERAGE | 1 << P50 | 1 << P95 | 1 << P99 | 1 << PEAK | 1 << PEAK_TIME | 1 << ABOVE},
    {"cpu_mhz", USAGE_MHZ, 0, 1 << AVERAGE | 1 << P95 | 1 << PEAK},
    {"utilization_percent", USAGE_UTILIZATION, 2, 1 << AVERAGE | 1 << P95 | 1 << PEAK},
    {"ready_percent", USAGE_READY, 2,
     1 << AVERAGE | 1 << P95 | 1 << PEAK | 1 << PEAK_TIME | 1 << ABOVE},
    {"costop_percent", USAGE_COSTOP, 2, 1 << AVERAGE | 1 << P95 | 1 << PEAK},
    {"memory_needed_kib", USAGE_NEED, 0, 1 << AVERAGE | 1 << P95 | 1 << P99 | 1 << PEAK},
    {"memory_consumed_kib", USAGE_CONSUMED, 0,
     1 << AVERAGE | 1 << P50 | 1 << P95 | 1 << P99 | 1 << PEAK | 1 << PEAK_TIME},
    {"memory_active_kib", USAGE_ACTIVE, 0, 1 << AVERAGE | 1 << P95 | 1 << P99 | 1 << PEAK},
    {"balloon_kib", USAGE_BALLOON, 0, 1 << AVERAGE | 1 << PEAK},
    {"swapped_kib", USAGE_SWAPPED, 0, 1 << AVERAGE | 1 << PEAK},
    {"disk_kib_per_second", USAGE_DISK, 0, 1 << AVERAGE | 1 << P95 | 1 << PEAK},
    {"net_kib_per_second", USAGE_NET, 0, 1 << AVERAGE | 1 << P95 | 1 << PEAK},
    {"rx_drops_per_second", USAGE_DROPS, 2, 1 << AVERAGE | 1 << PEAK},
};

static const struct records_column identity[] = {
    {"type", false},       {"name", false},
    {"id", false},         {"source", false},
    {"hypervisor", false}, {"host", false},
    {"cluster", false},    {"state", false},
    {"cpus", true},        {"threads", true},
    {"cpu_mhz", true},     {"memory_kib", true},
    {"interval", true},    {"coverage_percent", true},
};

static const struct records_column after[] = {
    {"latency_ms_average", true},
    {"latency_ms_peak", true},
    {"latency_ms_peak_time", false},
    {"guests", true},
    {"vcpus", true},
    {"vcpus_per_core", true},
    {"allocated_kib", true},
    {"headroom_mhz", true},
    {"headroom_kib", true},
    {"spare_hosts", true},
    {"headroom_failed_mhz", true},
    {"headroom_failed_kib", true},
    {"more_average_guests", true},
    {"more_large_guests", true},
    {"mhz_per_day", true},
    {"mhz_per_day_low", true},
    {"mhz_per_day_high", true},
    {"mhz_days_left", true},
    {"kib_per_day", true},
    {"kib_per_day_low", true},
    {"kib_per_day_high", true},
    {"kib_days_left", true},
    {"class", false},
    {"advised_cpus", true},
    {"advised_memory_kib", true},
    {"freed_kib", true},
    {"rule", false},
};

/* A number with so many decimals, or an empty cell. */
static void put(struct records *records, bool known, double value, int decimals) {
    char *text = known ? memory_printf("%.*f", decimals, value) : NULL;
    records_text(records, text);
    free(text);
}

static void put_time(struct records *records, bool known, int64_t time) {
    char text[TIME_TEXT_SIZE] = "";
    if (known)
        time_text(text, time);
    records_text(records, text);
}

static void put_statistic(struct records *records, struct measure *measure, enum statistic which,
                          int decimals) {
    bool known = measure && measure_known(measure);
    switch (which) {
    case AVERAGE:
        put(records, known, known ? measure_average(measure) : 0, decimals);
        break;
    case P50:
        put(records, known, known ? measure_percentile(measure, 50) : 0, decimals);
        break;
    case P95:
        put(records, known, known ? measure_percentile(measure, 95) : 0, decimals);
        break;
    case P99:
        put(records, known, known ? measure_percentile(measure, 99) : 0, decimals);
        break;
    case PEAK:
        put(records, known, known ? measure->peak : 0, decimals);
        break;
    case PEAK_TIME:
        put_time(records, known, known ? measure->peak_time : 0);
        break;
    case ABOVE:
        put(records, known, known ? (double)measure->seconds_above : 0, 0);
        break;
    case STATISTICS:
        break;
    }
}

/* Of a cluster, the sum of its hosts. */
static struct measure *measure_of(const struct row *row, enum usage_metric metric) {
    if (row->entity)
        return &row->entity->measures[metric];
    if (!row->capacity)
        return NULL;
    if (metric == USAGE_MHZ)
        return (struct measure *)&row->capacity->demand;
    return metric == USAGE_CONSUMED ? (struct measure *)&row->capacity->consumed : NULL;
}

static void put_measures(struct records *records, const struct row *row) {
    for (size_t i = 0; i < G_N_ELEMENTS(measures); i++)
        for (enum statistic which = 0; which < STATISTICS; which++)
            if (measures[i].statistics & 1U << which)
                put_statistic(records, measure_of(row, measures[i].metric), which,
                              measures[i].decimals);
}

static void put_cluster(struct records *records, const struct capacity *capacity) {
    const char *const texts[] = {
        "cluster", capacity->name, NULL, capacity->source, capacity->hypervisor, NULL, NULL, NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        records_text(records, texts[i]);
    put(records, capacity->cores, (double)capacity->cores, 0);
    put(records, capacity->threads, (double)capacity->threads, 0);
    put(records, false, 0, 0);
    put(records, capacity->memory_kib > 0, capacity->memory_kib, 0);
}

static void put_entity(struct records *records, const struct entity *entity) {
    const char *const texts[] = {entity_type_name(entity->type),
                                 entity->name,
                                 entity->id,
                                 entity->source,
                                 entity->hypervisor,
                                 entity->host,
                                 entity->cluster,
                                 entity_state_name(entity->state)};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        records_text(records, texts[i]);
    records_number(records, entity->cpus, true);
    records_number(records, entity->threads, true);
    records_number(records, entity->cpu_mhz, true);
    records_number(records, entity->memory_kib, true);
}

static void put_identity(struct records *records, const struct row *row) {
    const struct measure *cpu = measure_of(row, row->entity ? USAGE_CPU : USAGE_MHZ);
    if (row->entity)
        put_entity(records, row->entity->entity);
    else if (row->capacity)
        put_cluster(records, row->capacity);
    put(records, cpu && measure_known(cpu), cpu ? cpu->longest : 0, 0);
    put(records, cpu, cpu ? measure_coverage(cpu, row->findings->window_seconds) : 0, 2);
}

static void put_latency(struct records *records, const struct usage_entity *entity) {
    bool known = entity && weighted_mean_known(&entity->latency);
    put(records, known, known ? weighted_mean_value(&entity->latency) : 0, 2);
    put(records, known, known ? entity->latency_peak : 0, 0);
    put_time(records, known, known ? entity->latency_peak_time : 0);
}

static void put_growth(struct records *records, const struct growth *growth) {
    put(records, growth->known, growth->trend.slope, 2);
    put(records, growth->known, growth->trend.low, 2);
    put(records, growth->known, growth->trend.high, 2);
    put(records, growth->ends, growth->days, 0);
}

static void put_capacity(struct records *records, const struct capacity *capacity) {
    static const struct capacity none;
    bool known = capacity != NULL;
    if (!known)
        capacity = &none;
    const struct headroom *now = &capacity->now, *failed = &capacity->failed;
    bool spare = capacity->spare > 0;
    const struct headroom *last = spare ? failed : now;
    put(records, known, (double)capacity->guests, 0);
    put(records, known, (double)capacity->vcpus, 0);
    put(records, capacity->cores > 0,
        capacity->cores ? (double)capacity->vcpus / (double)capacity->cores : 0, 2);
    put(records, known, capacity->allocated_kib, 0);
    put(records, now->has_mhz, now->mhz, 0);
    put(records, now->has_memory, now->memory_kib, 0);
    put(records, spare, (double)capacity->spare, 0);
    put(records, spare && failed->has_mhz, failed->mhz, 0);
    put(records, spare && failed->has_memory, failed->memory_kib, 0);
    put(records, last->has_more, last->more_average, 0);
    put(records, last->has_more, last->more_large, 0);
    put_growth(records, &capacity->mhz_growth);
    put_growth(records, &capacity->memory_growth);
}

static void put_advice(struct records *records, const struct finding *finding) {
    static const struct sizing_advice none;
    const struct sizing_advice *advice = finding ? &finding->advice : &none;
    records_text(records, finding ? sizing_class_name(advice->class) : NULL);
    records_number(records, advice->cpus, true);
    records_number(records, advice->memory_kib, true);
    put(records, advice->memory_kib > 0 && advice->class == CLASS_OVERSIZED, advice->reclaimed_kib,
        0);
    records_text(records, advice->rule);
}

static void put_row(struct records *records, const struct row *row) {
    put_identity(records, row);
    put_measures(records, row);
    put_latency(records, row->entity);
    put_capacity(records, row->capacity);
    put_advice(records, row->finding);
}

/* The columns borrow the names of measures. */
static GArray *make_columns(GPtrArray *names) {
    GArray *columns = g_array_new(FALSE, FALSE, sizeof(struct records_column));
    g_array_append_vals(columns, identity, G_N_ELEMENTS(identity));
    for (size_t i = 0; i < G_N_ELEMENTS(measures); i++) {
        for (enum statistic which = 0; which < STATISTICS; which++) {
            if (!(measures[i].statistics & 1U << which))
                continue;
            struct records_column column = {
                memory_printf("%s_%s", measures[i].name, statistic_names[which]),
                which != PEAK_TIME};
            g_ptr_array_add(names, (gpointer)column.name);
            g_array_append_val(columns, column);
        }
    }
    g_array_append_vals(columns, after, G_N_ELEMENTS(after));
    return columns;
}

void page_csv(FILE *stream, struct findings *findings, const struct page_options *options) {
    GPtrArray *names = g_ptr_array_new_with_free_func(free);
    GArray *columns = make_columns(names);
    struct records *records =
        records_new(stream, RECORDS_CSV, options->spreadsheet_safe,
                    (const struct records_column *)(void *)columns->data, columns->len);
    for (size_t i = 0; i < findings->capacity_count; i++) {
        const struct capacity *one = &findings->capacities[i];
        put_row(records, &(struct row){findings, one->host, one, NULL});
    }
    for (size_t i = 0; i < findings->guest_count; i++) {
        const struct finding *one = &findings->guests[i];
        put_row(records, &(struct row){findings, one->guest, NULL, one});
    }
    records_finish(records);
    records_free(records);
    g_array_free(columns, TRUE);
    g_ptr_array_free(names, TRUE);
}
