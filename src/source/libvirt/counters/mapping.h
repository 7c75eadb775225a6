/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* From two samples to values under vSphere's names, units and rounding. No libvirt in it. */
#ifndef VPERF_SOURCE_LIBVIRT_MAPPING_H
#define VPERF_SOURCE_LIBVIRT_MAPPING_H

#include "core/catalog.h"
#include "source/libvirt/sample/rates.h"

/* Which counters are wanted, and who gets what there is of them. Counters are named by index. */
struct mapping_output {
    void *context;
    const bool *wanted; /* by counter; NULL wants all */
    /* value: instance "" is the aggregate; the text is borrowed for the call. */
    void (*value)(void *context, size_t counter, const char *instance, int64_t value);
    /* offer: the counter can have values. */
    void (*offer)(void *context, size_t counter);
    bool aggregate_only; /* no values of devices and CPUs */
};

/* mapping_count: number of counters. */
size_t mapping_count(void);

/* mapping_counter: counter number index in the order of the catalog. */
const struct counter *mapping_counter(size_t index);

/*
 * mapping_catalog: a new catalog of all counters, owned by the caller; how they are computed is
 * told as it is with this driver of libvirt, NULL for QEMU's.
 */
struct catalog *mapping_catalog(const char *driver);

/*
 * mapping_groups: the set of enum sample_group that the wanted counters need (NULL wants all), of
 * guests and of the host. Statistics of guests always come with their state and CPU time: these
 * tell a running guest, and the same run of it, from others.
 */
unsigned int mapping_groups(const bool *wanted);

/* mapping_guest: emits every wanted value that the pair holds, counter by counter. */
void mapping_guest(const struct guest_pair *pair, const struct mapping_output *output);

/* mapping_guest_offers: emits every wanted counter whose fields are in the pair's newer sample. */
void mapping_guest_offers(const struct guest_pair *pair, const struct mapping_output *output);

/* mapping_host: as mapping_guest. */
void mapping_host(const struct host_pair *pair, const struct mapping_output *output);

/* mapping_host_offers: as mapping_guest_offers; sums over guests need all guests' fields. */
void mapping_host_offers(const struct host_pair *pair, const struct mapping_output *output);

#endif
