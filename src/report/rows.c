/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/rows.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

/* A cluster has no entity, a guest no capacity, only a guest has advice, and what fills none. */
struct row {
    const struct findings *findings;
    const struct space *space;
    struct usage_entity *entity;
    const struct capacity *capacity;
    const struct finding *finding;
};

enum statistic { AVERAGE, P50, P95, P99, PEAK, PEAK_TIME, ABOVE, STATISTICS };

static const char *const statistic_names[STATISTICS] = {
    "average", "p50", "p95", "p99", "peak", "peak_time", "seconds_above_limit",
};

enum {
    ALL = 1 << AVERAGE | 1 << P50 | 1 << P95 | 1 << P99 | 1 << PEAK | 1 << PEAK_TIME,
    LIMITED = ALL | 1 << ABOVE,
};

/* The measures of a row and their statistics, as bits. */
static const struct {
    const char *name;
    enum usage_metric metric;
    int decimals;
    unsigned statistics;
} measures[] = {
    {"cpu_percent", USAGE_CPU, 2, LIMITED},
    {"cpu_mhz", USAGE_MHZ, 0, ALL},
    {"utilization_percent", USAGE_UTILIZATION, 2, ALL},
    {"core_utilization_percent", USAGE_CORES, 2, ALL},
    {"ready_percent", USAGE_READY, 2, LIMITED},
    {"costop_percent", USAGE_COSTOP, 2, ALL},
    {"memory_needed_kib", USAGE_NEED, 0, ALL},
    {"memory_consumed_kib", USAGE_CONSUMED, 0, ALL},
    {"memory_active_kib", USAGE_ACTIVE, 0, ALL},
    {"balloon_kib", USAGE_BALLOON, 0, ALL},
    {"swapped_kib", USAGE_SWAPPED, 0, ALL},
    {"disk_kib_per_second", USAGE_DISK, 0, ALL},
    {"net_kib_per_second", USAGE_NET, 0, ALL},
    {"rx_drops_per_second", USAGE_DROPS, 2, ALL},
};

static const struct grid_column identity[] = {
    {"type", false, NULL},       {"name", false, NULL},
    {"id", false, NULL},         {"source", false, NULL},
    {"hypervisor", false, NULL}, {"host", false, NULL},
    {"cluster", false, NULL},    {"state", false, NULL},
    {"cpus", true, NULL},        {"threads", true, NULL},
    {"cpu_mhz", true, NULL},     {"memory_kib", true, NULL},
    {"interval", true, NULL},    {"coverage_percent", true, NULL},
};

static const struct grid_column after[] = {
    {"latency_ms_average", true, NULL},
    {"latency_ms_peak", true, NULL},
    {"latency_ms_peak_time", false, NULL},
    {"guests", true, NULL},
    {"vcpus", true, NULL},
    {"vcpus_per_core", true, NULL},
    {"allocated_kib", true, NULL},
    {"headroom_mhz", true, NULL},
    {"headroom_kib", true, NULL},
    {"spare_hosts", true, NULL},
    {"headroom_failed_mhz", true, NULL},
    {"headroom_failed_kib", true, NULL},
    {"more_average_guests", true, NULL},
    {"more_large_guests", true, NULL},
    {"mhz_per_day", true, NULL},
    {"mhz_per_day_low", true, NULL},
    {"mhz_per_day_high", true, NULL},
    {"mhz_days_left", true, NULL},
    {"kib_per_day", true, NULL},
    {"kib_per_day_low", true, NULL},
    {"kib_per_day_high", true, NULL},
    {"kib_days_left", true, NULL},
    {"class", false, NULL},
    {"advised_cpus", true, NULL},
    {"advised_memory_kib", true, NULL},
    {"freed_kib", true, NULL},
    {"rule", false, NULL},
    {"file_system", false, NULL},
    {"capacity_kib", true, NULL},
    {"used_kib", true, NULL},
    {"used_percent", true, NULL},
    {"provisioned_percent", true, NULL},
    {"used_kib_per_day", true, NULL},
    {"used_kib_per_day_low", true, NULL},
    {"used_kib_per_day_high", true, NULL},
    {"days_to_full", true, NULL},
    {"days_to_full_low", true, NULL},
    {"days_to_full_high", true, NULL},
};

/* 0 is not known. */
static void put_positive(struct grid *grid, int64_t number) {
    grid_number(grid, number > 0, (double)number, 0);
}

static void put_statistic(struct grid *grid, struct measure *measure, enum statistic which,
                          int decimals) {
    bool known = measure && measure_known(measure);
    switch (which) {
    case AVERAGE:
        grid_number(grid, known, known ? measure_average(measure) : 0, decimals);
        break;
    case P50:
        grid_number(grid, known, known ? measure_percentile(measure, 50) : 0, decimals);
        break;
    case P95:
        grid_number(grid, known, known ? measure_percentile(measure, 95) : 0, decimals);
        break;
    case P99:
        grid_number(grid, known, known ? measure_percentile(measure, 99) : 0, decimals);
        break;
    case PEAK:
        grid_number(grid, known, known ? measure->peak : 0, decimals);
        break;
    case PEAK_TIME:
        grid_time(grid, known, known ? measure->peak_time : 0);
        break;
    case ABOVE:
        grid_number(grid, known, known ? (double)measure->seconds_above : 0, 0);
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

static void put_measures(struct grid *grid, const struct row *row) {
    for (size_t i = 0; i < G_N_ELEMENTS(measures); i++)
        for (enum statistic which = 0; which < STATISTICS; which++)
            if (measures[i].statistics & 1U << which)
                put_statistic(grid, measure_of(row, measures[i].metric), which,
                              measures[i].decimals);
}

static void put_cluster(struct grid *grid, const struct capacity *capacity) {
    const char *const texts[] = {
        "cluster", capacity->name, NULL, capacity->source, capacity->hypervisor, NULL, NULL, NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        grid_text(grid, texts[i]);
    grid_number(grid, capacity->cores, (double)capacity->cores, 0);
    grid_number(grid, capacity->threads, (double)capacity->threads, 0);
    grid_number(grid, false, 0, 0);
    grid_number(grid, capacity->memory_kib > 0, capacity->memory_kib, 0);
}

static void put_entity(struct grid *grid, const struct entity *entity, const char *type) {
    const char *const texts[] = {type,
                                 entity->name,
                                 entity->id,
                                 entity->source,
                                 entity->hypervisor,
                                 entity->host,
                                 entity->cluster,
                                 entity_state_name(entity->state)};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        grid_text(grid, texts[i]);
    put_positive(grid, entity->cpus);
    put_positive(grid, entity->threads);
    put_positive(grid, entity->cpu_mhz);
    put_positive(grid, entity->memory_kib);
}

static void put_identity(struct grid *grid, const struct row *row) {
    const struct measure *cpu = measure_of(row, row->entity ? USAGE_CPU : USAGE_MHZ);
    if (row->space)
        put_entity(grid, row->space->entity, *row->space->instance ? "filesystem" : "datastore");
    else if (row->entity)
        put_entity(grid, row->entity->entity, entity_type_name(row->entity->entity->type));
    else if (row->capacity)
        put_cluster(grid, row->capacity);
    grid_number(grid, cpu && measure_known(cpu), cpu ? cpu->longest : 0, 0);
    grid_number(grid, cpu, cpu ? measure_coverage(cpu, row->findings->window_seconds) : 0, 2);
}

static void put_latency(struct grid *grid, const struct usage_entity *entity) {
    bool known = entity && weighted_mean_known(&entity->latency);
    grid_number(grid, known, known ? weighted_mean_value(&entity->latency) : 0, 2);
    grid_number(grid, known, known ? entity->latency_peak : 0, 0);
    grid_time(grid, known, known ? entity->latency_peak_time : 0);
}

static void put_growth(struct grid *grid, const struct growth *growth) {
    grid_number(grid, growth->known, growth->trend.slope, 2);
    grid_number(grid, growth->known, growth->trend.low, 2);
    grid_number(grid, growth->known, growth->trend.high, 2);
    grid_number(grid, growth->ends, growth->days, 0);
}

static void put_capacity(struct grid *grid, const struct capacity *capacity) {
    static const struct capacity none;
    bool known = capacity != NULL;
    if (!known)
        capacity = &none;
    const struct headroom *now = &capacity->now, *failed = &capacity->failed;
    bool spare = capacity->spare > 0;
    const struct headroom *last = spare ? failed : now;
    grid_number(grid, known, (double)capacity->guests, 0);
    grid_number(grid, known, (double)capacity->vcpus, 0);
    grid_number(grid, capacity->cores > 0,
                capacity->cores ? (double)capacity->vcpus / (double)capacity->cores : 0, 2);
    grid_number(grid, known, capacity->allocated_kib, 0);
    grid_number(grid, now->has_mhz, now->mhz, 0);
    grid_number(grid, now->has_memory, now->memory_kib, 0);
    grid_number(grid, spare, (double)capacity->spare, 0);
    grid_number(grid, spare && failed->has_mhz, failed->mhz, 0);
    grid_number(grid, spare && failed->has_memory, failed->memory_kib, 0);
    grid_number(grid, last->has_more, last->more_average, 0);
    grid_number(grid, last->has_more, last->more_large, 0);
    put_growth(grid, &capacity->mhz_growth);
    put_growth(grid, &capacity->memory_growth);
}

static void put_advice(struct grid *grid, const struct finding *finding) {
    static const struct sizing_advice none;
    const struct sizing_advice *advice = finding ? &finding->advice : &none;
    grid_text(grid, finding ? sizing_class_name(advice->class) : NULL);
    put_positive(grid, advice->cpus);
    put_positive(grid, advice->memory_kib);
    grid_number(grid, advice->memory_kib > 0 && advice->class == CLASS_OVERSIZED,
                advice->reclaimed_kib, 0);
    grid_text(grid, *advice->rule ? advice->rule : NULL);
}

static void put_space(struct grid *grid, const struct space *space) {
    static const struct space none = {.instance = (char *)""};
    bool known = space != NULL;
    space = known ? space : &none;
    double capacity = space->newest[SPACE_OF_CAPACITY].kib;
    double provisioned = space->newest[SPACE_OF_PROVISIONED].kib;
    grid_text(grid, *space->instance ? space->instance : NULL);
    grid_number(grid, known, capacity, 0);
    grid_number(grid, known, known ? space_used(space) : 0, 0);
    grid_number(grid, known, known ? space_share(space) : 0, 2);
    grid_number(grid, space->newest[SPACE_OF_PROVISIONED].time,
                known ? 100 * provisioned / capacity : 0, 2);
    grid_number(grid, space->has_trend, space->trend.slope, 2);
    grid_number(grid, space->has_trend, space->trend.low, 2);
    grid_number(grid, space->has_trend, space->trend.high, 2);
    grid_number(grid, space->fills, space->days_left, 0);
    grid_number(grid, space->fills, space->days_low, 0);
    grid_number(grid, space->fills, space->days_high, 0);
}

static void put_row(struct grid *grid, const struct row *row) {
    put_identity(grid, row);
    put_measures(grid, row);
    put_latency(grid, row->entity);
    put_capacity(grid, row->capacity);
    put_advice(grid, row->finding);
    put_space(grid, row->space);
    grid_end_row(grid, NULL, NULL);
}

static void add_columns(GArray *columns, GPtrArray *names) {
    g_array_append_vals(columns, identity, G_N_ELEMENTS(identity));
    for (size_t i = 0; i < G_N_ELEMENTS(measures); i++) {
        for (enum statistic which = 0; which < STATISTICS; which++) {
            if (!(measures[i].statistics & 1U << which))
                continue;
            struct grid_column column = {
                .name = memory_printf("%s_%s", measures[i].name, statistic_names[which]),
                .number = which != PEAK_TIME,
            };
            g_ptr_array_add(names, (gpointer)column.name);
            g_array_append_val(columns, column);
        }
    }
    g_array_append_vals(columns, after, G_N_ELEMENTS(after));
}

struct grid *rows_list(struct findings *findings) {
    GPtrArray *names = g_ptr_array_new_with_free_func(free);
    GArray *columns = g_array_new(FALSE, FALSE, sizeof(struct grid_column));
    const struct spaces *spaces = usage_spaces(findings->usage);
    add_columns(columns, names);
    struct grid *grid =
        grid_new("Rows", (const struct grid_column *)(void *)columns->data, columns->len);
    for (size_t i = 0; i < findings->capacity_count; i++) {
        const struct capacity *one = &findings->capacities[i];
        put_row(grid, &(struct row){.findings = findings, .entity = one->host, .capacity = one});
    }
    for (size_t i = 0; i < findings->guest_count; i++) {
        const struct finding *one = &findings->guests[i];
        put_row(grid, &(struct row){.findings = findings, .entity = one->guest, .finding = one});
    }
    for (size_t i = 0; i < spaces_count(spaces); i++)
        put_row(grid, &(struct row){.findings = findings, .space = spaces_at(spaces, i)});
    g_array_free(columns, TRUE);
    g_ptr_array_free(names, TRUE);
    return grid;
}
