/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/sentences.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "report/sentence_parts.h"
#include "report/words.h"

enum { PERCENTILE = 95 };

static const double kib_per_gb = 1024.0 * 1024.0, mhz_per_ghz = 1000;

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

/* A window that begins late says so. */
static char *shorter(const struct findings *findings) {
    if (findings->asked_seconds <= findings->window_seconds)
        return memory_strdup("");
    char *asked = words_duration((double)findings->asked_seconds);
    char *begin = words_time(findings->begin_time);
    char *text = memory_printf(" (%s were asked for; samples begin at %s)", asked, begin);
    free(asked);
    free(begin);
    return text;
}

static void add_hours(struct findings *findings) {
    char *until = sentence_hours_end(findings);
    if (until)
        g_ptr_array_add(findings->summary,
                        memory_printf("Before %s there are hourly averages alone: percentiles and "
                                      "peaks of that time rest on them.",
                                      until));
    free(until);
}

static void add_scope(struct findings *findings) {
    size_t guests = count_measured(findings, ENTITY_VM), hosts = count_all(findings, ENTITY_HOST);
    if (!findings->last_time) {
        g_ptr_array_add(findings->summary,
                        memory_printf("There is no sample of any of %zu guests and %zu hosts.",
                                      findings->guest_count, hosts));
        return;
    }
    char *window = words_duration((double)findings->window_seconds);
    char *interval = sentence_intervals(findings), *last = words_time(findings->last_time);
    char *late = shorter(findings);
    g_ptr_array_add(
        findings->summary,
        memory_printf("%zu of %zu guests and %zu of %zu hosts have samples, averages of %s: %s "
                      "until %s%s.",
                      guests, findings->guest_count, count_measured(findings, ENTITY_HOST), hosts,
                      interval, window, last, late));
    free(window);
    free(interval);
    free(last);
    free(late);
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

static char *part_of(bool known, double left, double whole, const char *unit) {
    if (!known)
        return memory_strdup("an unknown part");
    char *some = words_amount(left), *all = words_amount(whole);
    char *text = memory_printf("%s of %s %s", some, all, unit);
    free(some);
    free(all);
    return text;
}

static void add_capacity(struct findings *findings) {
    double left = 0;
    const struct capacity *one = tightest(findings, &left);
    if (!one) {
        g_ptr_array_add(findings->summary, memory_strdup("What is left on hosts is not known: no "
                                                         "host was asked for, or it has no "
                                                         "samples of CPU and memory."));
        return;
    }
    const struct headroom *headroom = one->spare ? &one->failed : &one->now;
    char *failed = one->spare
                       ? memory_printf(" with %zu of %zu hosts failed", one->spare, one->hosts)
                       : memory_strdup("");
    char *cpu =
        part_of(headroom->has_mhz, headroom->mhz / mhz_per_ghz, one->mhz / mhz_per_ghz, "GHz");
    char *memory = part_of(headroom->has_memory, headroom->memory_kib / kib_per_gb,
                           one->memory_kib / kib_per_gb, "GB");
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

/* Those that ran in the window count by what they used. */
static char *off_but_counted(const struct findings *findings) {
    size_t off = findings_count_off(findings), told = findings->classes[CLASS_OFF];
    if (off <= told)
        return memory_strdup("");
    return memory_printf(" (%zu more %s off now, and counted by what %s before)", off - told,
                         off - told > 1 ? "are" : "is", off - told > 1 ? "they used" : "it used");
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
    char *off = off_but_counted(findings);
    GString *text = g_string_new(NULL);
    g_string_append_printf(
        text,
        "Guests: %zu undersized, %zu oversized, %zu idle, %zu right, %zu powered "
        "off%s, %zu without advice",
        classes[CLASS_UNDERSIZED], classes[CLASS_OVERSIZED], classes[CLASS_IDLE],
        classes[CLASS_RIGHT], classes[CLASS_OFF], off, classes[CLASS_UNKNOWN]);
    if (classes[CLASS_OVERSIZED])
        g_string_append_printf(text,
                               "; smaller ones would free %.0f vCPUs (which frees no MHz) and %.1f "
                               "GB of host memory",
                               vcpus, freed / kib_per_gb);
    g_ptr_array_add(findings->summary, memory_printf("%s.", text->str));
    g_string_free(text, TRUE);
    free(off);
}

static const struct space *first_to_fill(const struct spaces *spaces) {
    for (size_t i = 0; i < spaces_count(spaces); i++)
        if (spaces_at(spaces, i)->fills && !spaces_at(spaces, i)->full)
            return spaces_at(spaces, i);
    return NULL;
}

/* "'db-1' /var" */
static char *name_of(const struct space *space) {
    return memory_printf("'%s'%s%s", space->entity->name, *space->instance ? " " : "",
                         space->instance);
}

static void append_full(GString *text, const struct spaces *spaces, size_t full) {
    const struct space *first = NULL;
    for (size_t i = 0; !first && i < spaces_count(spaces); i++)
        if (spaces_at(spaces, i)->full)
            first = spaces_at(spaces, i);
    if (!first)
        return;
    char *name = name_of(first);
    g_string_append_printf(text, " (%s%s)", name, full > 1 ? " first" : "");
    free(name);
}

static void append_next(GString *text, const struct spaces *spaces, bool any_trend) {
    const struct space *next = first_to_fill(spaces);
    if (next) {
        char *name = name_of(next);
        g_string_append_printf(text, "; next is %s, in %.0f days (%.0f to %.0f)", name,
                               next->days_left, next->days_low, next->days_high);
        free(name);
    } else {
        g_string_append(text, any_trend ? "; none of the others fills for sure"
                                        : "; when others will be is not known: that needs readings "
                                          "on 7 days (UTC)");
    }
}

static void add_space(struct findings *findings) {
    const double scarce = 90;
    const struct spaces *spaces = usage_spaces(findings->usage);
    size_t count = spaces_count(spaces), full = 0, little = 0;
    bool any_trend = false;
    for (size_t i = 0; i < count; i++) {
        const struct space *space = spaces_at(spaces, i);
        full += space->full;
        little += !space->full && space_share(space) >= scarce;
        any_trend |= space->has_trend;
    }
    if (!count) {
        g_ptr_array_add(findings->summary,
                        memory_strdup("How full datastores and file systems are is not known."));
        return;
    }
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "Of %zu datastores and file systems, %zu %s full", count, full,
                           full == 1 ? "is" : "are");
    append_full(text, spaces, full);
    g_string_append_printf(text, " and %zu %s 10 %% free or less", little,
                           little == 1 ? "has" : "have");
    append_next(text, spaces, any_trend);
    g_ptr_array_add(findings->summary, memory_printf("%s.", text->str));
    g_string_free(text, TRUE);
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

static char *squeezed(const struct findings *findings) {
    char *balloon = words_count(count_with(findings, USAGE_BALLOON), "guest");
    size_t swapped = count_with(findings, USAGE_SWAPPED);
    char *text = memory_printf("%s had memory ballooned, %zu swapped", balloon, swapped);
    free(balloon);
    return text;
}

/* Against the limit, which is one of the rules. */
static char *verdict_on(const struct findings *findings, const struct measure *ready) {
    double limit = findings->order.rules.value[RULE_READY_LIMIT];
    if (!ready->seconds_above)
        return memory_printf("never above %g %%", limit);
    char *seconds = words_duration((double)ready->seconds_above);
    char *text = memory_printf("%s above %g %%", seconds, limit);
    free(seconds);
    return text;
}

static void add_contention(struct findings *findings) {
    static const double hardly = 0.05;
    struct usage_entity *guest = worst(findings, USAGE_READY);
    char *memory = squeezed(findings);
    if (!guest) {
        g_ptr_array_add(
            findings->summary,
            memory_printf("How long guests waited for a CPU is not known; %s.", memory));
        free(memory);
        return;
    }
    struct measure *ready = &guest->measures[USAGE_READY];
    if (ready->peak < hardly) {
        g_ptr_array_add(findings->summary,
                        memory_printf("No guest waited for a CPU for more than %g %% of a vCPU's "
                                      "time; %s.",
                                      hardly, memory));
        free(memory);
        return;
    }
    char *time = words_time(ready->peak_time), *verdict = verdict_on(findings, ready);
    g_ptr_array_add(
        findings->summary,
        memory_printf("Guest '%s' waited longest for a CPU: %.1f %% ready per vCPU at %s, p95 %.1f "
                      "%%, %s; %s.",
                      guest->entity->name, ready->peak, time, measure_percentile(ready, PERCENTILE),
                      verdict, memory));
    free(memory);
    free(time);
    free(verdict);
}

static void add_unknown(struct findings *findings) {
    GString *list = g_string_new(NULL);
    sentence_append(list, "reservations and plans");
    if (findings->shortest > 20)
        sentence_append(list, "bursts shorter than the interval");
    if (findings->capacity_count && !findings_has_trend(findings))
        sentence_append(list, "trends (they need 14 whole days)");
    if (sentence_lacks(findings, USAGE_NEED))
        sentence_append(list, "the memory that guests need themselves");
    if (sentence_lacks(findings, USAGE_READY))
        sentence_append(list, "ready times");
    if (findings->classes[CLASS_OFF])
        sentence_append(list, "since when guests are off");
    if (findings->order.lost)
        sentence_append(list, "what could not be collected (see the messages)");
    g_ptr_array_add(findings->summary, memory_printf("Not known: %s.", list->str));
    g_string_free(list, TRUE);
}

void sentences_add_summary(struct findings *findings) {
    add_scope(findings);
    add_hours(findings);
    add_capacity(findings);
    add_common_times(findings);
    add_sizing(findings);
    add_space(findings);
    add_contention(findings);
    add_unknown(findings);
}
