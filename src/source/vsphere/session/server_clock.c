/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Two readings far enough apart measure the rate; what is nearer is too rough to tell. */
#include "source/vsphere/session/server_clock.h"

#include <math.h>

static const int64_t second_ns = 1000000000;
static const int64_t slack_ns = 1000000000; /* clocks are corrected by less now and then */
static const double same_rate = 0.1;        /* how much two measurements of one rate may differ */
static const double rough_rate = 0.05;      /* how wrong a measurement may be that counts */

static int64_t middle(int64_t a, int64_t b) {
    return a + (b - a) / 2;
}

static bool is_same_rate(double measured, double known) {
    return known > 0 && fabs(measured / known - 1) <= same_rate;
}

static int64_t duration(const struct server_reading *reading) {
    return reading->after_ns - reading->before_ns;
}

/* The rate between two readings; false when they cannot tell. */
static bool measure(const struct server_reading *first, const struct server_reading *second,
                    double *rate) {
    double ours = (double)(middle(second->before_ns, second->after_ns) -
                           middle(first->before_ns, first->after_ns));
    double theirs = (double)(second->server_ns - first->server_ns);
    double our_doubt = (double)(duration(first) + duration(second)) / 2;
    double their_doubt =
        (double)(first->resolution_ns > second->resolution_ns ? first->resolution_ns
                                                              : second->resolution_ns);
    double known_part = theirs > ours ? theirs : ours;
    *rate = ours > 0 ? theirs / ours : 0;
    return ours > 0 && our_doubt <= rough_rate * ours && their_doubt <= rough_rate * known_part;
}

/* A clock that goes at our speed is not given the small errors of its measurements. */
static double settle(double rate) {
    return is_same_rate(rate, 1) ? 1 : rate;
}

static void learn_rate(struct server_clock *clock, double measured) {
    if (is_same_rate(measured, clock->rate) || is_same_rate(measured, clock->doubt)) {
        clock->rate = settle(measured);
        clock->measured = true;
        clock->doubt = 0;
    } else {
        clock->doubt = measured;
    }
}

void server_clock_learn(struct server_clock *clock, const struct server_reading *reading) {
    double measured = 0;
    if (!clock->known) {
        *clock = (struct server_clock){.known = true, .rate = 1, .base = *reading};
    } else if (measure(&clock->base, reading, &measured)) {
        learn_rate(clock, measured);
        clock->base = *reading;
    } else if (duration(reading) * 2 < duration(&clock->base)) {
        clock->base = *reading;
    }
    clock->our_ns = middle(reading->before_ns, reading->after_ns);
    clock->server_ns = reading->server_ns + reading->resolution_ns / 2;
}

int64_t server_clock_set_back(const struct server_clock *clock,
                              const struct server_reading *reading) {
    int64_t latest = reading->server_ns + reading->resolution_ns;
    int64_t present = server_clock_at(clock, middle(reading->before_ns, reading->after_ns));
    if (!clock->known || latest + slack_ns >= clock->server_ns)
        return 0;
    return (present - reading->server_ns) / second_ns;
}

int64_t server_clock_at(const struct server_clock *clock, int64_t our_ns) {
    return clock->server_ns + (int64_t)((double)(our_ns - clock->our_ns) * clock->rate);
}

int64_t server_clock_ours(const struct server_clock *clock, int64_t server_ns) {
    return clock->our_ns + (int64_t)((double)(server_ns - clock->server_ns) / clock->rate);
}

bool server_clock_settled(const struct server_clock *clock) {
    return clock->measured && clock->doubt == 0;
}
