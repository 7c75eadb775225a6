/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What hosts and guests used: series folded into one measure per metric, entity by entity. It keeps
 * copies of entities, known by source, type and id.
 */
#ifndef VPERF_REPORT_USAGE_H
#define VPERF_REPORT_USAGE_H

#include <glib.h>

#include "core/error.h"
#include "core/globs.h"
#include "core/series.h"
#include "report/neighbours.h"
#include "report/space.h"
#include "report/statistics.h"
#include "report/timeline.h"

/*
 * Percent of CPU is of all vCPUs of a guest, and of all cores of a host at their nominal frequency.
 * Memory is in KiB, disk and network in KB/s of 1024 bytes, requests weigh latencies.
 */
enum usage_metric {
    USAGE_CPU,         /* cpu.usage.average, percent */
    USAGE_MHZ,         /* cpu.usagemhz.average */
    USAGE_UTILIZATION, /* host: cpu.utilization.average, percent of the time of its threads */
    USAGE_READY,       /* guest: cpu.ready.summation / interval / vCPUs, percent */
    USAGE_COSTOP,      /* guest: cpu.costop.summation / interval / vCPUs, percent */
    USAGE_NEED,        /* guest: guest.mem.needed.*; of KVM mem.usage.average of the memory */
    USAGE_CONSUMED,    /* mem.consumed.average */
    USAGE_ACTIVE,      /* mem.active.average */
    USAGE_BALLOON,     /* mem.vmmemctl.average */
    USAGE_SWAPPED,     /* guest: mem.swapped.average; host: mem.swapused.average */
    USAGE_DISK,        /* disk.usage.average */
    USAGE_NET,         /* net.usage.average */
    USAGE_DROPS,       /* net.droppedRx.summation / interval: packets per second */
    USAGE_CORES,       /* host: cpu.coreUtilization.average, percent of the time of its cores */
    USAGE_METRICS,     /* their number */
};

/* What the hosts of a cluster are added up by, time by time: MHz, and KiB consumed. */
enum usage_demand { DEMAND_MHZ, DEMAND_MEMORY, USAGE_DEMANDS };

struct latencies;

/* What is known of one entity; fields are for reading. */
struct usage_entity {
    struct entity *entity; /* as it was in the newest series */
    bool outgrown;         /* the series at hand is the first one with another size */
    int64_t resized; /* guest: when it got the vCPUs and memory that it has; 0: before the window */
    bool skipped;    /* it has no data: powered off or disconnected */
    struct measure measures[USAGE_METRICS];
    struct weighted_mean latency; /* of disk requests in ms, weighted by requests */
    double latency_peak;          /* the highest of a disk in an interval */
    int64_t latency_peak_time;
    char *waited_on; /* guest: the name of its host at the peak of USAGE_READY; NULL: none known */
    struct usage_entity *host;     /* guest: the one it runs on, once capacity_list has found it */
    struct timeline timeline;      /* of USAGE_CPU */
    GArray *demand[USAGE_DEMANDS]; /* host: struct demand_part, as they came */
    struct latencies *latencies;   /* samples that wait for their requests, or these for them */
};

struct usage;

/* usage_new: nothing yet; owned by the caller. Limits: see measure_add, by metric. */
struct usage *usage_new(const double limits[USAGE_METRICS]);

/*
 * usage_expect_ends: all samples of an entity follow each other, once, or several times: when the
 * next entity begins, only these percentiles are kept of them, or the values wait in a file.
 * usage_complete is due.
 */
void usage_expect_ends(struct usage *usage, const double *percents, size_t count, bool once);

/* usage_complete: no more values come. ERROR_OUTPUT when those that waited cannot be read. */
bool usage_complete(struct usage *usage, struct error *error) __attribute__((warn_unused_result));

/* usage_free: takes NULL. */
void usage_free(struct usage *usage);

/* usage_add_counters: what a report needs, as patterns. */
void usage_add_counters(struct globs *counters);

/* usage_add_devices: those of them whose instances it needs. */
void usage_add_devices(struct globs *counters);

/* usage_write: takes in the samples of a series; those of other counters are ignored. */
void usage_write(struct usage *usage, const struct series *series);

/* usage_add_entity: the entity is there; skipped: it has no data. */
void usage_add_entity(struct usage *usage, const struct entity *entity, bool skipped);

/* usage_neighbours: guests, struct usage_entity, by what they used of the CPU of their hosts. */
const struct neighbours *usage_neighbours(const struct usage *usage);

/* usage_spaces: datastores and file systems of guests. */
struct spaces *usage_spaces(const struct usage *usage);

/* usage_metric_counter: the counter that a metric of guests comes from; of the first, if several.
 */
const char *usage_metric_counter(enum usage_metric metric);

/* usage_metric_of_guests: guests have it. */
bool usage_metric_of_guests(enum usage_metric metric);

/* usage_count: how many entities are known. */
size_t usage_count(const struct usage *usage);

/* usage_sort: by type, name, id and source. */
void usage_sort(struct usage *usage);

/* usage_at: the entity with this index. */
struct usage_entity *usage_at(const struct usage *usage, size_t index);

#endif
