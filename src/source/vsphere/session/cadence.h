/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * When a server has its next sample: at a multiple of the interval, and a while later, which is
 * learnt. All times are the server's.
 */
#ifndef VPERF_SOURCE_VSPHERE_CADENCE_H
#define VPERF_SOURCE_VSPHERE_CADENCE_H

#include <stdbool.h>
#include <stdint.h>

struct cadence {
    int32_t interval;   /* seconds */
    int64_t phase;      /* of the sample times, in seconds after a multiple of the interval */
    int64_t next_phase; /* that the last sample time had */
    int hundredths;     /* of the interval that a sample is late */
    int64_t sought;     /* the newest sample time that the last round could have found */
    bool missed;        /* the round did not find it */
    int found_in_a_row;
};

/* cadence_init: nothing is known; samples are expected three twentieths of an interval late. */
void cadence_init(struct cadence *cadence, int32_t interval);

/* cadence_newest: the newest sample time, in seconds, that is to be expected at this moment. */
int64_t cadence_newest(const struct cadence *cadence, int64_t server_ns);

/*
 * cadence_learn: a round that began at this moment saw newest as the newest sample time; 0 for
 * none. A sample that was not there yet makes the next ones expected later.
 */
void cadence_learn(struct cadence *cadence, int64_t server_ns, int64_t newest);

/*
 * cadence_is_idle: there is nothing to ask for at this moment that was not found. After the clock
 * was set back by more than an interval there is.
 */
bool cadence_is_idle(const struct cadence *cadence, int64_t server_ns);

/*
 * cadence_due: when to ask next: for the next sample, or again for the one that was not there yet,
 * until the next one is due.
 */
int64_t cadence_due(const struct cadence *cadence, int64_t server_ns);

#endif
