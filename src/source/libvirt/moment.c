/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* When a call was made. */
#include "source/libvirt/moment.h"

#include <stddef.h>
#include <time.h>

static const int64_t second_ns = 1000000000;

static int64_t read_clock(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * second_ns + now.tv_nsec;
}

void moment_begin(struct moment *moment) {
    moment->begin_ns = read_clock(CLOCK_BOOTTIME);
    moment->end_ns = moment->begin_ns;
}

void moment_end(struct moment *moment) {
    moment->end_ns = read_clock(CLOCK_BOOTTIME);
    moment->wall_ns = read_clock(CLOCK_REALTIME);
}

int64_t moment_stamp(const struct moment *moment, int64_t *time_ns, int64_t *duration_ns,
                     int64_t *wall_seconds) {
    int64_t wall_ns = moment->wall_ns - (moment->end_ns - moment->begin_ns) / 2;

    *duration_ns = moment->end_ns - moment->begin_ns;
    *time_ns = moment->begin_ns + *duration_ns / 2;
    if (wall_seconds)
        *wall_seconds = wall_ns / second_ns;
    return wall_ns;
}
