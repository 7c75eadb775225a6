/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What is known of each entity across rounds, by its id. */
#ifndef VPERF_SOURCE_VSPHERE_TRACKED_H
#define VPERF_SOURCE_VSPHERE_TRACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <uthash.h>

#include "core/backoff.h"
#include "core/known.h"
#include "core/mark.h"

struct tracked {
    char *id;
    uint32_t number;  /* of this entity alone, as long as the table lives */
    struct mark mark; /* interval 0: nothing was asked for by time */
    int64_t
        floor; /* what lies up to this time (Unix seconds) was not for us, or not for this run */
    struct known known;     /* its series */
    struct backoff refusal; /* of the entity as a whole */
    char *reason;           /* of the refusal, for people */
    unsigned silent;        /* rounds in a row that had no sample of it */
    int64_t since;          /* server's time when it was asked first since it runs; 0: it is not */
    bool heard;             /* in this round: it gave samples, or why it did not was told */
    bool absent;            /* it was told to give nothing */
    bool lacking;           /* it gives nothing since it has none of the chosen counters */
    bool offered;           /* its counters were reported */
    uint32_t offered_space; /* bits of enum space_counter: those that were reported */
    uint32_t read;          /* those that a round before has emitted */
    bool skipped;           /* that it has no data was reported */
    bool vanished;          /* the server did not find it */
    bool resumed;           /* the mark is of an earlier run: all after it is asked for */
    bool present;           /* since the last sweep; see tracking_sweep */
    int64_t lack; /* from this sample time on, series of an earlier run may lack samples; 0: none
                     does, or they were asked for */
    UT_hash_handle hh;
};

struct tracking {
    struct tracked *all;
    uint32_t numbers;
    struct known_pool series; /* that entities have in common */
};

/* tracking_of: what is known of the entity, at first nothing. It lives until it is swept. */
struct tracked *tracking_of(struct tracking *tracking, const char *id);

/* tracked_refuse: the server refuses the entity; it is not asked for a while. */
void tracked_refuse(struct tracked *tracked, const char *reason, int64_t now_ns);

/* tracked_is_refused: the entity is not to be asked. */
bool tracked_is_refused(const struct tracked *tracked, int64_t now_ns);

/* tracking_sweep: forgets the entities that tracking_of was not asked for since the last sweep. */
void tracking_sweep(struct tracking *tracking);

/* tracking_done: forgets all. */
void tracking_done(struct tracking *tracking);

#endif
