/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which guests used most CPU on a host, interval by interval: who was noisy when another waited. */
#ifndef VPERF_REPORT_NEIGHBOURS_H
#define VPERF_REPORT_NEIGHBOURS_H

#include "core/series.h"

struct neighbours;

/* neighbours_new: none yet; owned by the caller. */
struct neighbours *neighbours_new(void);

/* neighbours_free: takes NULL. */
void neighbours_free(struct neighbours *neighbours);

/*
 * neighbours_add: what a guest, which is any pointer, used on the host of the entity of its series,
 * in MHz, as columns. Of each interval of a host, the two that used most are kept.
 */
void neighbours_add(struct neighbours *neighbours, const void *guest, const struct series *series);

/* When a guest waited, and where. */
struct neighbours_moment {
    const struct entity *guest;
    const char *host;
    int64_t time;     /* end of the interval */
    int32_t interval; /* in seconds */
};

/*
 * neighbours_find: the guest other than this one that used most on the host in the interval that
 * holds the time, and its MHz; where nobody has samples of this interval, over the time that
 * samples of others cover of it; NULL when there is none.
 */
const void *neighbours_find(const struct neighbours *neighbours,
                            const struct neighbours_moment *moment, const void *self, double *mhz);

#endif
