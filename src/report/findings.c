/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/findings.h"

#include <stdlib.h>

#include "core/memory.h"
#include "report/sentences.h"

enum { DAY_SECONDS = 86400 };

static void note_times(struct findings *findings, const struct measure *measure) {
    if (!measure_known(measure))
        return;
    bool first = !findings->last_time;
    findings->first_time =
        first ? measure->first_time : MIN(findings->first_time, measure->first_time);
    findings->begin_time =
        first ? measure->begin_time : MIN(findings->begin_time, measure->begin_time);
    findings->last_time = MAX(findings->last_time, measure->last_time);
    findings->shortest = first ? measure->shortest : MIN(findings->shortest, measure->shortest);
    findings->longest = MAX(findings->longest, measure->longest);
}

/* The samples of this time were there, and are lost. */
static bool is_gap(const struct findings *findings, int64_t after, int64_t until) {
    const GPtrArray *all = findings->order.gaps;
    for (guint i = 0; all && i < all->len; i++) {
        const struct findings_gap *gap = g_ptr_array_index(all, i);
        if (gap->after < until && gap->until > after)
            return true;
    }
    return false;
}

/* Nobody measured before the first sample: the window begins with it. */
static void shorten_window(struct findings *findings) {
    int64_t start = findings->last_time - findings->window_seconds;
    findings->asked_seconds = findings->window_seconds;
    if (findings->last_time && findings->begin_time > start + findings->longest &&
        !is_gap(findings, start, findings->begin_time))
        findings->window_seconds = findings->last_time - findings->begin_time;
}

static void set_window(struct findings *findings) {
    const struct findings_order *order = &findings->order;
    for (size_t i = 0; i < usage_count(findings->usage); i++)
        for (size_t k = 0; k < USAGE_METRICS; k++)
            note_times(findings, &usage_at(findings->usage, i)->measures[k]);
    findings->window_seconds = order->seconds;
    if (!order->seconds && order->start && findings->last_time)
        findings->window_seconds = MAX(findings->last_time - order->start, 0);
    shorten_window(findings);
}

static void set_memory(struct sizing_guest *sizing, struct usage_entity *guest, double percentile) {
    struct measure *need = &guest->measures[USAGE_NEED];
    struct measure *active = &guest->measures[USAGE_ACTIVE];
    struct measure *consumed = &guest->measures[USAGE_CONSUMED];
    sizing->consumed_kib = measure_average(consumed);
    if (measure_known(need)) {
        sizing->basis = MEMORY_NEED;
        sizing->memory_low = sizing->memory_high = measure_percentile(need, percentile);
    } else if (measure_known(active) && measure_known(consumed)) {
        sizing->basis = MEMORY_BOUNDS;
        sizing->memory_low = measure_percentile(active, percentile);
        sizing->memory_high = measure_percentile(consumed, percentile);
    }
}

/* Of the window, as long as the guest has its size. */
static int64_t known_seconds(const struct findings *findings, const struct usage_entity *guest) {
    int64_t since = findings->last_time - guest->resized;
    return guest->resized ? MIN(since, findings->window_seconds) : findings->window_seconds;
}

static bool is_off(const struct usage_entity *guest) {
    return guest->skipped || guest->entity->state == STATE_OFF;
}

size_t findings_count_off(const struct findings *findings) {
    size_t count = 0;
    for (size_t i = 0; i < findings->guest_count; i++)
        count += is_off(findings->guests[i].guest);
    return count;
}

static struct sizing_advice advise(const struct findings *findings, struct usage_entity *guest,
                                   double coverage) {
    const struct sizing_rules *rules = &findings->order.rules;
    double percentile = rules->value[RULE_CPU_PERCENTILE];
    struct measure *cpu = &guest->measures[USAGE_CPU], *disk = &guest->measures[USAGE_DISK],
                   *net = &guest->measures[USAGE_NET];
    struct sizing_guest sizing = {
        .off = is_off(guest),
        .off_days =
            measure_known(cpu) ? (double)(findings->last_time - cpu->last_time) / DAY_SECONDS : -1,
        .cpus = guest->entity->cpus,
        .memory_kib = guest->entity->memory_kib,
        .days = (double)known_seconds(findings, guest) / DAY_SECONDS,
        .coverage = coverage,
        .has_cpu = measure_known(cpu),
        .cpu_percentile = measure_percentile(cpu, percentile),
        .cpu_peak = cpu->peak,
        .has_disk = measure_known(disk),
        .disk_percentile = measure_percentile(disk, percentile),
        .has_net = measure_known(net),
        .net_percentile = measure_percentile(net, percentile),
    };
    set_memory(&sizing, guest, rules->value[RULE_MEMORY_PERCENTILE]);
    return sizing_advise(&sizing, rules);
}

static int compare_findings(const void *a, const void *b) {
    const struct finding *left = a, *right = b;
    struct measure *mine = &left->guest->measures[USAGE_CPU];
    struct measure *other = &right->guest->measures[USAGE_CPU];
    double mine_high = measure_known(mine) ? measure_percentile(mine, 95) : -1;
    double other_high = measure_known(other) ? measure_percentile(other, 95) : -1;
    if (mine_high != other_high)
        return mine_high < other_high ? 1 : -1;
    return entity_compare(left->guest->entity, right->guest->entity);
}

static void add_guests(struct findings *findings) {
    size_t capacity = 0;
    for (size_t i = 0; i < usage_count(findings->usage); i++) {
        struct usage_entity *guest = usage_at(findings->usage, i);
        if (guest->entity->type != ENTITY_VM)
            continue;
        findings->guests = memory_grow(findings->guests, findings->guest_count, &capacity,
                                       sizeof *findings->guests);
        struct finding *finding = &findings->guests[findings->guest_count++];
        finding->guest = guest;
        finding->coverage = measure_coverage(&guest->measures[USAGE_CPU], findings->window_seconds);
        finding->advice =
            advise(findings, guest,
                   measure_coverage(&guest->measures[USAGE_CPU], known_seconds(findings, guest)));
        findings->classes[finding->advice.class]++;
    }
    if (findings->guest_count)
        qsort(findings->guests, findings->guest_count, sizeof *findings->guests, compare_findings);
}

const char *findings_group_name(enum findings_group group) {
    static const char *const names[FINDINGS_GROUPS] = {"cluster", "host", "folder", "tag"};
    return names[group];
}

const char *findings_group_of(enum findings_group group, const struct entity *guest) {
    switch (group) {
    case GROUP_CLUSTER:
        return guest->cluster;
    case GROUP_HOST:
        return guest->host;
    case GROUP_FOLDER:
        return guest->folder;
    case GROUP_TAG:
        return guest->tags;
    case FINDINGS_GROUPS:
        break;
    }
    return NULL;
}

void findings_gap_free(void *data) {
    struct findings_gap *gap = data;
    free(gap->source);
    free(gap->type);
    free(gap->name);
    free(gap->reason);
    free(gap);
}

static void add_gaps(struct findings *findings) {
    const GPtrArray *all = findings->order.gaps;
    int64_t start = findings->last_time - findings->window_seconds;
    for (guint i = 0; all && i < all->len; i++) {
        struct findings_gap *gap = g_ptr_array_index(all, i);
        if (gap->until > start && gap->after < findings->last_time)
            g_ptr_array_add(findings->gaps, gap);
    }
}

void findings_init(struct findings *findings, struct usage *usage,
                   const struct findings_order *order) {
    *findings = (struct findings){.order = *order, .usage = usage};
    usage_sort(usage);
    spaces_finish(usage_spaces(usage));
    set_window(findings);
    findings->gaps = g_ptr_array_new();
    add_gaps(findings);
    findings->capacities = capacity_list(usage, order->spare, &findings->capacity_count);
    add_guests(findings);
    findings->summary = g_ptr_array_new_with_free_func(free);
    findings->quality = g_ptr_array_new_with_free_func(free);
    findings->title = sentences_title(findings);
    sentences_add_summary(findings);
    sentences_add_quality(findings);
}

void findings_done(struct findings *findings) {
    capacity_list_free(findings->capacities, findings->capacity_count);
    free(findings->guests);
    free(findings->title);
    g_ptr_array_free(findings->summary, TRUE);
    g_ptr_array_free(findings->quality, TRUE);
    g_ptr_array_free(findings->gaps, TRUE);
}

bool findings_has_trend(const struct findings *findings) {
    for (size_t i = 0; i < findings->capacity_count; i++)
        if (findings->capacities[i].mhz_growth.known || findings->capacities[i].memory_growth.known)
            return true;
    return false;
}
