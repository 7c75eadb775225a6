/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What hosts and clusters have, what was asked of them, and what is left: by demand, not by
 * reservations. The demand of a cluster is that of its hosts, added up time by time where all of
 * them have a sample of the same interval, and counts for the seconds of it.
 */
#ifndef VPERF_REPORT_CAPACITY_H
#define VPERF_REPORT_CAPACITY_H

#include "report/hours.h"
#include "report/trend.h"
#include "report/usage.h"

/* What is left at the 95th percentile of demand; negative when it is too much. */
struct headroom {
    double mhz;
    double memory_kib;
    bool has_mhz;
    bool has_memory;
    bool holds_peak;     /* the highest demands, which are known, fit as well */
    double more_average; /* guests like the average one that fit beside what is there */
    double more_large;   /* guests like the one at the 95th percentile of their p95 */
    bool has_more;
};

/* How demand changes per day, and in how many days it takes what is left. */
struct growth {
    struct trend trend; /* per day, with the interval that holds it in 95 % of cases */
    bool known;         /* there are days enough */
    bool ends;          /* demand grows for sure; else the days below are of no use */
    double days;        /* until the p95 takes all; 0 when it does */
    double days_low;    /* at the steepest slope of the interval */
    double days_high;   /* at the flattest one */
};

/* A cluster, or a host, of a report; strings belong to the entities. */
struct capacity {
    const char *name;
    const char *source;
    const char *hypervisor;
    struct usage_entity *host; /* NULL for a cluster */
    size_t hosts;              /* that have samples */
    size_t hosts_without;      /* those that have none; they count for nothing below */
    size_t times;              /* of the host that has samples at the most times */
    size_t common_times;       /* at which all of them have one: what is asked is known there */
    int64_t cores;
    int64_t threads;
    double mhz; /* cores times their nominal frequency; 0 when not known */
    double memory_kib;
    size_t guests; /* that are on, on hosts with samples; with their vCPUs and memory */
    int64_t vcpus;
    double allocated_kib;
    double active_kib;        /* average of the hosts; 0 when not known */
    struct measure demand;    /* MHz */
    struct measure consumed;  /* KiB */
    struct timeline timeline; /* of demand, in percent of mhz */
    struct hours hours;       /* the same */
    size_t spare;             /* hosts that fail: the largest ones, at most all */
    struct headroom now;
    struct growth mhz_growth; /* towards the headroom with the spare hosts failed */
    struct growth memory_growth;
    struct headroom failed; /* with so many hosts failed; of no use when spare is 0 */
};

/*
 * capacity_list: clusters of more than one host first, then hosts, each by name. spare: how many
 * hosts of a cluster fail. The caller frees it with capacity_list_free.
 */
struct capacity *capacity_list(const struct usage *usage, size_t spare, size_t *count);

/* capacity_list_free: frees the list. */
void capacity_list_free(struct capacity *list, size_t count);

#endif
