/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which times without success are told: of a destination that comes and goes, ever fewer. */
#ifndef VPERF_PUSH_HELPER_OUTAGE_H
#define VPERF_PUSH_HELPER_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: there was none. Times are those of clock_boot_ns. */
struct outage {
    int64_t begin_ns; /* 0: there is none now */
    int64_t end_ns;   /* of the last one */
    int64_t hush_ns;  /* one that is shorter is not told */
    bool told;        /* the present one */
    unsigned untold;  /* since the last one that was told */
};

/*
 * outage_fail: an attempt has failed; true when this is to be told. The first outage is; the next
 * ones when they last for 30 s, which doubles with each that is told, up to an hour, and begins
 * anew after an hour without.
 */
bool outage_fail(struct outage *outage, int64_t now_ns);

/*
 * outage_end: an attempt was successful; true when the end is to be told, with how long the outage
 * has lasted and how many before it were not told.
 */
bool outage_end(struct outage *outage, int64_t now_ns, int64_t *lasted_ns, unsigned *untold);

#endif
