/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/xapi/counters/figures.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "source/libvirt/counters/standard.h"
#include "source/xapi/counters/counters.h"

enum { MILLISECONDS_PER_SECOND = 1000, KIB = 1024 };

/* A value before the division; absent when the dividend is NAN. */
struct quotient {
    double dividend;
    double divisor;
    bool offered; /* its data sources are there */
};

static const struct quotient no_value = {(double)NAN, 1, false};

/* One row of the table, for one subject. */
struct walk {
    const struct subject *subject;
    const struct figures_output *output;
    const struct xapi_counter *row;
    bool is_guest;
    long first; /* number of the first row of the interval */
    long rows;
};

/* A device, or the whole when it is NULL. */
struct part {
    const struct layout_device *device;
    const struct pool_device *record; /* NULL when not known */
};

const char *figures_name(size_t index) {
    return index < xapi_counter_count ? xapi_counters[index].counter.name : NULL;
}

/* One without a unit is as in the table that sources share. */
static void add_counter(struct catalog *catalog, const struct counter *own) {
    const struct counter *known = own->unit ? NULL : standard_counter(own->name);
    struct counter counter = known ? *known : *own;
    counter.formula = own->formula;
    counter.fidelity = own->fidelity;
    catalog_add(catalog, &counter);
}

struct catalog *figures_catalog(void) {
    struct catalog *catalog = catalog_new();
    for (size_t i = 0; i < xapi_counter_count; i++)
        add_counter(catalog, &xapi_counters[i].counter);
    return catalog;
}

/* 0.29 * 100 is less than 29 by what a double cannot hold. */
static int64_t round_down(double value) {
    return (int64_t)floor(value * (1 + 64 * DBL_EPSILON));
}

static double cell(const struct walk *walk, long row, long column) {
    return walk->subject->updates->rows[row].values[column];
}

/*
 * Requests per second are a count that begins at 0 with XAPI's plugin, which first gives all of it
 * as if it were of one step: what has nothing before it is not used.
 */
static double cell_behind(const struct walk *walk, long row, long column) {
    const struct updates *updates = walk->subject->updates;
    bool follows =
        row > 0 && updates->rows[row - 1].time == updates->rows[row].time - updates->step;
    return follows && isfinite(cell(walk, row - 1, column)) ? cell(walk, row, column) : (double)NAN;
}

static bool is_count(const struct part *part, int field) {
    return part->device && (field == DEVICE_READS || field == DEVICE_WRITES);
}

static long column_of(const struct walk *walk, const struct part *part, int field) {
    return part->device ? part->device->columns[field] : walk->subject->layout->columns[field];
}

static bool has_columns(const struct walk *walk, const struct formula *formula,
                        const struct part *part) {
    for (int i = 0; i < FORMULA_FIELDS && formula->fields[i]; i++)
        if (column_of(walk, part, formula->fields[i]) == NO_COLUMN)
            return false;
    return true;
}

/* NAN when one of the rows has none. */
static double mean(const struct walk *walk, const struct part *part, int field) {
    long column = column_of(walk, part, field);
    double sum = 0;
    for (long row = walk->first; row < walk->first + walk->rows; row++)
        sum += is_count(part, field) ? cell_behind(walk, row, column) : cell(walk, row, column);
    return walk->rows ? sum / (double)walk->rows : (double)NAN;
}

static double mean_sum(const struct walk *walk, const struct formula *formula,
                       const struct part *part) {
    double sum = 0;
    for (int i = 0; i < FORMULA_FIELDS && formula->fields[i]; i++)
        sum += mean(walk, part, formula->fields[i]);
    return sum;
}

/* Each row's latency is the mean of its requests: the one of several rows is weighted by these. */
static struct quotient latency(const struct walk *walk, const struct formula *formula,
                               const struct part *part) {
    long requests = column_of(walk, part, formula->fields[0]);
    long times = column_of(walk, part, formula->fields[1]);
    struct quotient quotient = {0, 0, true};
    for (long row = walk->first; row < walk->first + walk->rows; row++) {
        double count = cell_behind(walk, row, requests);
        quotient.dividend += count * cell(walk, row, times) * formula->scale;
        quotient.divisor += count;
    }
    return quotient;
}

static double cpus_of(const struct walk *walk) {
    const struct subject *subject = walk->subject;
    int32_t cpus = walk->is_guest ? subject->vm->cpus : subject->host->threads;
    return cpus > 0 ? cpus : (double)NAN;
}

static double mhz_of(const struct walk *walk) {
    const struct pool_host *host = walk->subject->host;
    return host && host->mhz > 0 ? host->mhz : (double)NAN;
}

/* Seconds since it began to run; NAN before. */
static double age_of(const struct walk *walk) {
    const struct subject *subject = walk->subject;
    double begin = walk->is_guest ? subject->vm->start_time : subject->host->boot_time;
    double age = (double)subject->end - begin;
    return age >= 0 ? age : (double)NAN;
}

static double at_moment(const struct walk *walk, double value) {
    return walk->subject->at_moment ? value : (double)NAN;
}

/* Bytes that the guest may have. */
static double maximum_of(const struct walk *walk) {
    return walk->subject->vm ? walk->subject->vm->memory_maximum : (double)NAN;
}

static double surplus(double more) {
    return isnan(more) || more > 0 ? more : 0;
}

/* What is no sum of means: of two means, or of what the records say. */
static double compute_other(const struct walk *walk, const struct formula *formula,
                            const struct part *part) {
    double first = formula->fields[0] ? mean(walk, part, formula->fields[0]) : (double)NAN;
    double second = formula->fields[1] ? mean(walk, part, formula->fields[1]) : (double)NAN;
    switch (formula->form) {
    case FORM_DIFFERENCE:
        return first - second;
    case FORM_SHARE:
        return first > 0 ? (first - second) / first : (double)NAN;
    case FORM_MEMORY_USAGE:
        return first > 0 ? (first - second * KIB) / first : (double)NAN;
    case FORM_BALLOON:
        return surplus(maximum_of(walk) - first);
    case FORM_AGE:
        return age_of(walk);
    case FORM_CPUS:
        return at_moment(walk, cpus_of(walk));
    case FORM_SIZE:
        return part->record ? at_moment(walk, part->record->size) : (double)NAN;
    case FORM_USED:
        return part->record ? at_moment(walk, part->record->used) : (double)NAN;
    default:
        return (double)NAN;
    }
}

static struct quotient compute(const struct walk *walk, const struct formula *formula,
                               const struct part *part) {
    double seconds = (double)walk->subject->interval * MILLISECONDS_PER_SECOND;
    if (!has_columns(walk, formula, part))
        return no_value;
    switch (formula->form) {
    case FORM_LATENCY:
        return latency(walk, formula, part);
    case FORM_MEAN:
    case FORM_CPU_USAGE:
        return (struct quotient){mean_sum(walk, formula, part) * formula->scale, 1, true};
    case FORM_TIME:
        return (struct quotient){mean_sum(walk, formula, part) * seconds, 1, true};
    case FORM_MEGAHERTZ:
        return (struct quotient){mean_sum(walk, formula, part) * mhz_of(walk), 1, true};
    case FORM_MEGAHERTZ_ALL:
        return (struct quotient){mean_sum(walk, formula, part) * mhz_of(walk) * cpus_of(walk), 1,
                                 true};
    case FORM_CPUS_TIME:
        return (struct quotient){mean_sum(walk, formula, part) * cpus_of(walk) * seconds, 1, true};
    default:
        return (struct quotient){compute_other(walk, formula, part) * formula->scale, 1, true};
    }
}

static void emit(const struct walk *walk, const char *instance, struct quotient quotient) {
    const struct figures_output *output = walk->output;
    size_t counter = (size_t)(walk->row - xapi_counters);
    double value = quotient.dividend;
    if (output->aggregate_only && *instance)
        return;
    if (quotient.offered)
        output->offer(output->context, counter);
    if (isfinite(value) && quotient.divisor != 0)
        value /= quotient.divisor;
    if (isfinite(value) && value >= 0 && value < (double)INT64_MAX / 2)
        output->value(output->context, counter, instance, round_down(value));
}

/* The records of the subject's devices of this kind; NULL where none are kept. */
static const struct pool_devices *records_of(const struct walk *walk, enum device_kind kind) {
    const struct subject *subject = walk->subject;
    if (!walk->is_guest)
        return kind == DEVICE_NIC ? &subject->host->nics : NULL;
    if (kind == DEVICE_NIC)
        return &subject->vm->nics;
    return kind == DEVICE_DISK ? &subject->vm->disks : NULL;
}

static const struct pool_device *record_of(const struct pool_devices *records, const char *name) {
    for (size_t i = 0; records && i < records->count; i++)
        if (strcmp(records->items[i].name, name) == 0)
            return &records->items[i];
    return NULL;
}

/*
 * Whether the devices in the answer are all that make the whole: each one that the records know and
 * count is there, and of a guest the records know all that are there.
 */
static bool is_complete(const struct walk *walk, enum device_kind kind) {
    const struct layout_devices *devices = &walk->subject->layout->devices[kind];
    const struct pool_devices *records = records_of(walk, kind);
    if (kind == DEVICE_CPU)
        return devices->count > 0 && (double)devices->count >= cpus_of(walk);
    if (!records || (walk->is_guest && !walk->subject->vm->devices_known))
        return false;
    for (size_t i = 0; i < records->count; i++)
        if (records->items[i].counts &&
            !layout_device(walk->subject->layout, kind, records->items[i].name))
            return false;
    for (size_t i = 0; walk->is_guest && i < devices->count; i++)
        if (!record_of(records, devices->items[i].name))
            return false;
    return true;
}

/* The instance of a device; NULL when it is none: a CD drive, or storage that nobody knows. */
static const char *instance_of(const struct walk *walk, enum device_kind kind,
                               const struct part *part) {
    if (kind == DEVICE_DISK)
        return part->record && !part->record->counts ? NULL : part->device->name;
    if (kind != DEVICE_SR)
        return part->device->name;
    const struct pool_sr *sr = pool_sr(walk->subject->pool, part->device->name);
    return sr ? sr->uuid : NULL;
}

/* What the devices make together; each is emitted when the formula is theirs. */
static struct quotient sum_devices(const struct walk *walk, const struct formula *formula,
                                   bool each) {
    const struct layout_devices *devices = &walk->subject->layout->devices[formula->kind];
    const struct pool_devices *records = records_of(walk, formula->kind);
    struct quotient sum = {0, formula->form == FORM_LATENCY ? 0 : 1, false};
    size_t members = 0;
    for (size_t i = 0; i < devices->count; i++) {
        const struct part part = {&devices->items[i], record_of(records, devices->items[i].name)};
        const char *instance = instance_of(walk, formula->kind, &part);
        struct quotient value = compute(walk, formula, &part);
        if (each && instance)
            emit(walk, instance, value);
        if (records && !(part.record && part.record->counts))
            continue;
        members++;
        sum.offered |= value.offered;
        sum.dividend += value.dividend;
        sum.divisor += formula->form == FORM_LATENCY ? value.divisor : 0;
    }
    return members && is_complete(walk, formula->kind) ? sum : no_value;
}

/* Of the vCPUs, where the mean of them is not told. */
static struct quotient usage_of_cpus(const struct walk *walk, const struct formula *formula) {
    const struct formula busy = {FORM_MEAN, DEVICE_CPU, formula->scale, {DEVICE_BUSY}};
    struct quotient sum = sum_devices(walk, &busy, false);
    sum.divisor = cpus_of(walk);
    return isnan(sum.divisor) ? no_value : sum;
}

static bool is_of_devices(const struct formula *formula) {
    return formula->kind != DEVICE_CPU;
}

static struct quotient whole_of(const struct walk *walk, const struct formula *formula) {
    const struct part whole = {NULL, NULL};
    if (formula->form == FORM_CPU_USAGE && !has_columns(walk, formula, &whole))
        return usage_of_cpus(walk, formula);
    if (is_of_devices(formula))
        return sum_devices(walk, formula, false);
    return compute(walk, formula, &whole);
}

static void emit_row(const struct walk *walk) {
    const struct formula *whole = walk->is_guest ? &walk->row->guest : &walk->row->host;
    const struct formula *device = walk->is_guest ? &walk->row->device : &walk->row->part;
    struct quotient devices = device->form ? sum_devices(walk, device, true) : no_value;
    bool has_sum = walk->is_guest || device->kind == DEVICE_NIC;
    if (whole->form)
        emit(walk, "", whole_of(walk, whole));
    else if (device->form && has_sum)
        emit(walk, "", devices);
}

/* All rows of the interval stand side by side. */
static bool find_rows(struct walk *walk) {
    const struct updates *updates = walk->subject->updates;
    int64_t step = updates->step, end = walk->subject->end;
    if (walk->subject->interval % step != 0)
        return false;
    walk->rows = (long)(walk->subject->interval / step);
    walk->first = updates_find(updates, end - walk->subject->interval + step);
    for (long i = 0; i < walk->rows; i++) {
        long row = walk->first + i;
        if (walk->first < 0 || row >= (long)updates->row_count ||
            updates->rows[row].time != end - (walk->rows - 1 - i) * step)
            return false;
    }
    return walk->rows > 0;
}

static void emit_rows(struct walk *walk) {
    const struct figures_output *output = walk->output;
    for (size_t i = 0; i < xapi_counter_count; i++) {
        walk->row = &xapi_counters[i];
        bool has = walk->is_guest ? walk->row->guest.form || walk->row->device.form
                                  : walk->row->host.form || walk->row->part.form;
        if (has && (!output->wanted || output->wanted[i]))
            emit_row(walk);
    }
}

bool figures_emit(const struct subject *subject, const struct figures_output *output) {
    struct walk walk = {.subject = subject, .output = output, .is_guest = subject->vm};
    if (!find_rows(&walk))
        return false;
    emit_rows(&walk);
    return true;
}

void figures_offer(const struct subject *subject, const struct figures_output *output) {
    struct walk walk = {.subject = subject, .output = output, .is_guest = subject->vm};
    emit_rows(&walk); /* without rows there are no means */
}

static double storage_bytes(const struct pool_sr *sr, enum storage storage) {
    switch (storage) {
    case STORAGE_CAPACITY:
        return sr->size;
    case STORAGE_FREE:
        return sr->size - sr->used;
    case STORAGE_PROVISIONED:
        return sr->provisioned;
    default:
        return (double)NAN;
    }
}

void figures_emit_storage(const struct pool_sr *sr, const struct figures_output *output) {
    for (size_t i = 0; i < xapi_counter_count; i++) {
        double bytes = storage_bytes(sr, xapi_counters[i].storage);
        if (!xapi_counters[i].storage || (output->wanted && !output->wanted[i]))
            continue;
        output->offer(output->context, i);
        if (bytes >= 0 && bytes < (double)INT64_MAX / 2)
            output->value(output->context, i, "", (int64_t)(bytes / KIB));
    }
}
