/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A table says what each counter means for which type; the rest is arithmetic. */
#include "report/usage.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "report/columns.h"
#include "report/demand.h"
#include "report/latencies.h"
#include "report/spill.h"

/* How a raw value becomes that of the metric. */
enum conversion {
    CONVERT_NOT,
    CONVERT_PERCENT,    /* from hundredths */
    CONVERT_PER_VCPU,   /* from ms in an interval to percent of the time of each vCPU */
    CONVERT_PER_SECOND, /* from a number in an interval */
    CONVERT_OF_MEMORY,  /* from hundredths of a percent to KiB */
};

enum { OF_VM = 1 << ENTITY_VM, OF_HOST = 1 << ENTITY_HOST, OF_BOTH = OF_VM | OF_HOST };

/* mem.usage means active on a guest of ESXi, consumed on a host, and needed on a guest of KVM. */
static const struct {
    const char *pattern;
    enum usage_metric metric;
    enum conversion conversion;
    int types;
    bool kvm_only;
} table[] = {
    {"cpu.usage.average", USAGE_CPU, CONVERT_PERCENT, OF_BOTH, false},
    {"cpu.usagemhz.average", USAGE_MHZ, CONVERT_NOT, OF_BOTH, false},
    {"cpu.utilization.average", USAGE_UTILIZATION, CONVERT_PERCENT, OF_HOST, false},
    {"cpu.coreUtilization.average", USAGE_CORES, CONVERT_PERCENT, OF_HOST, false},
    {"cpu.ready.summation", USAGE_READY, CONVERT_PER_VCPU, OF_VM, false},
    {"cpu.costop.summation", USAGE_COSTOP, CONVERT_PER_VCPU, OF_VM, false},
    {"guest.mem.needed.*", USAGE_NEED, CONVERT_NOT, OF_VM, false},
    {"mem.usage.average", USAGE_NEED, CONVERT_OF_MEMORY, OF_VM, true},
    {"mem.consumed.average", USAGE_CONSUMED, CONVERT_NOT, OF_BOTH, false},
    {"mem.active.average", USAGE_ACTIVE, CONVERT_NOT, OF_BOTH, false},
    {"mem.vmmemctl.average", USAGE_BALLOON, CONVERT_NOT, OF_BOTH, false},
    {"mem.swapped.average", USAGE_SWAPPED, CONVERT_NOT, OF_VM, false},
    {"mem.swapused.average", USAGE_SWAPPED, CONVERT_NOT, OF_HOST, false},
    {"disk.usage.average", USAGE_DISK, CONVERT_NOT, OF_BOTH, false},
    {"net.usage.average", USAGE_NET, CONVERT_NOT, OF_BOTH, false},
    {"net.droppedRx.summation", USAGE_DROPS, CONVERT_PER_SECOND, OF_VM, false},
};

struct usage {
    double limits[USAGE_METRICS];
    GPtrArray *entities;
    struct spaces *spaces;
    struct neighbours *neighbours;
    GHashTable *by_key;
    struct usage_entity *last; /* series of one entity mostly follow each other */
    GString *key;
    bool ends;        /* an entity is complete when the next one begins */
    bool once;        /* it does not come again */
    GArray *percents; /* that are kept of it */
    struct spill *spill;
    struct columns *columns;
    GArray *values; /* double: those of a series, for its timeline */
};

static void free_entity(gpointer data) {
    struct usage_entity *entity = data;
    for (size_t i = 0; i < USAGE_METRICS; i++)
        measure_done(&entity->measures[i]);
    for (size_t i = 0; i < USAGE_DEMANDS; i++)
        demand_free(entity->demand[i]);
    latencies_free(entity->latencies);
    free(entity->waited_on);
    free(entity->entity);
    free(entity);
}

struct usage *usage_new(const double limits[USAGE_METRICS]) {
    struct usage *usage = memory_alloc(sizeof *usage);
    memcpy(usage->limits, limits, sizeof usage->limits);
    usage->entities = g_ptr_array_new_with_free_func(free_entity);
    usage->by_key = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    usage->key = g_string_new(NULL);
    usage->spaces = spaces_new();
    usage->neighbours = neighbours_new();
    usage->percents = g_array_new(FALSE, FALSE, sizeof(double));
    usage->spill = spill_new();
    usage->columns = columns_new();
    usage->values = g_array_new(FALSE, FALSE, sizeof(double));
    return usage;
}

void usage_expect_ends(struct usage *usage, const double *percents, size_t count, bool once) {
    usage->ends = true;
    usage->once = once;
    g_array_append_vals(usage->percents, percents, (guint)count);
}

void usage_free(struct usage *usage) {
    if (!usage)
        return;
    g_hash_table_destroy(usage->by_key);
    g_ptr_array_free(usage->entities, TRUE);
    g_string_free(usage->key, TRUE);
    spaces_free(usage->spaces);
    neighbours_free(usage->neighbours);
    g_array_free(usage->percents, TRUE);
    spill_free(usage->spill);
    columns_free(usage->columns);
    g_array_free(usage->values, TRUE);
    free(usage);
}

void usage_add_counters(struct globs *counters) {
    const char *name = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
        globs_add(counters, table[i].pattern);
    for (size_t i = 0; (name = latencies_counter(i)); i++)
        globs_add(counters, name);
    for (size_t i = 0; (name = spaces_counter(i)); i++)
        globs_add(counters, name);
}

void usage_add_devices(struct globs *counters) {
    const char *name = NULL;
    for (size_t i = 0; (name = latencies_counter(i)); i++)
        globs_add(counters, name);
    for (size_t i = 0; (name = spaces_counter(i)); i++)
        globs_add(counters, name);
}

static struct usage_entity *add_entity(struct usage *usage, const struct entity *context) {
    struct usage_entity *entity = memory_alloc(sizeof *entity);
    entity->entity = entity_copy(context);
    g_ptr_array_add(usage->entities, entity);
    g_hash_table_insert(usage->by_key, memory_strdup(usage->key->str), entity);
    return entity;
}

/* Its values take less room from now on: that of the next one. */
static void end_entity(const struct usage *usage, struct usage_entity *entity,
                       struct usage_entity *next) {
    const double *percents = (const double *)(const void *)usage->percents->data;
    for (size_t i = 0; i < USAGE_METRICS; i++) {
        struct distribution *values = &entity->measures[i].values;
        if (usage->once)
            distribution_hand_over(values, percents, usage->percents->len,
                                   &next->measures[i].values);
        else
            spill_put(usage->spill, values);
    }
    latencies_free(entity->latencies);
    entity->latencies = NULL;
}

bool usage_complete(struct usage *usage, struct error *error) {
    const double *percents = (const double *)(const void *)usage->percents->data;
    bool good = true;
    for (guint i = 0; usage->ends && i < usage->entities->len; i++) {
        struct usage_entity *entity = g_ptr_array_index(usage->entities, i);
        for (size_t k = 0; good && k < USAGE_METRICS; k++) {
            good = spill_take(usage->spill, &entity->measures[k].values, error);
            if (good)
                distribution_reduce(&entity->measures[k].values, percents, usage->percents->len);
        }
    }
    return good;
}

static bool is_other_size(const struct entity *left, const struct entity *right) {
    return left->type == ENTITY_VM &&
           ((left->cpus && right->cpus && left->cpus != right->cpus) ||
            (left->memory_kib && right->memory_kib && left->memory_kib != right->memory_kib));
}

/* Its context is that of the newest series: sizes may have changed. */
static struct usage_entity *entity_for(struct usage *usage, const struct entity *context) {
    struct usage_entity *entity = usage->last;
    if (!entity || !entity_same(entity->entity, context)) {
        entity_key(context, usage->key);
        entity = g_hash_table_lookup(usage->by_key, usage->key->str);
    }
    if (!entity)
        entity = add_entity(usage, context);
    if (usage->ends && usage->last && usage->last != entity)
        end_entity(usage, usage->last, entity);
    usage->last = entity;
    if (entity_equal(entity->entity, context))
        return entity;
    entity->outgrown = entity->outgrown || (entity->measures[USAGE_CPU].values.total &&
                                            is_other_size(entity->entity, context));
    free(entity->entity);
    entity->entity = entity_copy(context);
    return entity;
}

/* False when there is no such value: nobody knows what it would be a part of. */
static bool scale_of(const struct series *series, enum conversion conversion, struct scale *scale) {
    const struct entity *entity = series->entity;
    *scale = (struct scale){1, 1};
    switch (conversion) {
    case CONVERT_NOT:
        return true;
    case CONVERT_PERCENT:
        scale->divisor = 100;
        return true;
    case CONVERT_PER_VCPU:
        scale->divisor = 10.0 * series->interval * entity->cpus;
        return entity->cpus > 0 && series->interval > 0;
    case CONVERT_PER_SECOND:
        scale->divisor = series->interval;
        return series->interval > 0;
    case CONVERT_OF_MEMORY:
        scale->factor = (double)entity->memory_kib / 10000;
        return entity->memory_kib > 0;
    }
    return false;
}

static void note_course(const struct usage *usage, struct usage_entity *entity,
                        const struct measure_columns *samples) {
    g_array_set_size(usage->values, (guint)samples->count);
    double *values = (double *)(void *)usage->values->data;
    for (size_t i = 0; i < samples->count; i++)
        values[i] = scale_value(&samples->scale, series_columns_value(&samples->columns, i));
    timeline_add_all(&entity->timeline,
                     &(struct measure_samples){samples->columns.times, values, samples->count,
                                               samples->interval});
}

/* Hosts of a cluster are added up time by time. */
static void note_demand(struct usage_entity *entity, enum usage_metric metric,
                        const struct series *series) {
    if (entity->entity->type != ENTITY_HOST || (metric != USAGE_MHZ && metric != USAGE_CONSUMED))
        return;
    enum usage_demand which = metric == USAGE_MHZ ? DEMAND_MHZ : DEMAND_MEMORY;
    GArray *demand = demand_part(&entity->demand[which], series->interval);
    guint begin = demand->len;
    g_array_set_size(demand, begin + (guint)series->count);
    for (size_t i = 0; i < series->count; i++)
        g_array_index(demand, struct sample, begin + i) =
            (struct sample){series->columns.times[i], series_columns_value(&series->columns, i)};
}

/* A guest may move from host to host. */
static void note_place(struct usage_entity *entity, const struct measure *ready, int64_t peak_time,
                       const char *host) {
    if (ready->peak_time == peak_time && entity->waited_on)
        return;
    free(entity->waited_on);
    entity->waited_on = memory_strdup(host);
}

static void add_samples(const struct usage *usage, struct usage_entity *entity, size_t row,
                        const struct series *series) {
    enum usage_metric metric = table[row].metric;
    struct measure *measure = &entity->measures[metric];
    const char *fidelity = series->counter->fidelity;
    struct measure_columns samples = {series->columns, series->count, series->interval, {1, 1}};
    measure->approximate |= fidelity && strcmp(fidelity, "approximate") == 0;
    if (!series->count || !scale_of(series, table[row].conversion, &samples.scale))
        return;
    int64_t peak_time = measure->peak_time;
    measure_add_columns(measure, &samples, usage->limits[metric]);
    note_demand(entity, metric, series);
    if (metric == USAGE_READY)
        note_place(entity, measure, peak_time, series->entity->host);
    if (metric == USAGE_MHZ && series->entity->type == ENTITY_VM)
        neighbours_add(usage->neighbours, entity, series);
    if (metric == USAGE_CPU)
        note_course(usage, entity, &samples);
}

static void note_latency(struct usage_entity *entity, double latency, int64_t time) {
    if (latency < entity->latency_peak ||
        (latency == entity->latency_peak && entity->latency_peak_time &&
         time >= entity->latency_peak_time))
        return;
    entity->latency_peak = latency;
    entity->latency_peak_time = time;
}

static void add_latencies(void *context, const struct latencies_pairs *pairs) {
    struct usage_entity *entity = context;
    bool idle = pairs->requests.same && *pairs->requests.values <= 0;
    for (size_t i = 0; !idle && i < pairs->count; i++) {
        int64_t requests = series_columns_value(&pairs->requests, i);
        double latency = (double)series_columns_value(&pairs->latencies, i);
        if (requests <= 0)
            continue;
        weighted_mean_add(&entity->latency, latency, (double)requests * pairs->interval);
        note_latency(entity, latency, pairs->latencies.times[i]);
    }
}

static bool is_meant(size_t row, const struct series *series) {
    const struct entity *entity = series->entity;
    bool esxi = g_strcmp0(entity->hypervisor, "esxi") == 0;
    return (table[row].types & 1 << entity->type) && !(table[row].kvm_only && esxi) &&
           fnmatch(table[row].pattern, series->counter->name, 0) == 0;
}

/* Percent of what it had before says nothing of what it has: its figures begin again. */
static void begin_again(struct usage_entity *guest, int64_t time) {
    for (size_t i = 0; i < USAGE_METRICS; i++) {
        measure_done(&guest->measures[i]);
        guest->measures[i] = (struct measure){.sum = 0};
    }
    guest->timeline = (struct timeline){.count = 0};
    guest->latency = (struct weighted_mean){0, 0};
    guest->latency_peak = 0;
    guest->latency_peak_time = 0;
    guest->resized = time;
}

static void write_columns(struct usage *usage, const struct series *series) {
    if (spaces_write(usage->spaces, series))
        return;
    struct usage_entity *entity = entity_for(usage, series->entity);
    if (entity->outgrown && series->count) {
        begin_again(entity, series->columns.times[0] - series->interval);
        entity->outgrown = false;
    }
    if (series->entity->type == ENTITY_VM) {
        const struct latencies_reader reader = {add_latencies, entity};
        if (!entity->latencies)
            entity->latencies = latencies_new();
        if (latencies_write(entity->latencies, series, &reader))
            return;
    }
    if (*series->instance)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
        if (is_meant(i, series))
            add_samples(usage, entity, i, series);
}

void usage_write(struct usage *usage, const struct series *series) {
    const struct series columns = columns_of(usage->columns, series);
    write_columns(usage, &columns);
}

static size_t row_of(enum usage_metric metric) {
    size_t i = 0;
    while (table[i].metric != metric)
        i++;
    return i;
}

const char *usage_metric_counter(enum usage_metric metric) {
    return table[row_of(metric)].pattern;
}

bool usage_metric_of_guests(enum usage_metric metric) {
    return table[row_of(metric)].types & OF_VM;
}

const struct neighbours *usage_neighbours(const struct usage *usage) {
    return usage->neighbours;
}

struct spaces *usage_spaces(const struct usage *usage) {
    return usage->spaces;
}

void usage_add_entity(struct usage *usage, const struct entity *entity, bool skipped) {
    entity_for(usage, entity)->skipped = skipped;
}

size_t usage_count(const struct usage *usage) {
    return usage->entities->len;
}

static int compare_entities(const void *a, const void *b) {
    const struct usage_entity *const *left = a, *const *right = b;
    int order = entity_compare((*left)->entity, (*right)->entity);
    return order ? order : g_strcmp0((*left)->entity->source, (*right)->entity->source);
}

void usage_sort(struct usage *usage) {
    g_ptr_array_sort(usage->entities, compare_entities);
}

struct usage_entity *usage_at(const struct usage *usage, size_t index) {
    return g_ptr_array_index(usage->entities, index);
}
