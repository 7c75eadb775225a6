/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Recorded statistics of a real guest (tests/data/libvirt), and samples made by hand. */
#ifndef VPERF_TESTS_SOURCE_LIBVIRT_RECORDED_H
#define VPERF_TESTS_SOURCE_LIBVIRT_RECORDED_H

#include "source/libvirt/counters/mapping.h"
#include "source/libvirt/helper/facts.h"
#include "source/libvirt/sample/sample.h"

enum { RECORDED_MHZ = 2499 };

/* The XML of the recorded guest: vda to vdc are disks, sda is a CD-ROM. */
extern const char recorded_xml[];

/* recorded_load: the record of this name, fed through libvirt's typed parameters and tidied. */
void recorded_load(struct guest_sample *sample, const char *name);

/* recorded_raw: the same before facts and tidying. */
void recorded_raw(struct guest_sample *sample, const char *name);

/* made_sample: a guest as libvirt would describe it in "name value" lines, tidied; at time_ns. */
void made_sample(struct guest_sample *sample, int64_t time_ns, const char *lines);

/* Values as the mapping gave them. */
struct values {
    struct value {
        size_t counter;
        char instance[32];
        int64_t value;
    } items[2048];
    size_t count;
};

/* values_of: everything that two samples of a guest give; before may be NULL. */
void values_of(struct values *values, const struct guest_sample *before,
               const struct guest_sample *now, int64_t interval_seconds);

/* values_of_host: everything that a pair of the host gives. */
void values_of_host(struct values *values, const struct host_pair *pair);

/* values_get: the value of a counter and instance; ABSENT when there is none. Fails on two. */
int64_t values_get(const struct values *values, const char *counter, const char *instance);

/* values_count: how many instances of the counter have a value, the aggregate included. */
size_t values_count(const struct values *values, const char *counter);

/* values_no_rates: fails when one of a recorded guest's rates has a value, or nothing has. */
void values_no_rates(const struct values *values);

#endif
