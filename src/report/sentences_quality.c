/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What the figures rest on, and what was not there. */
#include "report/sentences.h"

#include <stdlib.h>

#include "core/memory.h"
#include "report/sentence_parts.h"
#include "report/words.h"

static void add_coverage(struct findings *findings) {
    const struct finding *least = NULL;
    for (size_t i = 0; i < findings->guest_count; i++) {
        const struct finding *one = &findings->guests[i];
        if (measure_known(&one->guest->measures[USAGE_CPU]) &&
            (!least || one->coverage < least->coverage))
            least = one;
    }
    if (!least)
        return;
    char *covered = words_percent(least->coverage);
    g_ptr_array_add(findings->quality, memory_printf("Least covered guest: '%s', %s of the window.",
                                                     least->guest->entity->name, covered));
    free(covered);
}

static void add_resolution(struct findings *findings) {
    char *interval = sentence_intervals(findings), *until = sentence_hours_end(findings);
    if (findings->last_time)
        g_ptr_array_add(findings->quality,
                        memory_printf("Percentiles and peaks rest on averages of %s%s%s; within an "
                                      "interval it may have been more.",
                                      interval, until ? ", hourly ones before " : "",
                                      until ? until : ""));
    free(interval);
    free(until);
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
        if (sentence_lacks(findings, needed[i].metric))
            sentence_append(absent, needed[i].name);
        if (marked)
            sentence_append(approximate, needed[i].name);
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
    size_t guests = findings_count_off(findings), hosts = 0;
    for (size_t i = 0; i < usage_count(findings->usage); i++) {
        const struct usage_entity *one = usage_at(findings->usage, i);
        enum entity_state state = one->entity->state;
        bool away = one->skipped || state == STATE_OFF || state == STATE_DISCONNECTED;
        hosts += away && one->entity->type == ENTITY_HOST;
    }
    if (guests) {
        char *count = words_count(guests, "guest");
        g_ptr_array_add(findings->quality, memory_printf("Powered off now: %s.", count));
        free(count);
    }
    if (hosts) {
        char *count = words_count(hosts, "host");
        g_ptr_array_add(findings->quality,
                        memory_printf("Powered off or disconnected: %s, which counts for no "
                                      "capacity.",
                                      count));
        free(count);
    }
    if (findings->order.lost)
        g_ptr_array_add(findings->quality,
                        memory_printf("Troubles that cost data: %zu; the messages name them.",
                                      findings->order.lost));
}

/* No more can fail than there are. */
static void add_spare(struct findings *findings) {
    GString *names = g_string_new(NULL);
    for (size_t i = 0; i < findings->capacity_count; i++) {
        const struct capacity *one = &findings->capacities[i];
        if (!one->host && one->spare < findings->order.spare)
            sentence_append(names, one->name);
    }
    if (names->len)
        g_ptr_array_add(findings->quality,
                        memory_printf("--spare %zu is more than the hosts of %s: all of them fail.",
                                      findings->order.spare, names->str));
    g_string_free(names, TRUE);
}

static void add_resized(struct findings *findings) {
    size_t count = 0;
    for (size_t i = 0; i < findings->guest_count; i++)
        count += findings->guests[i].guest->resized != 0;
    if (count)
        g_ptr_array_add(findings->quality,
                        memory_printf("Guests that got other vCPUs or memory in the window: %zu; "
                                      "their figures begin then.",
                                      count));
}

void sentences_add_quality(struct findings *findings) {
    add_resolution(findings);
    add_coverage(findings);
    add_absent(findings);
    add_spare(findings);
    add_resized(findings);
    add_skipped(findings);
}
