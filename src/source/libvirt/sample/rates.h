/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Two samples of the same guest or host put together: what changed, and over which time. */
#ifndef VPERF_SOURCE_LIBVIRT_RATES_H
#define VPERF_SOURCE_LIBVIRT_RATES_H

#include "source/libvirt/sample/sample.h"

struct device_pair {
    const struct device *before; /* NULL: no baseline */
    const struct device *now;
};

struct device_set {
    struct device_pair *pairs;
    size_t count;
    bool same; /* no device came or went between the samples */
};

struct guest_pair {
    const struct guest_sample *before; /* NULL: no baseline, so no rates */
    const struct guest_sample *now;
    int64_t elapsed_ns;
    int mhz; /* of one host CPU, 0 when not known */
    struct device_set sets[DEVICE_KINDS];
};

struct host_pair {
    struct host_sample *before; /* NULL: no baseline, so no rates */
    struct host_sample *now;
    int64_t elapsed_ns;
    int mhz;
    int64_t page_bytes; /* of the host's memory pages, 0 when not known */
    struct device_set cpus;
    const struct guest_pair *guests;
    size_t guest_count;
    bool guests_known; /* now holds every running guest */
    bool guests_same;  /* and each has a baseline, and none went away */
};

/*
 * rates_guest: pairs two samples of one guest, which are borrowed. Before may be NULL; it is no
 * baseline when the guest was restarted since, or when the two do not make rates (rates_is_usable).
 */
void rates_guest(struct guest_pair *pair, const struct guest_sample *before,
                 const struct guest_sample *now, int64_t interval_seconds);

/* rates_guest_done: frees what rates_guest made. */
void rates_guest_done(struct guest_pair *pair);

/* rates_host: the same for the host; guests are left empty. */
void rates_host(struct host_pair *pair, struct host_sample *before, struct host_sample *now,
                int64_t interval_seconds);

/*
 * rates_host_of_domains: if the host's CPU time is that of all domains, and once the pair's guests
 * are set, one of which is the host's own: sets its CPU fields to what was used since the sample
 * before. CPUs: their number, 0 when not known. Nothing is known when a domain came or went.
 */
void rates_host_of_domains(struct host_pair *pair, int cpus);

/* rates_host_done: frees what rates_host made. */
void rates_host_done(struct host_pair *pair);

/* rates_change: growth of one number; ABSENT when one is absent, or it became smaller. */
int64_t rates_change(const int64_t *before, const int64_t *now, int field);

/*
 * rates_is_usable: two polls make rates: the time between them is near enough to the interval to
 * stand for it, and one call took longer than the other (longer_ns, may be negative) by at most a
 * tenth of that time, or 400 ms and a fifth of it: rates are off by a tenth at most.
 */
bool rates_is_usable(int64_t elapsed_ns, int64_t longer_ns, int64_t interval_seconds);

/* rates_interval_held: the shortest interval, in seconds, that polls of this duration can hold. */
int64_t rates_interval_held(int64_t duration_ns);

#endif
