/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A performance counter: what a number means. */
#ifndef VPERF_CORE_COUNTER_H
#define VPERF_CORE_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

struct counter {
    bool has_id;          /* the server has a number for it */
    bool reading;         /* its values are of any moment, not of the end of an interval */
    int32_t id;           /* that number, which may be 0; it differs between servers */
    const char *name;     /* group.name.rollup, such as cpu.usage.average; "#ID" when unknown */
    const char *unit;     /* vSphere's unit key, such as percent (raw values: hundredths) */
    const char *rollup;   /* average, summation, latest, minimum, maximum, none */
    const char *stats;    /* absolute, delta, rate */
    int32_t level;        /* vCenter statistics level of the aggregate, from 1 on; 0: none told */
    int32_t device_level; /* the same per instance */
    const char *label;
    const char *summary;
    const char *formula;  /* libvirt: how the value is computed; NULL on vSphere */
    const char *fidelity; /* libvirt: exact, close, approximate or native; NULL on vSphere */
};

#endif
