/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What fills up: datastores, and file systems of guests. What is used is capacity less free space,
 * each averaged over a day (UTC); the trend is that of its days.
 */
#ifndef VPERF_REPORT_SPACE_H
#define VPERF_REPORT_SPACE_H

#include <glib.h>

#include "core/globs.h"
#include "core/series.h"
#include "report/trend.h"

enum space_metric { SPACE_OF_CAPACITY, SPACE_OF_FREE, SPACE_OF_PROVISIONED, SPACE_METRICS };

/* The newest reading. */
struct space_reading {
    double kib;
    int64_t time; /* 0: there is none */
};

/* A datastore, or a file system of a guest; fields are for reading. */
struct space {
    struct entity *entity; /* as it was in the newest series */
    char *instance;        /* mount point; "" for a datastore */
    struct space_reading newest[SPACE_METRICS];
    size_t readings; /* of free space */
    GArray *days;
    /* After spaces_finish: */
    struct trend trend; /* KiB per day, with the interval that holds it in 95 % of cases */
    bool has_trend;
    bool fills;       /* it grows for sure, and the days to full are known */
    double days_left; /* until it is full, from the newest reading on; 0 when it is */
    double days_low;  /* at the steepest slope of the interval */
    double days_high; /* at the flattest one */
    bool full;        /* by all but 0.05 % of its capacity: the days are 0, whatever the trend */
};

struct spaces;

/* spaces_new: none yet; owned by the caller. */
struct spaces *spaces_new(void);

/* spaces_free: takes NULL. */
void spaces_free(struct spaces *spaces);

/* spaces_counter: the name of counter number index that is of use here, or NULL after them. */
const char *spaces_counter(size_t index);

/* spaces_write: takes in a series of one of these counters; false when the counter is none. */
bool spaces_write(struct spaces *spaces, const struct series *series);

/*
 * spaces_finish: computes trends of readings on at least SPACE_LEAST_DAYS days (UTC), and sorts:
 * what is full or fills first, then by what is used of the capacity. What is flat, shrinks or is
 * too young has no date.
 */
enum { SPACE_LEAST_DAYS = 7 };
void spaces_finish(struct spaces *spaces);

/* spaces_count: how many have a capacity and free space. */
size_t spaces_count(const struct spaces *spaces);

/* spaces_at: the space with this index. */
const struct space *spaces_at(const struct spaces *spaces, size_t index);

/* space_used: KiB of the newest readings. */
double space_used(const struct space *space);

/* space_share: what is used, in percent of the capacity. */
double space_share(const struct space *space);

#endif
