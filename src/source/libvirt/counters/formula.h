/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The arithmetic behind the counters: what a formula makes of the fields of one subject. All divide
 * once, at the end, and round down, as ESXi does. A formula gives nothing unless all its fields are
 * there.
 */
#ifndef VPERF_SOURCE_LIBVIRT_FORMULA_H
#define VPERF_SOURCE_LIBVIRT_FORMULA_H

#include "source/libvirt/sample/rates.h"

/* D(x) is the growth of x between two polls, dt the time between them. */
enum form {
    FORM_NONE,

    /* True of one moment. */
    FORM_VALUE,              /* sum of the fields / divisor */
    FORM_DIFFERENCE,         /* (first field - the others) / divisor */
    FORM_DIFFERENCE_PERCENT, /* (first field - the others) / first field */
    FORM_SURPLUS,            /* max(0, first field - the others) / divisor */
    FORM_MEMORY_USAGE,       /* (available - usable, or else unused) / available */
    FORM_PAGES,              /* sum of the fields, in pages / divisor */

    /* Of the time between two polls. */
    FORM_CHANGE,        /* D(fields) / divisor */
    FORM_RATE,          /* D(fields) per second / divisor */
    FORM_MEGAHERTZ,     /* D(fields) * MHz / dt */
    FORM_RATIO,         /* D(fields) / D(below) / divisor; 0 when D(below) is 0 */
    FORM_BUSY,          /* D(first two fields) / D(all fields) */
    FORM_WAITED,        /* dt - D(first two fields), of a running guest / divisor */
    FORM_HALTED,        /* min(D(third field), the same) / divisor */
    FORM_CPU_USAGE,     /* D(cpu.time), or else that of the vCPUs, / (dt * field) */
    FORM_CPU_SYSTEM,    /* max(0, D(field) - that of the vCPUs) / divisor */
    FORM_REPORT_CHANGE, /* D(fields) / divisor, when the guest sent a new memory report */
    FORM_REPORT_RATE,   /* D(fields) per second between memory reports / divisor */

    FORMS,
};

/* Whose fields. In a formula of the host, those of guests are summed up over all of them. */
enum formula_of {
    OF_GUEST,
    OF_VCPU,
    OF_NIC,
    OF_DISK,
    OF_FILESYSTEM,
    OF_HOST,
    OF_CPUS /* and each CPU */
};

/* What the devices of a guest make together. */
enum formula_whole {
    WHOLE_SUM,
    WHOLE_MEAN, /* dividends and divisors are both summed up */
    WHOLE_HIGHEST,
};

enum { FORMULA_FIELDS = 5 };

struct formula {
    enum form form;
    enum formula_of of;
    int64_t divisor;
    int fields[FORMULA_FIELDS]; /* up to the first 0 */
    int below[FORMULA_FIELDS];  /* a ratio: what it divides by; MHz: what grows when nothing runs */
    enum formula_whole whole;
    bool aggregate_only; /* devices have no values of their own */
};

/* A value before the division. It is absent when the dividend is negative. */
struct fraction {
    __int128 dividend;
    __int128 divisor;
};

/* A guest, one of its devices, the host, or one of its CPUs. */
struct subject {
    const int64_t *before; /* NULL: no baseline */
    const int64_t *now;
    int64_t elapsed_ns;
    int mhz;
    int64_t page_bytes;
    const struct guest_pair *guest; /* NULL for the host and its CPUs */
    struct fraction devices;        /* what the guest's devices make together */
};

extern const struct fraction fraction_absent;

/* fraction_is_absent: there is no value. */
bool fraction_is_absent(struct fraction fraction);

/* fraction_value: the quotient rounded down, 0 when it divides by 0; ABSENT when absent or huge. */
int64_t fraction_value(struct fraction fraction);

/* formula_is_growth: it is of the time between two polls, and needs both. */
bool formula_is_growth(const struct formula *formula);

/* formula_compute: what the formula gives of the subject; absent when it gives nothing. */
struct fraction formula_compute(const struct formula *formula, const struct subject *subject);

/* formula_offer: 0 when the newer sample has all that the formula needs, otherwise absent. */
struct fraction formula_offer(const struct formula *formula, const struct subject *subject);

#endif
