/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a report says, before it has a form: figures, advice and sentences. */
#ifndef VPERF_REPORT_FINDINGS_H
#define VPERF_REPORT_FINDINGS_H

#include "report/capacity.h"
#include "report/sizing.h"

/* What is asked for. */
struct findings_order {
    struct sizing_rules rules;
    size_t spare;        /* hosts of each cluster that fail */
    int64_t start;       /* of the window, Unix seconds; 0: it is as long as seconds say */
    int64_t seconds;     /* length of the window; 0: from its start to the newest sample */
    size_t targets;      /* asked for */
    size_t lost;         /* targets of which nothing, and troubles that cost data */
    size_t top;          /* guests that a table shows at most; 0 for its own limit */
    unsigned groups;     /* of enum findings_group, as bits */
    GPtrArray *gaps;     /* struct findings_gap, borrowed, of any time; NULL: none are known */
    int64_t hours_until; /* until then, what a history has are hours; 0: it has no hours */
};

/* What guests are told of together. */
enum findings_group { GROUP_CLUSTER, GROUP_HOST, GROUP_FOLDER, GROUP_TAG, FINDINGS_GROUPS };

/* findings_group_name: as --group-by has it. */
const char *findings_group_name(enum findings_group group);

/*
 * findings_group_of: what the guest belongs to, of tags all, as struct entity has them; NULL when
 * that is not known.
 */
const char *findings_group_of(enum findings_group group, const struct entity *guest);

/* Samples that a history lacks: after < time <= until. */
struct findings_gap {
    char *source;
    char *type;
    char *name;
    int32_t interval;
    int64_t after;
    int64_t until;
    char *reason;
};

/* findings_gap_free: frees a struct findings_gap; for a GDestroyNotify. */
void findings_gap_free(void *data);

/* A guest with what is advised; its figures stay with the usage. */
struct finding {
    struct usage_entity *guest;
    struct sizing_advice advice;
    double coverage; /* percent of the window */
};

struct findings {
    struct findings_order order;
    const struct usage *usage;
    int64_t first_time; /* of all samples, 0 for none */
    int64_t last_time;
    int64_t window_seconds;
    int32_t shortest; /* interval between samples; 0 for none */
    int32_t longest;
    struct finding *guests; /* highest p95 of CPU first, those without it last, then by name */
    size_t guest_count;
    struct capacity *capacities;
    size_t capacity_count;
    size_t classes[SIZING_CLASSES]; /* guests in each */
    GPtrArray *gaps;                /* struct findings_gap of the window, borrowed */
    GPtrArray *summary;             /* five sentences */
    GPtrArray *quality;             /* sentences about the data */
    int64_t asked_seconds;          /* the window is shorter when the first sample is younger */
    int64_t begin_time;             /* of the first sample's interval, 0 for none */
    char *title;                    /* whose report it is, and of which days */
};

/* findings_init: from what was measured, which is borrowed and gets sorted. */
void findings_init(struct findings *findings, struct usage *usage,
                   const struct findings_order *order);

/* findings_count_off: guests that are powered off now, whatever they did in the window. */
size_t findings_count_off(const struct findings *findings);

/* findings_done: frees what they hold. */
void findings_done(struct findings *findings);

/* findings_has_trend: there are days enough for the trend of a host or cluster. */
bool findings_has_trend(const struct findings *findings);

#endif
