/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/sentences.h"

#include <stdlib.h>

#include "core/memory.h"
#include "core/value.h"

enum { DAY_SECONDS = 86400, HOUR_SECONDS = 3600, MINUTE_SECONDS = 60, PERCENTILE = 95 };

static const double kib_per_gb = 1024.0 * 1024.0, mhz_per_ghz = 1000;

/* "30 d", "36 h", "10 min" or "20 s"; the caller frees it. */
static char *duration(int64_t seconds) {
    if (seconds >= 2 * DAY_SECONDS)
        return memory_printf("%.3g d", (double)seconds / DAY_SECONDS);
    if (seconds >= HOUR_SECONDS)
        return memory_printf("%.3g h", (double)seconds / HOUR_SECONDS);
    if (seconds >= MINUTE_SECONDS)
        return memory_printf("%.3g min", (double)seconds / MINUTE_SECONDS);
    return memory_printf("%d s", (int)seconds);
}

static char *intervals(const struct findings *findings) {
    if (findings->shortest == findings->longest)
        return memory_printf("%d-s", findings->shortest);
    return memory_printf("%d- to %d-s", findings->shortest, findings->longest);
}

static size_t count_measured(const struct findings *findings, enum entity_type type) {
    size_t count = 0;
    for (size_t i = 0; i < usage_count(findings->usage); i++) {
        const struct usage_entity *entity = usage_at(findings->usage, i);
        count += entity->entity->type == type && measure_known(&entity->measures[USAGE_CPU]);
    }
    return count;
}

static size_t count_all(const struct findings *findings, enum entity_type type) {
    size_t count = 0;
    for (size_t i = 0; i < usage_count(findings->usage); i++)
        count += usage_at(findings->usage, i)->entity->type == type;
    return count;
}

static void add_scope(struct findings *findings) {
    size_t guests = count_measured(findings, ENTITY_VM), hosts = count_all(findings, ENTITY_HOST);
    if (!findings->last_time) {
        g_ptr_array_add(findings->summary,
                        memory_printf("There is no sample of any of %zu guests and %zu hosts.",
                                      findings->guest_count, hosts));
        return;
    }
    char last[TIME_TEXT_SIZE];
    time_text(last, findings->last_time);
    char *window = duration(findings->window_seconds), *interval = intervals(findings);
    g_ptr_array_add(
        findings->summary,
        memory_printf("%zu of %zu guests and %zu of %zu hosts have samples: %s until %s, as %s "
                      "averages.",
                      guests, findings->guest_count, count_measured(findings, ENTITY_HOST), hosts,
                      window, last, interval));
    free(window);
    free(interval);
}

/* The one that has least left in percent, failed hosts included: CPU or memory, whichever is less.
 */
static const struct capacity *tightest(const struct findings *findings, double *left) {
    const struct capacity *found = NULL;
    for (size_t i = 0; i < findings->capacity_count; i++) {
        const struct capacity *one = &findings->capacities[i];
        const struct headroom *headroom = one->spare ? &one->failed : &one->now;
        if (!headroom->has_mhz && !headroom->has_memory)
            continue;
        double cpu = headroom->has_mhz ? headroom->mhz / one->mhz : 1;
        double memory = headroom->has_memory ? headroom->memory_kib / one->memory_kib : 1;
        if (!found || MIN(cpu, memory) < *left) {
            found = one;
            *left = MIN(cpu, memory);
        }
    }
    return found;
}

static const char *peak_of(const struct headroom *headroom) {
    if (!headroom->has_mhz || !headroom->has_memory)
        return "";
    return headroom->holds_peak ? ", and its peak fits" : ", and its peak does not fit";
}

static void add_capacity(struct findings *findings) {
    double left = 0;
    const struct capacity *one = tightest(findings, &left);
    if (!one) {
        g_ptr_array_add(findings->summary, memory_strdup("What is left on hosts is not known: no "
                                                         "host was asked for, or it has no "
                                                         "samples."));
        return;
    }
    const struct headroom *headroom = one->spare ? &one->failed : &one->now;
    char *failed = one->spare
                       ? memory_printf(" with %zu of %zu hosts failed", one->spare, one->hosts)
                       : memory_strdup("");
    char *cpu = headroom->has_mhz ? memory_printf("%.1f of %.1f GHz", headroom->mhz / mhz_per_ghz,
                                                  one->mhz / mhz_per_ghz)
                                  : memory_strdup("an unknown part");
    char *memory = headroom->has_memory
                       ? memory_printf("%.1f of %.1f GB", headroom->memory_kib / kib_per_gb,
                                       one->memory_kib / kib_per_gb)
                       : memory_strdup("an unknown part");
    g_ptr_array_add(findings->summary,
                    memory_printf("Least is left on %s '%s': %s of CPU and %s of memory at the p95 "
                                  "of demand%s%s.",
                                  one->host ? "host" : "cluster", one->name, cpu, memory, failed,
                                  peak_of(headroom)));
    free(failed);
    free(cpu);
    free(memory);
}

/* A host that came late leaves few times at which the demand of its cluster is known. */
static void add_common_times(struct findings *findings) {
    enum { ENOUGH_PERCENT = 90 };
    for (size_t i = 0; i < findings->capacity_count; i++) {
        const struct capacity *one = &findings->capacities[i];
        if (one->common_times * 100 >= one->times * ENOUGH_PERCENT)
            continue;
        g_ptr_array_add(
            findings->summary,
            memory_printf("The demand of cluster '%s' is that of %zu of %zu sample times: at the "
                          "others, not all of its hosts have samples.",
                          one->name, one->common_times, one->times));
    }
}

static void add_sizing(struct findings *findings) {
    const size_t *classes = findings->classes;
    double freed = 0, vcpus = 0;
    for (size_t i = 0; i < findings->guest_count; i++) {
        const struct finding *one = &findings->guests[i];
        freed += one->advice.reclaimed_kib;
        if (one->advice.class == CLASS_OVERSIZED && one->advice.cpus)
            vcpus += one->guest->entity->cpus - one->advice.cpus;
    }
    g_ptr_array_add(
        findings->summary,
        memory_printf("Guests: %zu undersized, %zu oversized, %zu idle, %zu right, %zu powered "
                      "off, %zu without advice; smaller ones would free %.0f vCPUs (which frees "
                      "no MHz) and %.1f GB of host memory.",
                      classes[CLASS_UNDERSIZED], classes[CLASS_OVERSIZED], classes[CLASS_IDLE],
                      classes[CLASS_RIGHT], classes[CLASS_OFF], classes[CLASS_UNKNOWN], vcpus,
                      freed / kib_per_gb));
}

static struct usage_entity *worst(const struct findings *findings, enum usage_metric metric) {
    struct usage_entity *found = NULL;
    for (size_t i = 0; i < findings->guest_count; i++) {
        struct usage_entity *guest = findings->guests[i].guest;
        const struct measure *one = &guest->measures[metric];
        if (measure_known(one) && (!found || one->peak > found->measures[metric].peak))
            found = guest;
    }
    return found;
}

static size_t count_with(const struct findings *findings, enum usage_metric metric) {
    size_t count = 0;
    for (size_t i = 0; i < findings->guest_count; i++)
        count += findings->guests[i].guest->measures[metric].peak > 0;
    return count;
}

static void add_contention(struct findings *findings) {
    struct usage_entity *guest = worst(findings, USAGE_READY);
    size_t balloon = count_with(findings, USAGE_BALLOON);
    size_t swapped = count_with(findings, USAGE_SWAPPED);
    if (!guest) {
        g_ptr_array_add(findings->summary,
                        memory_printf("How long guests waited for a CPU is not known; %zu had "
                                      "memory ballooned and %zu swapped.",
                                      balloon, swapped));
        return;
    }
    struct measure *ready = &guest->measures[USAGE_READY];
    char time[TIME_TEXT_SIZE];
    time_text(time, ready->peak_time);
    g_ptr_array_add(
        findings->summary,
        memory_printf("Guest '%s' waited longest for a CPU: %.2f %% ready per vCPU at %s, p95 %.2f "
                      "%%; %zu guests had memory ballooned and %zu swapped.",
                      guest->entity->name, ready->peak, time, measure_percentile(ready, PERCENTILE),
                      balloon, swapped));
}

static bool is_unknown(const struct findings *findings, enum usage_metric metric) {
    for (size_t i = 0; i < findings->guest_count; i++)
        if (measure_known(&findings->guests[i].guest->measures[metric]))
            return false;
    return findings->guest_count > 0;
}

static void append(GString *list, const char *text) {
    g_string_append_printf(list, "%s%s", list->len ? ", " : "", text);
}

static void add_unknown(struct findings *findings) {
    GString *list = g_string_new(NULL);
    append(list, "reservations and plans");
    if (findings->shortest > 20)
        append(list, "bursts shorter than the interval");
    if (findings->capacity_count && !findings_has_trend(findings))
        append(list, "trends (they need 14 whole days)");
    if (is_unknown(findings, USAGE_NEED))
        append(list, "the memory that guests need themselves");
    if (is_unknown(findings, USAGE_READY))
        append(list, "ready times");
    if (findings->classes[CLASS_OFF])
        append(list, "since when guests are off");
    if (findings->order.lost)
        append(list, "what could not be collected (see the messages)");
    g_ptr_array_add(findings->summary, memory_printf("Not known: %s.", list->str));
    g_string_free(list, TRUE);
}

void sentences_add_summary(struct findings *findings) {
    add_scope(findings);
    add_capacity(findings);
    add_common_times(findings);
    add_sizing(findings);
    add_contention(findings);
    add_unknown(findings);
}

static void add_coverage(struct findings *findings) {
    const struct finding *least = NULL;
    for (size_t i = 0; i < findings->guest_count; i++) {
        const struct finding *one = &findings->guests[i];
        if (measure_known(&one->guest->measures[USAGE_CPU]) &&
            (!least || one->coverage < least->coverage))
            least = one;
    }
    if (least)
        g_ptr_array_add(findings->quality,
                        memory_printf("Least covered guest: '%s', %.2f %% of the window.",
                                      least->guest->entity->name, least->coverage));
}

static void add_resolution(struct findings *findings) {
    char *interval = intervals(findings);
    if (findings->last_time)
        g_ptr_array_add(findings->quality,
                        memory_printf("Percentiles and peaks rest on %s averages; within an "
                                      "interval it may have been more.",
                                      interval));
    free(interval);
}

static const struct {
    enum usage_metric metric;
    const char *name;
} needed[] = {
    {USAGE_CPU, "cpu.usage.average"},       {USAGE_MHZ, "cpu.usagemhz.average"},
    {USAGE_READY, "cpu.ready.summation"},   {USAGE_COSTOP, "cpu.costop.summation"},
    {USAGE_NEED, "guest.mem.needed"},       {USAGE_CONSUMED, "mem.consumed.average"},
    {USAGE_ACTIVE, "mem.active.average"},   {USAGE_BALLOON, "mem.vmmemctl.average"},
    {USAGE_SWAPPED, "mem.swapped.average"}, {USAGE_DISK, "disk.usage.average"},
    {USAGE_NET, "net.usage.average"},       {USAGE_DROPS, "net.droppedRx.summation"},
};

static void add_absent(struct findings *findings) {
    GString *absent = g_string_new(NULL), *approximate = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(needed); i++) {
        bool marked = false;
        for (size_t k = 0; k < findings->guest_count; k++)
            marked |= findings->guests[k].guest->measures[needed[i].metric].approximate;
        if (is_unknown(findings, needed[i].metric))
            append(absent, needed[i].name);
        if (marked)
            append(approximate, needed[i].name);
    }
    if (absent->len)
        g_ptr_array_add(findings->quality,
                        memory_printf("No guest has values of %s.", absent->str));
    if (approximate->len)
        g_ptr_array_add(findings->quality,
                        memory_printf("Approximate on KVM: %s ('vperf counters' tells the "
                                      "formulas).",
                                      approximate->str));
    g_string_free(absent, TRUE);
    g_string_free(approximate, TRUE);
}

static void add_skipped(struct findings *findings) {
    size_t guests = 0, hosts = 0;
    for (size_t i = 0; i < usage_count(findings->usage); i++) {
        const struct usage_entity *one = usage_at(findings->usage, i);
        enum entity_state state = one->entity->state;
        bool away = one->skipped || state == STATE_OFF || state == STATE_DISCONNECTED;
        guests += away && one->entity->type == ENTITY_VM;
        hosts += away && one->entity->type == ENTITY_HOST;
    }
    if (guests || hosts)
        g_ptr_array_add(findings->quality,
                        memory_printf("Powered off or disconnected: %zu guests and %zu hosts; such "
                                      "hosts count for no capacity.",
                                      guests, hosts));
    if (findings->order.lost)
        g_ptr_array_add(findings->quality,
                        memory_printf("Troubles that cost data: %zu; the messages name them.",
                                      findings->order.lost));
}

static void add_resized(struct findings *findings) {
    size_t count = 0;
    for (size_t i = 0; i < findings->guest_count; i++)
        count += findings->guests[i].guest->resized != 0;
    if (count)
        g_ptr_array_add(findings->quality,
                        memory_printf("Got other vCPUs or memory in the window: %zu guests; their "
                                      "figures begin then.",
                                      count));
}

void sentences_add_quality(struct findings *findings) {
    add_resolution(findings);
    add_coverage(findings);
    add_absent(findings);
    add_resized(findings);
    add_skipped(findings);
}
