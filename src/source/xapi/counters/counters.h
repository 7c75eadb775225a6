/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The table of counters that XAPI can give: what each is, and how it is computed. */
#ifndef VPERF_SOURCE_XAPI_COUNTERS_H
#define VPERF_SOURCE_XAPI_COUNTERS_H

#include "core/counter.h"
#include "source/xapi/counters/layout.h"

/*
 * m(x) is the mean of a data source over the rows of an interval, T its seconds. All are rounded
 * down once, at the end.
 */
enum form {
    FORM_NONE,
    FORM_MEAN,          /* sum of m(fields) * scale */
    FORM_TIME,          /* sum of m(fields) * T, in milliseconds */
    FORM_CPU_USAGE,     /* m(field), or else the sum of its CPUs / their number; * scale */
    FORM_MEGAHERTZ,     /* sum of m(fields) * MHz of the host */
    FORM_MEGAHERTZ_ALL, /* the same * number of CPUs */
    FORM_CPUS_TIME,     /* m(field) * number of CPUs * T, in milliseconds */
    FORM_DIFFERENCE,    /* (m(first) - m(second)) * scale */
    FORM_SHARE,         /* (m(first) - m(second)) / m(first) * scale */
    FORM_MEMORY_USAGE,  /* the same, the first one in bytes and the second one in KiB */
    FORM_BALLOON,       /* max(0, memory that it may have - m(field)) * scale */
    FORM_LATENCY,       /* m(first * second) / m(first) * scale, 0 without a request */
    FORM_AGE,           /* end of the interval - when it began to run, in seconds */
    FORM_CPUS,          /* number of CPUs at the moment */
    FORM_SIZE,          /* of a disk: bytes * scale, at the moment */
    FORM_USED,          /* of a disk: bytes on its storage * scale, at the moment */
};

enum { FORMULA_FIELDS = 2 };

/* Fields are those of the whole, or of its devices where it is about these. */
struct formula {
    enum form form;
    enum device_kind kind;
    double scale;
    int fields[FORMULA_FIELDS]; /* up to the first 0 */
};

/* What the record of storage says. */
enum storage { STORAGE_NONE, STORAGE_CAPACITY, STORAGE_FREE, STORAGE_PROVISIONED };

/* A formula that is left out gives nothing. */
struct xapi_counter {
    struct counter counter; /* without a unit: the rest is that of standard_counter */
    struct formula guest;   /* of the guest as a whole; left out: what its devices make together */
    struct formula device;  /* of each vCPU, NIC or disk of a guest */
    struct formula host;    /* as guest */
    struct formula part;    /* of each CPU, NIC or storage of a host */
    enum storage storage;
};

extern const struct xapi_counter xapi_counters[];
extern const size_t xapi_counter_count;

#endif
