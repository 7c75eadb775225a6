/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The arithmetic behind the counters of guests. */
#include "source/libvirt/counters/formula.h"

enum { PERCENT = 10000, RUNNING = 1 };

static const int64_t second_ns = 1000000000;
static const int64_t millisecond_ns = 1000000;

/* Nanoseconds and bytes times 10^9 do not fit into 64 bits. */
typedef __int128 wide;

/* What a sum of changes is multiplied and divided by. */
struct scale {
    wide factor;
    wide divisor;
};

void formula_give(const struct emitter *emitter, const char *instance, int64_t value) {
    if (value != ABSENT)
        emitter->value(emitter->context, instance, value);
}

int64_t formula_divide(wide dividend, wide divisor) {
    if (dividend < 0 || divisor <= 0 || dividend / divisor > INT64_MAX)
        return ABSENT;
    return (int64_t)(dividend / divisor);
}

static int64_t guest_change(const struct guest_pair *pair, int field) {
    return rates_change(pair->before ? pair->before->values : NULL, pair->now->values, field);
}

wide formula_device_growth(const struct device_pair *device, int first, int second) {
    const int64_t *before = device->before ? device->before->values : NULL;
    wide growth = rates_change(before, device->now->values, first);

    if (growth == ABSENT || !second)
        return growth;
    int64_t more = rates_change(before, device->now->values, second);
    return more == ABSENT ? ABSENT : growth + more;
}

/* NICs without a name on the host (user networking, passed-through) have no statistics. */
static bool all_report(const struct guest_pair *pair, enum device_kind kind) {
    int64_t nics = pair->now->values[GUEST_NET_COUNT];
    size_t count = pair->sets[kind].count;

    return count > 0 && (kind != DEVICE_NIC || nics == ABSENT || nics <= (int64_t)count);
}

static bool is_whole(const struct guest_pair *pair, enum device_kind kind) {
    return pair->sets[kind].same && all_report(pair, kind);
}

static bool same_vcpus(const struct guest_pair *pair) {
    int64_t count = pair->now->values[GUEST_VCPU_CURRENT];
    return pair->before && count > 0 && pair->before->values[GUEST_VCPU_CURRENT] == count;
}

/* Gives the growth of each device, scaled; returns the sum unscaled, ABSENT when incomplete. */
static wide give_devices(const struct guest_pair *pair, const struct guest_formula *formula,
                         struct scale scale, const struct emitter *emitter) {
    const struct device_set *set = &pair->sets[formula->kind];
    bool whole = is_whole(pair, formula->kind);
    wide sum = 0;

    for (size_t i = 0; i < set->count; i++) {
        wide growth = formula_device_growth(&set->pairs[i], formula->first, formula->second);
        whole = whole && growth != ABSENT;
        sum += growth;
        if (growth != ABSENT && formula->scope == SCOPE_BOTH)
            formula_give(emitter, set->pairs[i].now->name,
                         formula_divide(growth * scale.factor, scale.divisor));
    }
    return whole ? sum : ABSENT;
}

static void give_devices_and_sum(const struct guest_pair *pair, const struct guest_formula *formula,
                                 struct scale scale, const struct emitter *emitter) {
    wide sum = give_devices(pair, formula, scale, emitter);
    if (sum != ABSENT)
        formula_give(emitter, "", formula_divide(sum * scale.factor, scale.divisor));
}

GUEST_FORMULA(formula_value) {
    formula_give(emitter, "", formula_divide(pair->now->values[formula->first], formula->divisor));
}

GUEST_FORMULA(formula_change) {
    wide growth = guest_change(pair, formula->first);

    if (growth != ABSENT && formula->second) {
        int64_t more = guest_change(pair, formula->second);
        growth = more == ABSENT ? ABSENT : growth + more;
    }
    formula_give(emitter, "", formula_divide(growth, formula->divisor));
}

GUEST_FORMULA(formula_device_value) {
    const struct device_set *set = &pair->sets[formula->kind];
    bool whole = all_report(pair, formula->kind);
    wide sum = 0;

    for (size_t i = 0; i < set->count; i++) {
        int64_t value = set->pairs[i].now->values[formula->first];
        whole = whole && value != ABSENT;
        sum += value;
        if (formula->scope == SCOPE_BOTH)
            formula_give(emitter, set->pairs[i].now->name, formula_divide(value, formula->divisor));
    }
    if (whole)
        formula_give(emitter, "", formula_divide(sum, formula->divisor));
}

GUEST_FORMULA(formula_device_change) {
    struct scale scale = {1, formula->divisor};
    give_devices_and_sum(pair, formula, scale, emitter);
}

GUEST_FORMULA(formula_device_rate) {
    struct scale scale = {second_ns, (wide)formula->divisor * pair->elapsed_ns};
    give_devices_and_sum(pair, formula, scale, emitter);
}

GUEST_FORMULA(formula_device_share) {
    struct scale scale = {1, pair->elapsed_ns};
    give_devices_and_sum(pair, formula, scale, emitter);
}

/* ESXi reports 0 too when there was no request. */
static int64_t ratio(wide growth, wide requests, int64_t divisor) {
    return requests == 0 ? 0 : formula_divide(growth, requests * divisor);
}

GUEST_FORMULA(formula_device_ratio) {
    const struct device_set *set = &pair->sets[formula->kind];
    bool whole = is_whole(pair, formula->kind);
    wide sum = 0;
    wide requests = 0;

    for (size_t i = 0; i < set->count; i++) {
        wide growth = formula_device_growth(&set->pairs[i], formula->first, 0);
        wide below = formula_device_growth(&set->pairs[i], formula->below, 0);
        if (growth == ABSENT || below == ABSENT) {
            whole = false;
            continue;
        }
        sum += growth;
        requests += below;
        formula_give(emitter, set->pairs[i].now->name, ratio(growth, below, formula->divisor));
    }
    if (whole)
        formula_give(emitter, "", ratio(sum, requests, formula->divisor));
}

GUEST_FORMULA(formula_highest_latency) {
    const struct device_set *set = &pair->sets[DEVICE_DISK];
    int64_t highest = 0;

    if (!is_whole(pair, DEVICE_DISK))
        return;
    for (size_t i = 0; i < set->count; i++) {
        const struct device_pair *disk = &set->pairs[i];
        wide times = formula_device_growth(disk, DISK_READ_TIMES, DISK_WRITE_TIMES);
        wide requests = formula_device_growth(disk, DISK_READ_REQUESTS, DISK_WRITE_REQUESTS);
        if (times == ABSENT || requests == ABSENT)
            return;
        int64_t latency = ratio(times, requests, formula->divisor);
        highest = latency > highest ? latency : highest;
    }
    formula_give(emitter, "", highest);
}

static wide vcpu_growth(const struct guest_pair *pair, int field) {
    const struct device_set *set = &pair->sets[DEVICE_VCPU];
    wide sum = 0;

    if (!is_whole(pair, DEVICE_VCPU))
        return ABSENT;
    for (size_t i = 0; i < set->count; i++) {
        wide growth = formula_device_growth(&set->pairs[i], field, 0);
        if (growth == ABSENT)
            return ABSENT;
        sum += growth;
    }
    return sum;
}

GUEST_FORMULA(formula_cpu_usage) {
    (void)formula;
    if (!same_vcpus(pair))
        return;
    wide used = guest_change(pair, GUEST_CPU_TIME);
    if (used == ABSENT)
        used = vcpu_growth(pair, VCPU_TIME);
    formula_give(emitter, "",
                 formula_divide(used * PERCENT,
                                (wide)pair->elapsed_ns * pair->now->values[GUEST_VCPU_CURRENT]));
}

GUEST_FORMULA(formula_cpu_usagemhz) {
    struct scale scale = {pair->mhz, pair->elapsed_ns};
    if (!pair->mhz)
        return;
    give_devices(pair, formula, scale, emitter);
    formula_give(
        emitter, "",
        formula_divide((wide)guest_change(pair, GUEST_CPU_TIME) * scale.factor, scale.divisor));
}

GUEST_FORMULA(formula_cpu_readiness) {
    struct scale scale = {PERCENT, pair->elapsed_ns};
    wide sum = give_devices(pair, formula, scale, emitter);
    if (sum != ABSENT && same_vcpus(pair))
        formula_give(emitter, "",
                     formula_divide(sum * PERCENT, (wide)pair->elapsed_ns *
                                                       pair->now->values[GUEST_VCPU_CURRENT]));
}

GUEST_FORMULA(formula_cpu_used) {
    struct scale scale = {1, formula->divisor};
    give_devices(pair, formula, scale, emitter);
    formula_give(emitter, "", formula_divide(guest_change(pair, GUEST_CPU_TIME), formula->divisor));
}

/* Two calls read the two numbers at two moments: their difference would be noise. */
GUEST_FORMULA(formula_cpu_system) {
    wide all = guest_change(pair, GUEST_CPU_TIME);
    wide vcpus = vcpu_growth(pair, VCPU_TIME);
    if (!pair->now->one_call || all == ABSENT || vcpus == ABSENT)
        return;
    formula_give(emitter, "", formula_divide(all > vcpus ? all - vcpus : 0, formula->divisor));
}

/* Nanoseconds that a vCPU neither ran nor wanted to; ABSENT when not known. */
static int64_t waited(const struct guest_pair *pair, const struct device_pair *vcpu) {
    wide run = formula_device_growth(vcpu, VCPU_TIME, VCPU_DELAY);
    if (run == ABSENT)
        return ABSENT;
    return run < pair->elapsed_ns ? pair->elapsed_ns - (int64_t)run : 0;
}

static int64_t halted(const struct guest_pair *pair, const struct device_pair *vcpu) {
    int64_t wait = waited(pair, vcpu);
    wide halt = formula_device_growth(vcpu, VCPU_HALT_WAIT, 0);
    if (wait == ABSENT || halt == ABSENT)
        return ABSENT;
    return halt < wait ? (int64_t)halt : wait;
}

static void give_vcpus(const struct guest_pair *pair,
                       int64_t (*measure)(const struct guest_pair *, const struct device_pair *),
                       const struct emitter *emitter) {
    const struct device_set *set = &pair->sets[DEVICE_VCPU];
    bool whole = is_whole(pair, DEVICE_VCPU) && same_vcpus(pair);
    wide sum = 0;

    if (!pair->before || pair->before->values[GUEST_STATE] != RUNNING ||
        pair->now->values[GUEST_STATE] != RUNNING)
        return;
    for (size_t i = 0; i < set->count; i++) {
        int64_t time = measure(pair, &set->pairs[i]);
        whole = whole && time != ABSENT;
        sum += time;
        formula_give(emitter, set->pairs[i].now->name, formula_divide(time, millisecond_ns));
    }
    if (whole)
        formula_give(emitter, "", formula_divide(sum, millisecond_ns));
}

GUEST_FORMULA(formula_cpu_wait) {
    (void)formula;
    give_vcpus(pair, waited, emitter);
}

GUEST_FORMULA(formula_cpu_idle) {
    (void)formula;
    give_vcpus(pair, halted, emitter);
}

GUEST_FORMULA(formula_memory_usage) {
    const int64_t *now = pair->now->values;
    int64_t spare = now[GUEST_USABLE] == ABSENT ? now[GUEST_UNUSED] : now[GUEST_USABLE];
    (void)formula;

    if (now[GUEST_AVAILABLE] != ABSENT && spare != ABSENT)
        formula_give(
            emitter, "",
            formula_divide((wide)PERCENT * (now[GUEST_AVAILABLE] - spare), now[GUEST_AVAILABLE]));
}

int64_t formula_consumed(const struct guest_sample *guest) {
    int64_t rss = guest->values[GUEST_RSS];
    int64_t current = guest->values[GUEST_MEMORY_CURRENT];

    if (guest->hugepages || rss == ABSENT || current == ABSENT)
        return ABSENT;
    return rss < current ? rss : current;
}

GUEST_FORMULA(formula_memory_consumed) {
    (void)formula;
    formula_give(emitter, "", formula_consumed(pair->now));
}

int64_t formula_balloon(const struct guest_sample *guest) {
    int64_t maximum = guest->values[GUEST_MEMORY_MAXIMUM];
    int64_t current = guest->values[GUEST_MEMORY_CURRENT];

    if (maximum == ABSENT || current == ABSENT)
        return ABSENT;
    return maximum > current ? maximum - current : 0;
}

GUEST_FORMULA(formula_memory_balloon) {
    (void)formula;
    formula_give(emitter, "", formula_balloon(pair->now));
}

GUEST_FORMULA(formula_memory_used) {
    const int64_t *now = pair->now->values;
    (void)formula;
    if (now[GUEST_AVAILABLE] != ABSENT && now[GUEST_UNUSED] != ABSENT)
        formula_give(emitter, "", now[GUEST_AVAILABLE] - now[GUEST_UNUSED]);
}

/*
 * Nanoseconds between the two memory reports, which are seldom those between the polls; 0 when
 * the guest sent no new one.
 */
static int64_t report_distance(const struct guest_pair *pair) {
    if (pair->now->report_clock == REPORT_ALWAYS_FRESH)
        return pair->elapsed_ns;
    int64_t seconds = guest_change(pair, GUEST_LAST_UPDATE);
    return seconds > 0 ? seconds * second_ns : 0;
}

GUEST_FORMULA(formula_report_change) {
    if (report_distance(pair) > 0)
        formula_change(pair, formula, emitter);
}

GUEST_FORMULA(formula_report_rate) {
    wide growth = guest_change(pair, formula->first);
    formula_give(
        emitter, "",
        formula_divide(growth * second_ns, (wide)report_distance(pair) * formula->divisor));
}
