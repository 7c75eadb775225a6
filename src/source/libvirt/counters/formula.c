/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The arithmetic behind the counters. */
#include "source/libvirt/counters/formula.h"

enum { PERCENT = 10000, RUNNING = 1 };

static const int64_t second_ns = 1000000000;

/* Nanoseconds and bytes times 10^9 do not fit into 64 bits. */
typedef __int128 wide;

const struct fraction fraction_absent = {ABSENT, 1};

bool fraction_is_absent(struct fraction fraction) {
    return fraction.dividend < 0;
}

static bool is_short(wide number) {
    return number == (int64_t)number;
}

/* Most are short: there is an instruction that divides these. */
int64_t fraction_value(struct fraction fraction) {
    if (fraction_is_absent(fraction))
        return ABSENT;
    if (!fraction.divisor)
        return 0;
    if (is_short(fraction.dividend) && is_short(fraction.divisor))
        return (int64_t)fraction.dividend / (int64_t)fraction.divisor;
    wide value = fraction.dividend / fraction.divisor;
    return value > INT64_MAX ? ABSENT : (int64_t)value;
}

static wide sum(const int64_t *values, const int *fields) {
    wide total = 0;
    for (; *fields; fields++)
        total += values[*fields];
    return total;
}

/* D of the first fields, at most count; ABSENT when one of them is. */
static wide growth_of(const struct subject *subject, const int *fields, int count) {
    wide total = 0;
    for (int i = 0; i < count && fields[i]; i++) {
        int64_t change = rates_change(subject->before, subject->now, fields[i]);
        if (change == ABSENT)
            return ABSENT;
        total += change;
    }
    return total;
}

static wide growth(const struct formula *formula, const struct subject *subject) {
    return growth_of(subject, formula->fields, FORMULA_FIELDS);
}

static struct fraction value(const struct formula *formula, const struct subject *subject) {
    return (struct fraction){sum(subject->now, formula->fields), formula->divisor};
}

static struct fraction difference(const struct formula *formula, const struct subject *subject) {
    wide first = subject->now[formula->fields[0]];
    return (struct fraction){first - sum(subject->now, formula->fields + 1), formula->divisor};
}

static struct fraction difference_percent(const struct formula *formula,
                                          const struct subject *subject) {
    int64_t first = subject->now[formula->fields[0]];
    wide rest = difference(formula, subject).dividend;
    return first ? (struct fraction){rest * PERCENT, first} : fraction_absent;
}

static struct fraction surplus(const struct formula *formula, const struct subject *subject) {
    struct fraction rest = difference(formula, subject);
    rest.dividend = rest.dividend > 0 ? rest.dividend : 0;
    return rest;
}

static int64_t spare_memory(const struct subject *subject) {
    int64_t usable = subject->now[GUEST_USABLE];
    return usable == ABSENT ? subject->now[GUEST_UNUSED] : usable;
}

static struct fraction memory_usage(const struct formula *formula, const struct subject *subject) {
    int64_t available = subject->now[formula->fields[0]];
    return (struct fraction){(wide)PERCENT * (available - spare_memory(subject)), available};
}

static struct fraction pages(const struct formula *formula, const struct subject *subject) {
    wide count = sum(subject->now, formula->fields);
    return (struct fraction){count * subject->page_bytes, formula->divisor};
}

static struct fraction change(const struct formula *formula, const struct subject *subject) {
    return (struct fraction){growth(formula, subject), formula->divisor};
}

static struct fraction per_second(wide grown, int64_t elapsed_ns, const struct formula *formula) {
    return (struct fraction){grown * second_ns, (wide)elapsed_ns * formula->divisor};
}

static struct fraction rate(const struct formula *formula, const struct subject *subject) {
    return per_second(growth(formula, subject), subject->elapsed_ns, formula);
}

/* CPUs that were neither busy nor idle were not measured. */
static struct fraction megahertz(const struct formula *formula, const struct subject *subject) {
    if (formula->below[0] && !growth(formula, subject) &&
        !growth_of(subject, formula->below, FORMULA_FIELDS))
        return fraction_absent;
    return (struct fraction){growth(formula, subject) * subject->mhz, subject->elapsed_ns};
}

/* ESXi reports 0 too when there was no request. */
static struct fraction ratio(const struct formula *formula, const struct subject *subject) {
    wide below = growth_of(subject, formula->below, FORMULA_FIELDS);
    wide above = below == ABSENT ? ABSENT : growth(formula, subject);
    return (struct fraction){above, below * formula->divisor};
}

static struct fraction busy(const struct formula *formula, const struct subject *subject) {
    wide all = growth(formula, subject);
    if (all <= 0)
        return fraction_absent;
    return (struct fraction){growth_of(subject, formula->fields, 2) * PERCENT, all};
}

/* Nanoseconds that a vCPU of a running guest neither ran nor wanted to. */
static struct fraction waited(const struct formula *formula, const struct subject *subject) {
    wide ran = growth_of(subject, formula->fields, 2);
    if (ran == ABSENT || subject->guest->before->values[GUEST_STATE] != RUNNING)
        return fraction_absent;
    wide rest = subject->elapsed_ns - ran;
    return (struct fraction){rest > 0 ? rest : 0, formula->divisor};
}

static struct fraction halted(const struct formula *formula, const struct subject *subject) {
    struct fraction wait = waited(formula, subject);
    wide halt = growth_of(subject, formula->fields + 2, 1);
    if (halt < wait.dividend)
        wait.dividend = halt;
    return wait;
}

static struct fraction cpu_usage(const struct formula *formula, const struct subject *subject) {
    int vcpus = formula->fields[0];
    if (!subject->before || subject->before[vcpus] != subject->now[vcpus])
        return fraction_absent;
    wide used = growth_of(subject, (int[]){GUEST_CPU_TIME}, 1);
    if (used == ABSENT)
        used = subject->devices.dividend;
    return (struct fraction){used * PERCENT, (wide)subject->elapsed_ns * subject->now[vcpus]};
}

static struct fraction cpu_system(const struct formula *formula, const struct subject *subject) {
    wide all = growth(formula, subject);
    wide vcpus = subject->devices.dividend;
    if (all == ABSENT)
        return fraction_absent;
    return (struct fraction){all > vcpus ? all - vcpus : 0, formula->divisor};
}

/*
 * Nanoseconds between the two memory reports, which are seldom those between the polls; 0 when
 * the guest sent no new one.
 */
static int64_t report_distance(const struct subject *subject) {
    if (subject->guest->now->report_clock == REPORT_ALWAYS_FRESH)
        return subject->elapsed_ns;
    int64_t seconds = rates_change(subject->before, subject->now, GUEST_LAST_UPDATE);
    return seconds > 0 ? seconds * second_ns : 0;
}

static struct fraction report_change(const struct formula *formula, const struct subject *subject) {
    return report_distance(subject) ? change(formula, subject) : fraction_absent;
}

static struct fraction report_rate(const struct formula *formula, const struct subject *subject) {
    int64_t distance_ns = report_distance(subject);
    return distance_ns ? per_second(growth(formula, subject), distance_ns, formula)
                       : fraction_absent;
}

static bool knows_spare_memory(const struct subject *subject) {
    return subject->now[GUEST_AVAILABLE] > 0 && spare_memory(subject) != ABSENT;
}

static bool knows_page_size(const struct subject *subject) {
    return subject->page_bytes > 0;
}

static bool knows_megahertz(const struct subject *subject) {
    return subject->mhz > 0;
}

static bool is_running(const struct subject *subject) {
    return subject->guest->now->values[GUEST_STATE] == RUNNING;
}

static bool knows_cpu_time(const struct subject *subject) {
    return subject->now[GUEST_VCPU_CURRENT] > 0 &&
           (subject->now[GUEST_CPU_TIME] != ABSENT || !fraction_is_absent(subject->devices));
}

/* Two calls read the two numbers at two moments: their difference would be noise. */
static bool is_one_call(const struct subject *subject) {
    return subject->guest->now->one_call && !fraction_is_absent(subject->devices);
}

static bool has_reports(const struct subject *subject) {
    return subject->guest->now->report_clock == REPORT_ALWAYS_FRESH ||
           subject->now[GUEST_LAST_UPDATE] != ABSENT;
}

/* Condition: what has to hold besides that all fields are there; NULL: nothing. */
static const struct {
    struct fraction (*compute)(const struct formula *formula, const struct subject *subject);
    bool (*condition)(const struct subject *subject);
} forms[FORMS] = {
    [FORM_VALUE] = {value, NULL},
    [FORM_DIFFERENCE] = {difference, NULL},
    [FORM_DIFFERENCE_PERCENT] = {difference_percent, NULL},
    [FORM_SURPLUS] = {surplus, NULL},
    [FORM_MEMORY_USAGE] = {memory_usage, knows_spare_memory},
    [FORM_PAGES] = {pages, knows_page_size},
    [FORM_CHANGE] = {change, NULL},
    [FORM_RATE] = {rate, NULL},
    [FORM_MEGAHERTZ] = {megahertz, knows_megahertz},
    [FORM_RATIO] = {ratio, NULL},
    [FORM_BUSY] = {busy, NULL},
    [FORM_WAITED] = {waited, is_running},
    [FORM_HALTED] = {halted, is_running},
    [FORM_CPU_USAGE] = {cpu_usage, knows_cpu_time},
    [FORM_CPU_SYSTEM] = {cpu_system, is_one_call},
    [FORM_REPORT_CHANGE] = {report_change, has_reports},
    [FORM_REPORT_RATE] = {report_rate, has_reports},
};

static bool are_present(const int64_t *values, const int *fields) {
    for (; *fields; fields++) {
        if (values[*fields] == ABSENT)
            return false;
    }
    return true;
}

static bool has_needs(const struct formula *formula, const struct subject *subject) {
    bool (*condition)(const struct subject *) = forms[formula->form].condition;
    return are_present(subject->now, formula->fields) &&
           are_present(subject->now, formula->below) && (!condition || condition(subject));
}

bool formula_is_growth(const struct formula *formula) {
    return formula->form >= FORM_CHANGE;
}

struct fraction formula_compute(const struct formula *formula, const struct subject *subject) {
    return has_needs(formula, subject) ? forms[formula->form].compute(formula, subject)
                                       : fraction_absent;
}

struct fraction formula_offer(const struct formula *formula, const struct subject *subject) {
    return has_needs(formula, subject) ? (struct fraction){0, 1} : fraction_absent;
}
