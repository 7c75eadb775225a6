/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The arithmetic behind the counters of the host: its own numbers, and sums over its guests. */
#include "source/libvirt/counters/formula.h"

enum { PERCENT = 10000, KIB = 1024 };

static const int64_t second_ns = 1000000000;

typedef __int128 wide;

static const int64_t *values_before(const struct host_pair *pair) {
    return pair->before ? pair->before->values : NULL;
}

static int64_t busy_share(const int64_t *before, const int64_t *now) {
    int64_t user = rates_change(before, now, HOST_CPU_USER);
    int64_t kernel = rates_change(before, now, HOST_CPU_KERNEL);
    int64_t idle = rates_change(before, now, HOST_CPU_IDLE);
    int64_t iowait = rates_change(before, now, HOST_CPU_IOWAIT);

    if (user == ABSENT || kernel == ABSENT || idle == ABSENT || iowait == ABSENT)
        return ABSENT;
    if (before == now) /* of rates_host_offer */
        return 0;
    wide busy = (wide)user + kernel;
    return formula_divide(busy * PERCENT, busy + idle + iowait);
}

HOST_FORMULA(formula_host_utilization) {
    (void)formula;
    for (size_t i = 0; i < pair->cpus.count; i++) {
        const struct device_pair *cpu = &pair->cpus.pairs[i];
        formula_give(emitter, cpu->now->name,
                     busy_share(cpu->before ? cpu->before->values : NULL, cpu->now->values));
    }
    formula_give(emitter, "", busy_share(values_before(pair), pair->now->values));
}

/* The host as a whole, in the form in which one device is measured. */
static wide host_growth(const struct host_pair *pair, int first, int second) {
    int64_t one = rates_change(values_before(pair), pair->now->values, first);
    int64_t other = rates_change(values_before(pair), pair->now->values, second);
    return one == ABSENT || other == ABSENT ? ABSENT : (wide)one + other;
}

HOST_FORMULA(formula_host_usagemhz) {
    wide busy = host_growth(pair, formula->first, formula->second);
    if (pair->mhz)
        formula_give(emitter, "", formula_divide(busy * pair->mhz, pair->elapsed_ns));
}

HOST_FORMULA(formula_host_cpu_change) {
    for (size_t i = 0; i < pair->cpus.count; i++) {
        const struct device_pair *cpu = &pair->cpus.pairs[i];
        wide growth = formula_device_growth(cpu, formula->first, formula->second);
        formula_give(emitter, cpu->now->name, formula_divide(growth, formula->divisor));
    }
    wide growth = host_growth(pair, formula->first, formula->second);
    formula_give(emitter, "", formula_divide(growth, formula->divisor));
}

static int64_t consumed(const struct host_sample *host) {
    const int64_t *values = host->values;

    if (values[HOST_MEMORY_TOTAL] == ABSENT || values[HOST_MEMORY_FREE] == ABSENT ||
        values[HOST_MEMORY_BUFFERS] == ABSENT || values[HOST_MEMORY_CACHED] == ABSENT)
        return ABSENT;
    int64_t rest = values[HOST_MEMORY_TOTAL] - values[HOST_MEMORY_FREE] -
                   values[HOST_MEMORY_BUFFERS] - values[HOST_MEMORY_CACHED];
    return rest < 0 ? ABSENT : rest;
}

HOST_FORMULA(formula_host_memory_usage) {
    (void)formula;
    formula_give(
        emitter, "",
        formula_divide((wide)consumed(pair->now) * PERCENT, pair->now->values[HOST_MEMORY_TOTAL]));
}

HOST_FORMULA(formula_host_memory_consumed) {
    (void)formula;
    formula_give(emitter, "", consumed(pair->now));
}

HOST_FORMULA(formula_host_memory_total) {
    (void)formula;
    formula_give(emitter, "", pair->now->values[HOST_MEMORY_TOTAL]);
}

HOST_FORMULA(formula_host_pages) {
    const int64_t *now = pair->now->values;
    int64_t pages = now[formula->first];
    int64_t more = formula->second ? now[formula->second] : 0;

    if (pages != ABSENT && more != ABSENT && pair->page_bytes)
        formula_give(emitter, "", formula_divide(((wide)pages + more) * pair->page_bytes, KIB));
}

HOST_FORMULA(formula_host_guest_value) {
    wide sum = 0;
    if (!pair->guests_known)
        return;
    for (size_t i = 0; i < pair->guest_count; i++) {
        int64_t value = pair->guests[i].now->values[formula->first];
        if (value == ABSENT)
            return;
        sum += value;
    }
    formula_give(emitter, "", formula_divide(sum, formula->divisor));
}

static void give_guest_sum(const struct host_pair *pair,
                           int64_t (*measure)(const struct guest_sample *guest),
                           const struct emitter *emitter) {
    wide sum = 0;
    if (!pair->guests_known)
        return;
    for (size_t i = 0; i < pair->guest_count; i++) {
        int64_t value = measure(pair->guests[i].now);
        if (value == ABSENT)
            return;
        sum += value;
    }
    formula_give(emitter, "", formula_divide(sum, 1));
}

HOST_FORMULA(formula_host_guest_consumed) {
    (void)formula;
    give_guest_sum(pair, formula_consumed, emitter);
}

HOST_FORMULA(formula_host_guest_balloon) {
    (void)formula;
    give_guest_sum(pair, formula_balloon, emitter);
}

/* One guest's part of a sum; ABSENT when a device of it came, went, or did not report. */
static wide guest_growth(const struct guest_pair *guest, const struct host_formula *formula) {
    const struct device_set *set = &guest->sets[formula->kind];
    wide sum = 0;

    if (!set->same)
        return ABSENT;
    for (size_t i = 0; i < set->count; i++) {
        wide growth = formula_device_growth(&set->pairs[i], formula->first, formula->second);
        if (growth == ABSENT)
            return ABSENT;
        sum += growth;
    }
    return sum;
}

HOST_FORMULA(formula_host_guest_change) {
    wide sum = 0;
    if (!pair->guests_same)
        return;
    for (size_t i = 0; i < pair->guest_count; i++) {
        wide growth = guest_growth(&pair->guests[i], formula);
        if (growth == ABSENT)
            return;
        sum += growth;
    }
    formula_give(emitter, "", formula_divide(sum, formula->divisor));
}

/*
 * Where a driver has no bulk call the guests' distances in time differ: then rates add up, in
 * units small enough not to be seen.
 */
HOST_FORMULA(formula_host_guest_rate) {
    int64_t elapsed_ns = pair->guest_count ? pair->guests[0].elapsed_ns : 1;
    wide together = 0;
    wide rates = 0;
    if (!pair->guests_same)
        return;
    for (size_t i = 0; i < pair->guest_count; i++) {
        wide growth = guest_growth(&pair->guests[i], formula);
        if (growth == ABSENT)
            return;
        if (pair->guests[i].elapsed_ns == elapsed_ns)
            together += growth;
        else
            rates += growth * second_ns * KIB / pair->guests[i].elapsed_ns;
    }
    rates += together * second_ns * KIB / elapsed_ns;
    formula_give(emitter, "", formula_divide(rates, (wide)formula->divisor * KIB));
}
