/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* From two samples to values: walks the table of counters. */
#include "source/libvirt/counters/mapping.h"

#include "source/libvirt/counters/counters.h"
#include "source/libvirt/counters/texts.h"

/* One pass over the table: for the values of a pair, or for what its newer sample offers. */
struct walk {
    const struct mapping_output *output;
    const struct libvirt_counter *row;
    bool offers;
    bool offered;           /* so is the counter of this row */
    struct subject subject; /* the guest or the host of the pair: one for all rows, for its size */
};

static size_t index_of(const struct libvirt_counter *row) {
    return (size_t)(row - libvirt_counters);
}

size_t mapping_count(void) {
    return libvirt_counter_count;
}

const struct counter *mapping_counter(size_t index) {
    return index < libvirt_counter_count ? &libvirt_counters[index].counter : NULL;
}

struct catalog *mapping_catalog(const char *driver) {
    struct catalog *catalog = catalog_new();
    for (size_t i = 0; i < libvirt_counter_count; i++) {
        struct counter counter = libvirt_counters[i].counter;
        texts_apply(&counter, driver ? driver : "qemu");
        catalog_add(catalog, &counter);
    }
    return catalog;
}

/* The next row that is wanted, or NULL; the first one after NULL. */
static const struct libvirt_counter *next_row(const struct libvirt_counter *row,
                                              const bool *wanted) {
    for (size_t i = row ? index_of(row) + 1 : 0; i < libvirt_counter_count; i++) {
        if (!wanted || wanted[i])
            return &libvirt_counters[i];
    }
    return NULL;
}

static bool next(struct walk *walk) {
    walk->row = next_row(walk->row, walk->output->wanted);
    walk->offered = false;
    return walk->row;
}

static struct fraction evaluate(const struct walk *walk, const struct formula *formula,
                                const struct subject *subject) {
    return walk->offers ? formula_offer(formula, subject) : formula_compute(formula, subject);
}

static void emit(struct walk *walk, const char *instance, struct fraction fraction) {
    const struct mapping_output *output = walk->output;
    int64_t value = fraction_value(fraction);
    if (value == ABSENT || (output->aggregate_only && *instance))
        return;
    if (!walk->offers)
        output->value(output->context, index_of(walk->row), instance, value);
    else if (!walk->offered)
        output->offer(output->context, index_of(walk->row));
    walk->offered = true;
}

static struct subject guest_subject(const struct guest_pair *pair) {
    return (struct subject){
        .before = pair->before ? pair->before->values : NULL,
        .now = pair->now->values,
        .elapsed_ns = pair->elapsed_ns,
        .mhz = pair->mhz,
        .guest = pair,
        .devices = fraction_absent,
    };
}

static void look_at_device(struct subject *subject, const struct device_pair *device) {
    subject->before = device->before ? device->before->values : NULL;
    subject->now = device->now->values;
}

static enum device_kind kind_of(const struct formula *formula) {
    return (enum device_kind)(formula->of - OF_VCPU);
}

/* A device that came or went in between makes a sum of what changed incomplete. */
static bool can_sum(const struct walk *walk, const struct formula *formula, bool same) {
    return same || walk->offers || !formula_is_growth(formula);
}

/* NICs without a name on the host (user networking, passed-through) have no statistics. */
static bool all_report(const struct guest_sample *guest, enum device_kind kind) {
    int64_t count = (int64_t)guest->devices[kind].count;
    int64_t nics = guest->values[GUEST_NET_COUNT];
    int64_t vcpus = guest->values[GUEST_VCPU_CURRENT];
    if (kind == DEVICE_NIC && nics > count)
        return false;
    return count > 0 && (kind != DEVICE_VCPU || vcpus == ABSENT || vcpus == count);
}

static void join(enum formula_whole how, struct fraction *whole, const struct fraction *part) {
    if (how == WHOLE_HIGHEST) {
        *whole = fraction_value(*part) > fraction_value(*whole) ? *part : *whole;
        return;
    }
    whole->dividend += part->dividend;
    whole->divisor = how == WHOLE_MEAN ? whole->divisor + part->divisor : part->divisor;
}

/* What the devices of a guest make together; each is emitted when it is the row's own formula. */
static struct fraction sum_devices(struct walk *walk, const struct formula *formula,
                                   const struct guest_pair *pair) {
    const struct device_set *set = &pair->sets[kind_of(formula)];
    bool complete = can_sum(walk, formula, set->same);
    bool own = formula == &walk->row->device && !formula->aggregate_only;
    struct subject device = walk->subject;
    struct fraction whole = {0, 0};
    for (size_t i = 0; i < set->count; i++) {
        look_at_device(&device, &set->pairs[i]);
        struct fraction part = evaluate(walk, formula, &device);
        complete = complete && !fraction_is_absent(part);
        join(formula->whole, &whole, &part);
        if (own)
            emit(walk, set->pairs[i].now->name, part);
    }
    return complete ? whole : fraction_absent;
}

static void walk_guest(const struct guest_pair *pair, const struct mapping_output *output,
                       bool offers) {
    struct walk walk = {.output = output, .offers = offers, .subject = guest_subject(pair)};
    while (next(&walk)) {
        const struct formula *device = &walk.row->device;
        const struct formula *guest = &walk.row->guest;
        struct fraction *devices = &walk.subject.devices;
        *devices = fraction_absent;
        if (device->form && pair->sets[kind_of(device)].count) {
            struct fraction whole = sum_devices(&walk, device, pair);
            if (all_report(pair->now, kind_of(device)))
                *devices = whole;
        }
        if (guest->form)
            emit(&walk, "", evaluate(&walk, guest, &walk.subject));
        else if (device->form)
            emit(&walk, "", *devices);
    }
}

void mapping_guest(const struct guest_pair *pair, const struct mapping_output *output) {
    walk_guest(pair, output, false);
}

void mapping_guest_offers(const struct guest_pair *pair, const struct mapping_output *output) {
    walk_guest(pair, output, true);
}

static struct fraction one_guest(struct walk *walk, const struct guest_pair *pair) {
    const struct formula *formula = &walk->row->host;
    walk->subject = guest_subject(pair);
    return formula->of == OF_GUEST ? evaluate(walk, formula, &walk->subject)
                                   : sum_devices(walk, formula, pair);
}

/*
 * Where a driver has no bulk call the guests' distances in time differ, and so do the divisors:
 * then quotients add up, in units small enough not to be seen.
 */
static struct fraction sum_guests(struct walk *walk, const struct host_pair *pair) {
    enum { UNITS = 1 << 20 };
    struct fraction sum = {0, 0};
    if (!pair->guests_known || !can_sum(walk, &walk->row->host, pair->guests_same))
        return fraction_absent;
    for (size_t i = 0; i < pair->guest_count; i++) {
        if (pair->guests[i].now->is_host)
            continue;
        struct fraction part = one_guest(walk, &pair->guests[i]);
        if (fraction_is_absent(part))
            return fraction_absent;
        if (!part.divisor)
            continue;
        if (!sum.divisor)
            sum.divisor = part.divisor;
        sum.dividend += part.divisor == sum.divisor
                            ? part.dividend * UNITS
                            : part.dividend * UNITS / part.divisor * sum.divisor;
    }
    sum.divisor *= UNITS;
    return sum;
}

static void host_row(struct walk *walk, const struct host_pair *pair) {
    const struct formula *formula = &walk->row->host;
    struct subject host = {
        .before = pair->before ? pair->before->values : NULL,
        .now = pair->now->values,
        .elapsed_ns = pair->elapsed_ns,
        .mhz = pair->mhz,
        .page_bytes = pair->page_bytes,
    };
    for (size_t i = 0; formula->of == OF_CPUS && i < pair->cpus.count; i++) {
        struct subject cpu = host;
        look_at_device(&cpu, &pair->cpus.pairs[i]);
        emit(walk, pair->cpus.pairs[i].now->name, evaluate(walk, formula, &cpu));
    }
    emit(walk, "",
         formula->of >= OF_HOST ? evaluate(walk, formula, &host) : sum_guests(walk, pair));
}

static void walk_host(const struct host_pair *pair, const struct mapping_output *output,
                      bool offers) {
    struct walk walk = {.output = output, .offers = offers};
    while (next(&walk)) {
        if (walk.row->host.form)
            host_row(&walk, pair);
    }
}

void mapping_host(const struct host_pair *pair, const struct mapping_output *output) {
    walk_host(pair, output, false);
}

void mapping_host_offers(const struct host_pair *pair, const struct mapping_output *output) {
    walk_host(pair, output, true);
}

/* The last field of each group, in the order of the fields. */
struct group_end {
    int field;
    unsigned int group;
};

static const struct group_end guest_groups[] = {
    {GUEST_STATE, SAMPLE_STATE},
    {GUEST_HALTPOLL_FAIL, SAMPLE_CPU},
    {GUEST_VCPU_MAXIMUM, SAMPLE_VCPU},
    {GUEST_NET_COUNT, SAMPLE_NIC},
    {GUEST_REPORT_AGE, SAMPLE_BALLOON},
    {GUEST_UPTIME, SAMPLE_STATE},
    {GUEST_SNAPSHOT_AGE, SAMPLE_SNAPSHOTS},
};

static const struct group_end vcpu_groups[] = {{DEVICE_FIELDS, SAMPLE_VCPU}};
static const struct group_end nic_groups[] = {{DEVICE_FIELDS, SAMPLE_NIC}};
static const struct group_end disk_groups[] = {{DISK_ERRORS, SAMPLE_DISK},
                                               {DEVICE_FIELDS, SAMPLE_DISK_SIZE}};
static const struct group_end filesystem_groups[] = {{DEVICE_FIELDS, SAMPLE_FILESYSTEMS}};

static const struct group_end host_groups[] = {
    {HOST_CPU_IOWAIT, SAMPLE_HOST_CPU},
    {HOST_MEMORY_CACHED, SAMPLE_HOST_MEMORY},
    {HOST_PAGES_SHARING, SAMPLE_HOST_PAGES},
};

static const struct group_end *const group_ends[] = {
    [OF_GUEST] = guest_groups,
    [OF_VCPU] = vcpu_groups,
    [OF_NIC] = nic_groups,
    [OF_DISK] = disk_groups,
    [OF_FILESYSTEM] = filesystem_groups,
    [OF_HOST] = host_groups,
    [OF_CPUS] = host_groups,
};

static unsigned int groups_of(const struct formula *formula) {
    unsigned int groups = formula->of < OF_HOST ? SAMPLE_STATE | SAMPLE_CPU : 0;
    if (!formula->form)
        return 0;
    for (const int *field = formula->fields; *field; field++) {
        const struct group_end *end = group_ends[formula->of];
        while (end->field < *field)
            end++;
        groups |= end->group;
    }
    return groups;
}

unsigned int mapping_groups(const bool *wanted) {
    const struct libvirt_counter *row = NULL;
    unsigned int groups = 0;
    while ((row = next_row(row, wanted)))
        groups |= groups_of(&row->guest) | groups_of(&row->device) | groups_of(&row->host);
    return groups;
}
