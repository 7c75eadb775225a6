/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The table of counters that libvirt can give: what each is, and how it is computed. */
#ifndef VPERF_SOURCE_LIBVIRT_COUNTERS_H
#define VPERF_SOURCE_LIBVIRT_COUNTERS_H

#include "core/counter.h"
#include "source/libvirt/counters/formula.h"

/* A counter of guests, of the host, or of both: a formula that is left out gives nothing. */
struct libvirt_counter {
    struct counter counter;
    struct formula guest;  /* of the guest as a whole; left out: what its devices make together */
    struct formula device; /* of each vCPU, NIC or disk of a guest */
    struct formula host;
};

extern const struct libvirt_counter libvirt_counters[];
extern const size_t libvirt_counter_count;

#endif
