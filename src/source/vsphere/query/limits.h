/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* How much a server lets one call ask for. */
#ifndef VPERF_SOURCE_VSPHERE_LIMITS_H
#define VPERF_SOURCE_VSPHERE_LIMITS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/backoff.h"
#include "core/error.h"
#include "source/vsphere/session/channel.h"

/* Larger answers cost more time and memory per series, smaller ones more requests. */
enum { LIMITS_VALUES = 250000 };

/* What is known of a server across rounds. Threads may share it but for limits_begin. */
struct limits {
    int32_t interval;      /* that the rest is about; 0 at first */
    size_t stated;         /* metrics per call that the server is known to allow */
    atomic_size_t metrics; /* that have worked */
    atomic_bool lowered;   /* in the round under way */
    struct backoff backoff;
    atomic_bool lists_instances; /* the server does not expand '*' */
};

enum limits_verdict {
    LIMITS_PASSED,    /* the call failed for another reason than its size */
    LIMITS_TOO_LARGE, /* the server refuses calls or answers of this size */
    LIMITS_SILENT,    /* there was no answer in time: it may have been too much work */
};

/* limits_judge: what a failed call says about its size. */
enum limits_verdict limits_judge(const struct channel *channel, const struct error *error);

/*
 * limits_begin: at the begin of a round: asks for the limit of archived samples when it is not yet
 * known. What the server refused or left unanswered was perhaps due to its load: after a while the
 * stated size is tried again.
 */
void limits_begin(struct limits *limits, struct channel *channel, int32_t interval, int64_t now_ns);

/* limits_metrics: the most pairs of counter and instance to ask for in one call. */
size_t limits_metrics(const struct limits *limits);

/* limits_lower: no call is to ask for more than this. */
void limits_lower(struct limits *limits, size_t metrics);

/* limits_lists_instances: the instances have to be asked for by name. */
bool limits_lists_instances(const struct limits *limits);

/* limits_list_instances: from now on. */
void limits_list_instances(struct limits *limits);

#endif
