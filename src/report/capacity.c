/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/capacity.h"

#include <math.h>
#include <stdlib.h>

#include "core/memory.h"
#include "report/demand.h"

enum { PERCENTILE = 95 };

static const double no_limit = INFINITY;

/* Those that a report tells. */
static const double percentiles[] = {50, PERCENTILE, 99};

static bool is_host(const struct usage_entity *entity) {
    return entity->entity->type == ENTITY_HOST;
}

static bool is_there(const struct usage_entity *entity) {
    enum entity_state state = entity->entity->state;
    return !entity->skipped && state != STATE_OFF && state != STATE_DISCONNECTED;
}

/* MHz that are always 0, of a host whose usage nobody knows, were not measured. */
static GArray *demand_of(const struct usage_entity *host, enum usage_demand which) {
    bool measured = which != DEMAND_MHZ || measure_known(&host->measures[USAGE_CPU]) ||
                    host->measures[USAGE_MHZ].peak > 0;
    return measured ? host->demand[which] : NULL;
}

static bool has_samples(const struct usage_entity *entity) {
    return (demand_of(entity, DEMAND_MHZ) || demand_of(entity, DEMAND_MEMORY)) && is_there(entity);
}

static bool in_cluster(const struct capacity *capacity, const struct entity *host) {
    return host->cluster && g_strcmp0(capacity->source, host->source) == 0 &&
           g_strcmp0(capacity->name, host->cluster) == 0;
}

/* The host is the one, or belongs to the cluster. */
static bool covers(const struct capacity *capacity, const struct usage_entity *host) {
    return capacity->host ? capacity->host == host : in_cluster(capacity, host->entity);
}

static char *key_of(const char *source, const char *name) {
    return memory_printf("%s\n%s", source ? source : "", name ? name : "");
}

/* Each guest gets the host that it runs on: by name, or the only one that its source has. */
static void link_guests(const struct usage *usage) {
    GHashTable *hosts = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    GHashTable *only = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    for (size_t i = 0; i < usage_count(usage); i++) {
        struct usage_entity *host = usage_at(usage, i);
        if (!is_host(host))
            continue;
        char *source = key_of(host->entity->source, NULL);
        bool first = !g_hash_table_contains(only, source);
        g_hash_table_insert(only, source, first ? host : NULL);
        g_hash_table_insert(hosts, key_of(host->entity->source, host->entity->name), host);
    }
    for (size_t i = 0; i < usage_count(usage); i++) {
        struct usage_entity *guest = usage_at(usage, i);
        const char *name = guest->entity->host;
        char *key = key_of(guest->entity->source, name);
        guest->host = g_hash_table_lookup(name ? hosts : only, key);
        free(key);
    }
    g_hash_table_destroy(hosts);
    g_hash_table_destroy(only);
}

static void add_host(struct capacity *capacity, struct usage_entity *host, GPtrArray *members) {
    const struct entity *entity = host->entity;
    if (!has_samples(host)) {
        capacity->hosts_without++;
        return;
    }
    g_ptr_array_add(members, host);
    capacity->hosts++;
    capacity->cores += entity->cpus;
    capacity->threads += entity->threads;
    capacity->mhz += (double)entity->cpus * entity->cpu_mhz;
    capacity->memory_kib += (double)entity->memory_kib;
    capacity->active_kib += measure_average(&host->measures[USAGE_ACTIVE]);
}

/* The days of a capacity, of MHz and KiB each. */
struct days {
    struct trend_days *mhz, *memory;
};

static void split(const GArray *sums, int64_t *times, double *values) {
    for (guint i = 0; i < sums->len; i++) {
        times[i] = g_array_index(sums, struct sample, i).time;
        values[i] = (double)g_array_index(sums, struct sample, i).value;
    }
}

/* Sorts the samples of all members; false when one has none. */
static bool sort_all(const GPtrArray *members, enum usage_demand which, struct capacity *capacity) {
    bool all = members->len > 0;
    for (guint i = 0; i < members->len; i++) {
        GArray *parts = demand_of(g_ptr_array_index(members, i), which);
        all = all && parts;
        for (guint k = 0; parts && k < parts->len; k++)
            demand_sort(g_array_index(parts, struct demand_part, k).samples);
        if (parts)
            capacity->times = MAX(capacity->times, demand_count(parts));
    }
    return all;
}

/* The sum over all members, for each time at which every member has a sample of the interval. */
static GArray *add_up(const GPtrArray *members, enum usage_demand which, int32_t interval) {
    GArray **lists = memory_array(members->len + 1, sizeof(GArray *));
    bool all = true;
    for (guint i = 0; i < members->len; i++) {
        lists[i] = demand_find(demand_of(g_ptr_array_index(members, i), which), interval);
        all = all && lists[i];
    }
    GArray *sums = demand_add_up(lists, all ? members->len : 0);
    free(lists);
    return sums;
}

static void add_percents(struct capacity *capacity, const struct measure_samples *sums) {
    double *percents = memory_array(sums->count + 1, sizeof *percents);
    for (size_t i = 0; i < sums->count; i++)
        percents[i] = 100 * sums->values[i] / capacity->mhz;
    struct measure_samples part = *sums;
    part.values = percents;
    timeline_add_all(&capacity->timeline, &part);
    hours_add_all(&capacity->hours, &part);
    free(percents);
}

static void add_sums(struct capacity *capacity, enum usage_demand which, const GArray *sums,
                     int32_t interval, struct trend_days *days) {
    struct measure *measure = which == DEMAND_MHZ ? &capacity->demand : &capacity->consumed;
    double *values = distribution_room(&measure->values, interval, sums->len);
    int64_t *times = memory_array(sums->len, sizeof *times);
    const struct measure_samples samples = {
        .times = times,
        .values = values,
        .count = sums->len,
        .interval = interval,
    };
    split(sums, times, values);
    measure_add_all(measure, &samples, no_limit);
    for (size_t i = 0; i < samples.count; i++)
        trend_days_add(days, times[i], interval, values[i]);
    if (which == DEMAND_MHZ && capacity->mhz > 0)
        add_percents(capacity, &samples);
    free(times);
}

static void add_demand(const GPtrArray *members, struct capacity *capacity, enum usage_demand which,
                       struct trend_days *days) {
    struct measure *measure = which == DEMAND_MHZ ? &capacity->demand : &capacity->consumed;
    size_t common_times = 0;
    if (!sort_all(members, which, capacity))
        return;
    const GArray *parts = demand_of(g_ptr_array_index(members, 0), which);
    for (guint i = 0; i < parts->len; i++) {
        int32_t interval = g_array_index(parts, struct demand_part, i).interval;
        GArray *sums = add_up(members, which, interval);
        common_times += sums->len;
        if (sums->len)
            add_sums(capacity, which, sums, interval, days);
        g_array_free(sums, TRUE);
    }
    capacity->common_times = MAX(capacity->common_times, common_times);
    distribution_reduce(&measure->values, percentiles, G_N_ELEMENTS(percentiles));
}

static void add_guest(struct capacity *capacity, const struct entity *guest) {
    capacity->guests++;
    capacity->vcpus += guest->cpus;
    capacity->allocated_kib += (double)guest->memory_kib;
}

/* What guests take on average, and a large one: over those that have both figures. */
struct typical {
    struct measure mhz, consumed;             /* averages of guests */
    struct measure large_mhz, large_consumed; /* their p95 */
};

static void add_typical(struct typical *typical, struct usage_entity *guest) {
    struct measure *mhz = &guest->measures[USAGE_MHZ];
    struct measure *consumed = &guest->measures[USAGE_CONSUMED];
    if (!measure_known(mhz) || !measure_known(consumed))
        return;
    measure_add(&typical->mhz, 0, 1, measure_average(mhz), no_limit);
    measure_add(&typical->consumed, 0, 1, measure_average(consumed), no_limit);
    measure_add(&typical->large_mhz, 0, 1, measure_percentile(mhz, PERCENTILE), no_limit);
    measure_add(&typical->large_consumed, 0, 1, measure_percentile(consumed, PERCENTILE), no_limit);
}

static void add_guests(const struct usage *usage, struct capacity *capacity,
                       struct typical *typical) {
    for (size_t i = 0; i < usage_count(usage); i++) {
        struct usage_entity *guest = usage_at(usage, i);
        if (guest->entity->type != ENTITY_VM || !is_there(guest))
            continue;
        if (!guest->host || !covers(capacity, guest->host) || !has_samples(guest->host))
            continue;
        add_guest(capacity, guest->entity);
        add_typical(typical, guest);
    }
}

static double whole(double left, double one) {
    return one > 0 ? floor(MAX(left, 0) / one) : INFINITY;
}

static double fitting(const struct headroom *headroom, double mhz, double kib) {
    return MIN(whole(headroom->mhz, mhz), whole(headroom->memory_kib, kib));
}

static struct headroom headroom_of(struct capacity *capacity, struct typical *typical, double mhz,
                                   double memory_kib) {
    struct headroom headroom = {
        .has_mhz = capacity->mhz > 0 && measure_known(&capacity->demand),
        .has_memory = capacity->memory_kib > 0 && measure_known(&capacity->consumed),
        .mhz = mhz - measure_percentile(&capacity->demand, PERCENTILE),
        .memory_kib = memory_kib - measure_percentile(&capacity->consumed, PERCENTILE),
    };
    headroom.holds_peak = headroom.has_mhz && headroom.has_memory && capacity->demand.peak <= mhz &&
                          capacity->consumed.peak <= memory_kib;
    headroom.has_more = headroom.has_mhz && headroom.has_memory && measure_known(&typical->mhz);
    if (!headroom.has_more)
        return headroom;
    headroom.more_average =
        fitting(&headroom, measure_average(&typical->mhz), measure_average(&typical->consumed));
    headroom.more_large = fitting(&headroom, measure_percentile(&typical->large_mhz, PERCENTILE),
                                  measure_percentile(&typical->large_consumed, PERCENTILE));
    headroom.has_more = isfinite(headroom.more_average) && isfinite(headroom.more_large);
    return headroom;
}

static int descending(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left < right) - (left > right);
}

/* The sum of the largest ones. */
static double largest(GArray *sizes, size_t count) {
    double sum = 0;
    g_array_sort(sizes, descending);
    for (guint i = 0; i < sizes->len && i < count; i++)
        sum += g_array_index(sizes, double, i);
    return sum;
}

/* CPU and memory each without the hosts that have most of it: no failure takes more. */
static void set_headroom(const GPtrArray *members, struct capacity *capacity,
                         struct typical *typical) {
    GArray *mhz = g_array_new(FALSE, FALSE, sizeof(double));
    GArray *memory = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < members->len; i++) {
        const struct usage_entity *host = g_ptr_array_index(members, i);
        double one_mhz = (double)host->entity->cpus * host->entity->cpu_mhz;
        double one_memory = (double)host->entity->memory_kib;
        g_array_append_val(mhz, one_mhz);
        g_array_append_val(memory, one_memory);
    }
    capacity->now = headroom_of(capacity, typical, capacity->mhz, capacity->memory_kib);
    capacity->failed = headroom_of(capacity, typical, capacity->mhz - largest(mhz, capacity->spare),
                                   capacity->memory_kib - largest(memory, capacity->spare));
    g_array_free(mhz, TRUE);
    g_array_free(memory, TRUE);
}

/* No date for what shrinks, or may be flat. */
static struct growth growth_of(const struct trend_days *days, bool has_left, double left) {
    struct growth growth = {.known = false};
    growth.known = trend_days_trend(days, &growth.trend);
    growth.ends = growth.known && has_left && growth.trend.low > 0;
    if (!growth.ends)
        return growth;
    left = MAX(left, 0);
    growth.days = left / growth.trend.slope;
    growth.days_low = left / growth.trend.high;
    growth.days_high = left / growth.trend.low;
    return growth;
}

static void set_growth(struct capacity *capacity, const struct days *days) {
    const struct headroom *left = capacity->spare ? &capacity->failed : &capacity->now;
    capacity->mhz_growth = growth_of(days->mhz, left->has_mhz, left->mhz);
    capacity->memory_growth = growth_of(days->memory, left->has_memory, left->memory_kib);
}

static void fill(const struct usage *usage, struct capacity *capacity) {
    struct typical typical = {.mhz = {.peak = 0}};
    GPtrArray *members = g_ptr_array_new(); /* with samples */
    for (size_t i = 0; i < usage_count(usage); i++) {
        struct usage_entity *host = usage_at(usage, i);
        if (is_host(host) && covers(capacity, host))
            add_host(capacity, host, members);
    }
    const struct days days = {trend_days_new(), trend_days_new()};
    capacity->spare = MIN(capacity->spare, capacity->hosts);
    add_demand(members, capacity, DEMAND_MHZ, days.mhz);
    add_demand(members, capacity, DEMAND_MEMORY, days.memory);
    add_guests(usage, capacity, &typical);
    set_headroom(members, capacity, &typical);
    set_growth(capacity, &days);
    trend_days_free(days.mhz);
    trend_days_free(days.memory);
    measure_done(&typical.mhz);
    measure_done(&typical.consumed);
    measure_done(&typical.large_mhz);
    measure_done(&typical.large_consumed);
    g_ptr_array_free(members, TRUE);
}

static bool is_listed(GArray *list, const struct entity *host) {
    for (guint i = 0; i < list->len; i++)
        if (in_cluster(&g_array_index(list, struct capacity, i), host))
            return true;
    return false;
}

static size_t hosts_of(const struct usage *usage, const struct capacity *capacity) {
    size_t hosts = 0;
    for (size_t i = 0; i < usage_count(usage); i++)
        hosts += is_host(usage_at(usage, i)) && covers(capacity, usage_at(usage, i));
    return hosts;
}

static void list_clusters(const struct usage *usage, size_t spare, GArray *list) {
    for (size_t i = 0; i < usage_count(usage); i++) {
        const struct entity *host = usage_at(usage, i)->entity;
        if (host->type != ENTITY_HOST || !host->cluster || is_listed(list, host))
            continue;
        struct capacity cluster = {.name = host->cluster,
                                   .source = host->source,
                                   .hypervisor = host->hypervisor,
                                   .spare = spare};
        if (hosts_of(usage, &cluster) > 1)
            g_array_append_val(list, cluster);
    }
}

static void list_hosts(const struct usage *usage, GArray *list) {
    for (size_t i = 0; i < usage_count(usage); i++) {
        struct usage_entity *host = usage_at(usage, i);
        if (!is_host(host))
            continue;
        struct capacity one = {.name = host->entity->name,
                               .source = host->entity->source,
                               .hypervisor = host->entity->hypervisor,
                               .host = host};
        g_array_append_val(list, one);
    }
}

struct capacity *capacity_list(const struct usage *usage, size_t spare, size_t *count) {
    GArray *list = g_array_new(FALSE, FALSE, sizeof(struct capacity));
    link_guests(usage);
    list_clusters(usage, spare, list);
    list_hosts(usage, list);
    for (guint i = 0; i < list->len; i++)
        fill(usage, &g_array_index(list, struct capacity, i));
    *count = list->len;
    return (struct capacity *)(void *)g_array_free(list, FALSE);
}

void capacity_list_free(struct capacity *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        measure_done(&list[i].demand);
        measure_done(&list[i].consumed);
    }
    g_free(list);
}
