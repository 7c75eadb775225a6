/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The delay grows when a sample was not there, and shrinks very slowly when all were. */
#include "source/vsphere/session/cadence.h"

enum {
    FIRST_DELAY = 15, /* hundredths of the interval */
    LONGER = 10,
    LONGEST_DELAY = 90,
    SHORTER = 5,
    FOUND_BEFORE_SHORTER = 500, /* rounds */
};

static const int64_t second_ns = 1000000000;

void cadence_init(struct cadence *cadence, int32_t interval) {
    *cadence = (struct cadence){.interval = interval, .hundredths = FIRST_DELAY};
}

static int64_t delay_ns(const struct cadence *cadence) {
    return cadence->interval * second_ns / 100 * cadence->hundredths;
}

/* A moment of waking is never exact: a thousandth of the interval too early is on time. */
static int64_t slack_ns(const struct cadence *cadence) {
    return cadence->interval * second_ns / 1000;
}

int64_t cadence_newest(const struct cadence *cadence, int64_t server_ns) {
    int64_t ready_ns = server_ns - delay_ns(cadence) + slack_ns(cadence);
    int64_t seconds = ready_ns / second_ns - cadence->phase;
    return seconds - seconds % cadence->interval + cadence->phase;
}

static void expect_later(struct cadence *cadence) {
    cadence->hundredths += LONGER;
    if (cadence->hundredths > LONGEST_DELAY)
        cadence->hundredths = LONGEST_DELAY;
    cadence->found_in_a_row = 0;
}

static void note_found(struct cadence *cadence, int64_t newest) {
    int64_t phase = newest % cadence->interval;
    if (phase == cadence->next_phase)
        cadence->phase = phase;
    cadence->next_phase = phase;
    if (++cadence->found_in_a_row < FOUND_BEFORE_SHORTER)
        return;
    cadence->found_in_a_row = 0;
    if (cadence->hundredths > FIRST_DELAY)
        cadence->hundredths -= SHORTER;
}

void cadence_learn(struct cadence *cadence, int64_t server_ns, int64_t newest) {
    cadence->sought = cadence_newest(cadence, server_ns);
    cadence->missed = newest < cadence->sought;
    if (cadence->missed)
        expect_later(cadence);
    else
        note_found(cadence, newest);
}

bool cadence_is_idle(const struct cadence *cadence, int64_t server_ns) {
    int64_t newest = cadence_newest(cadence, server_ns);
    return !cadence->missed && newest <= cadence->sought &&
           cadence->sought <= newest + cadence->interval;
}

int64_t cadence_due(const struct cadence *cadence, int64_t server_ns) {
    int64_t again_ns = cadence->sought * second_ns + delay_ns(cadence);
    int64_t next = cadence_newest(cadence, server_ns) + cadence->interval;
    int64_t next_ns = next * second_ns + delay_ns(cadence);
    bool again = cadence->missed && again_ns > server_ns + slack_ns(cadence);
    return again && again_ns < next_ns ? again_ns : next_ns;
}
