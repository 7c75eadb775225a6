/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* From two samples to values: walks the table of counters. */
#include "source/libvirt/counters/mapping.h"

#include "source/libvirt/counters/counters.h"

static const struct libvirt_counter *const groups[] = {
    counters_cpu, counters_memory, counters_net, counters_disk, counters_kvm, counters_kvm_devices,
};

enum { GROUPS = sizeof groups / sizeof groups[0] };

struct receiver {
    const struct mapping_output *output;
    size_t counter;
};

static void receive(void *context, const char *instance, int64_t value) {
    const struct receiver *receiver = context;
    receiver->output->value(receiver->output->context, receiver->counter, instance, value);
}

static bool is_wanted(const struct mapping_output *output, size_t index) {
    return !output->wanted || output->wanted[index];
}

size_t mapping_count(void) {
    size_t count = 0;
    for (size_t group = 0; group < GROUPS; group++) {
        for (const struct libvirt_counter *row = groups[group]; row->counter.name; row++)
            count++;
    }
    return count;
}

const struct counter *mapping_counter(size_t index) {
    for (size_t group = 0; group < GROUPS; group++) {
        for (const struct libvirt_counter *row = groups[group]; row->counter.name; row++) {
            if (index-- == 0)
                return &row->counter;
        }
    }
    return NULL;
}

struct catalog *mapping_catalog(void) {
    struct catalog *catalog = catalog_new();
    for (size_t group = 0; group < GROUPS; group++) {
        for (const struct libvirt_counter *row = groups[group]; row->counter.name; row++)
            catalog_add(catalog, &row->counter);
    }
    return catalog;
}

void mapping_guest(const struct guest_pair *pair, const struct mapping_output *output) {
    struct receiver receiver = {output, 0};
    const struct emitter emitter = {&receiver, receive};

    for (size_t group = 0; group < GROUPS; group++) {
        for (const struct libvirt_counter *row = groups[group]; row->counter.name; row++) {
            if (row->guest.compute && is_wanted(output, receiver.counter))
                row->guest.compute(pair, &row->guest, &emitter);
            receiver.counter++;
        }
    }
}

void mapping_host(const struct host_pair *pair, const struct mapping_output *output) {
    struct receiver receiver = {output, 0};
    const struct emitter emitter = {&receiver, receive};

    for (size_t group = 0; group < GROUPS; group++) {
        for (const struct libvirt_counter *row = groups[group]; row->counter.name; row++) {
            if (row->host.compute && is_wanted(output, receiver.counter))
                row->host.compute(pair, &row->host, &emitter);
            receiver.counter++;
        }
    }
}
