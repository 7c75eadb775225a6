/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A model of the server's clock: how far it is off ours, and how fast it goes. Ours is
 * clock_boot_ns; the server's is nanoseconds since 1970-01-01T00:00:00Z.
 */
#ifndef VPERF_SOURCE_VSPHERE_SERVER_CLOCK_H
#define VPERF_SOURCE_VSPHERE_SERVER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* The server told its time in a call that lasted from before_ns to after_ns of our clock. */
struct server_reading {
    int64_t before_ns;
    int64_t after_ns;
    int64_t server_ns;
    int64_t resolution_ns; /* the server's time is less than this later than it said */
};

struct server_clock {
    bool known;
    double rate;                /* seconds of the server in one of ours */
    bool measured;              /* the rate was; else it is assumed */
    double doubt;               /* another rate that was measured once; 0 for none */
    struct server_reading base; /* of which the rate is measured next */
    int64_t our_ns;             /* a moment of ours, */
    int64_t server_ns;          /* and the server's time then */
};

/*
 * server_clock_learn: the offset follows every reading. The rate is 1 until two readings in a row
 * measure another one, within a tenth; a clock that was only set is no other rate.
 */
void server_clock_learn(struct server_clock *clock, const struct server_reading *reading);

/*
 * server_clock_set_back: by about how many seconds, since the reading before this one; 0 unless its
 * time lies before that one's.
 */
int64_t server_clock_set_back(const struct server_clock *clock,
                              const struct server_reading *reading);

/* server_clock_at: the server's time at a moment of ours. Only when the clock is known. */
int64_t server_clock_at(const struct server_clock *clock, int64_t our_ns);

/* server_clock_ours: our moment of a time of the server. Only when the clock is known. */
int64_t server_clock_ours(const struct server_clock *clock, int64_t server_ns);

/* server_clock_settled: no further reading is needed to know the rate. */
bool server_clock_settled(const struct server_clock *clock);

#endif
