/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* From two samples to values under vSphere's names, units and rounding. No libvirt in it. */
#ifndef VPERF_SOURCE_LIBVIRT_MAPPING_H
#define VPERF_SOURCE_LIBVIRT_MAPPING_H

#include "core/catalog.h"
#include "source/libvirt/sample/rates.h"

/* Which counters are wanted, and who gets their values. */
struct mapping_output {
    void *context;
    /* wanted: by the counter's index; NULL wants all. */
    const bool *wanted;
    /* value: instance "" is the aggregate; the text is borrowed for the call. */
    void (*value)(void *context, size_t counter, const char *instance, int64_t value);
};

/* mapping_count: number of counters. */
size_t mapping_count(void);

/* mapping_counter: counter number index in the order of the catalog. */
const struct counter *mapping_counter(size_t index);

/* mapping_catalog: a new catalog of all counters, owned by the caller. */
struct catalog *mapping_catalog(void);

/* mapping_guest: gives every wanted value that the pair holds, counter by counter. */
void mapping_guest(const struct guest_pair *pair, const struct mapping_output *output);

/* mapping_host: the same for the host. */
void mapping_host(const struct host_pair *pair, const struct mapping_output *output);

#endif
