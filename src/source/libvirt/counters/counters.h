/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The table of counters that libvirt can give: what each is, and how it is computed. */
#ifndef VPERF_SOURCE_LIBVIRT_COUNTERS_H
#define VPERF_SOURCE_LIBVIRT_COUNTERS_H

#include "core/counter.h"
#include "source/libvirt/counters/formula.h"

/*
 * A counter of guests, of the host, or of both. In the formula texts D(x) is the growth of a
 * libvirt field between two polls and dt the time between them. Fidelity is that of guests where
 * guests have the counter.
 */
struct libvirt_counter {
    struct counter counter;
    struct guest_formula guest; /* compute is NULL where guests lack it */
    struct host_formula host;   /* the same for the host */
};

/* One array a group, each ended by a counter without name. */
extern const struct libvirt_counter counters_cpu[];
extern const struct libvirt_counter counters_memory[];
extern const struct libvirt_counter counters_net[];
extern const struct libvirt_counter counters_disk[];
extern const struct libvirt_counter counters_kvm[];
extern const struct libvirt_counter counters_kvm_devices[];

#endif
