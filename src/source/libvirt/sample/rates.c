/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Two samples put together. What cannot be known gets no baseline, and so no value. */
#include "source/libvirt/sample/rates.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static const int64_t second_ns = 1000000000;
static const int64_t unevenness_ns = 400000000;

int64_t rates_change(const int64_t *before, const int64_t *now, int field) {
    if (!before || before[field] == ABSENT || now[field] == ABSENT || now[field] < before[field])
        return ABSENT;
    return now[field] - before[field];
}

/* A lost round in between would put two intervals into one summation. */
static bool is_about(int64_t elapsed_ns, int64_t interval_seconds) {
    return elapsed_ns >= interval_seconds * second_ns / 2 &&
           elapsed_ns <= interval_seconds * second_ns / 2 * 3;
}

/*
 * A number is read somewhere in its call: at the same place in two calls that take equally long,
 * else the time between them is wrong by half of the difference, at most a tenth of it here.
 */
static bool is_even(int64_t elapsed_ns, int64_t longer_ns) {
    int64_t limit_ns = MAX(elapsed_ns / 10, MIN(elapsed_ns / 5, unevenness_ns));
    return longer_ns >= -limit_ns && longer_ns <= limit_ns;
}

bool rates_is_usable(int64_t elapsed_ns, int64_t longer_ns, int64_t interval_seconds) {
    return is_about(elapsed_ns, interval_seconds) && is_even(elapsed_ns, longer_ns);
}

int64_t rates_interval_held(int64_t duration_ns) {
    int64_t seconds = (duration_ns + duration_ns / 10 + second_ns - 1) / second_ns;
    return seconds > 1 ? seconds : 1;
}

static bool same_path(const struct device *a, const struct device *b) {
    return (!a->path && !b->path) || (a->path && b->path && strcmp(a->path, b->path) == 0);
}

/* Another image under an old name is another disk, or may be. */
static const struct device *baseline(const struct device_list *before, const struct device *now) {
    const struct device *device = before ? sample_named(before, now->name) : NULL;
    return device && same_path(device, now) ? device : NULL;
}

static void pair_devices(struct device_set *set, const struct device_list *before,
                         const struct device_list *now) {
    set->count = now->count;
    set->pairs = memory_array(now->count, sizeof *set->pairs);
    set->same = before && before->count == now->count;
    for (size_t i = 0; i < now->count; i++) {
        set->pairs[i].now = &now->items[i];
        set->pairs[i].before = baseline(before, &now->items[i]);
        set->same = set->same && set->pairs[i].before;
    }
}

/* The id is no proof: numbers start again with a new daemon. CPU time is. */
static bool same_run(const struct guest_sample *before, const struct guest_sample *now) {
    const int64_t *a = before->values;
    const int64_t *b = now->values;
    if (before->id != now->id || memcmp(before->uuid, now->uuid, SAMPLE_UUID_SIZE) != 0)
        return false;
    return a[GUEST_CPU_TIME] == ABSENT || b[GUEST_CPU_TIME] == ABSENT ||
           a[GUEST_CPU_TIME] <= b[GUEST_CPU_TIME];
}

void rates_guest(struct guest_pair *pair, const struct guest_sample *before,
                 const struct guest_sample *now, int64_t interval_seconds) {
    *pair = (struct guest_pair){.now = now};
    if (before && same_run(before, now)) {
        pair->elapsed_ns = now->time_ns - before->time_ns;
        int64_t longer_ns = now->duration_ns - before->duration_ns;
        if (rates_is_usable(pair->elapsed_ns, longer_ns, interval_seconds))
            pair->before = before;
    }
    for (int kind = 0; kind < DEVICE_KINDS; kind++)
        pair_devices(&pair->sets[kind], pair->before ? &before->devices[kind] : NULL,
                     &now->devices[kind]);
}

void rates_guest_done(struct guest_pair *pair) {
    for (int kind = 0; kind < DEVICE_KINDS; kind++)
        free(pair->sets[kind].pairs);
}

void rates_host(struct host_pair *pair, struct host_sample *before, struct host_sample *now,
                int64_t interval_seconds) {
    *pair = (struct host_pair){.now = now};
    if (before) {
        pair->elapsed_ns = now->time_ns - before->time_ns;
        int64_t longer_ns = now->duration_ns - before->duration_ns;
        if (rates_is_usable(pair->elapsed_ns, longer_ns, interval_seconds))
            pair->before = before;
    }
    pair_devices(&pair->cpus, pair->before ? &before->cpus : NULL, &now->cpus);
}

/* Nanoseconds of all domains in the time between the host's samples; ABSENT when not known. */
static int64_t used_by_domains(const struct host_pair *pair) {
    int64_t used_ns = 0;
    for (size_t i = 0; i < pair->guest_count; i++) {
        const struct guest_pair *guest = &pair->guests[i];
        const int64_t *before = guest->before ? guest->before->values : NULL;
        int64_t change = rates_change(before, guest->now->values, GUEST_CPU_TIME);
        if (change == ABSENT || guest->elapsed_ns <= 0)
            return ABSENT;
        used_ns += (int64_t)((__int128)change * pair->elapsed_ns / guest->elapsed_ns);
    }
    return used_ns;
}

static void set_cpu_fields(int64_t *values, int64_t used_ns, int64_t idle_ns) {
    values[HOST_CPU_USER] = used_ns;
    values[HOST_CPU_KERNEL] = values[HOST_CPU_IOWAIT] = used_ns == ABSENT ? ABSENT : 0;
    values[HOST_CPU_IDLE] = idle_ns;
}

void rates_host_of_domains(struct host_pair *pair, int cpus) {
    if (!pair->now->of_domains || cpus <= 0)
        return;
    set_cpu_fields(pair->now->values, 0, 0);
    if (!pair->before)
        return;
    set_cpu_fields(pair->before->values, 0, 0);
    int64_t used_ns = pair->guests_same ? used_by_domains(pair) : ABSENT;
    int64_t all_ns = MAX(pair->elapsed_ns * cpus, used_ns);
    set_cpu_fields(pair->now->values, used_ns, used_ns == ABSENT ? ABSENT : all_ns - used_ns);
}

void rates_host_done(struct host_pair *pair) {
    free(pair->cpus.pairs);
}
