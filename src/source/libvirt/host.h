/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What is known of the host that a connection leads to. */
#ifndef VPERF_SOURCE_LIBVIRT_HOST_H
#define VPERF_SOURCE_LIBVIRT_HOST_H

#include "core/record.h"

struct host_facts {
    char *driver; /* libvirt's name of it in lower case: qemu, test, xen, lxc */
    char *name;
    char *uuid; /* NULL when not known */
    char *cpu_model;
    int cpus;    /* physical cores */
    int threads; /* logical CPUs */
    int mhz;     /* of one CPU, 0 when not known */
    int64_t memory_kib;
    int64_t page_bytes; /* 0 when not known */
    bool kvm;           /* it can run guests of type kvm */
};

/* host_facts_done: frees the strings. */
void host_facts_done(struct host_facts *facts);

/* host_facts_write: appends all of them to a record. */
void host_facts_write(GByteArray *bytes, const struct host_facts *facts);

/* host_facts_read: reads them, to be ended with host_facts_done. */
struct host_facts host_facts_read(struct record *record);

#endif
