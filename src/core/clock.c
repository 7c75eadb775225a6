/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/clock.h"

#include <time.h>

static int64_t read_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_now_ns(void) {
    return read_ns(CLOCK_MONOTONIC);
}

int64_t clock_now_ms(void) {
    return clock_now_ns() / 1000000;
}

int64_t clock_boot_ns(void) {
    return read_ns(CLOCK_BOOTTIME);
}

int64_t clock_real_ns(void) {
    return read_ns(CLOCK_REALTIME);
}
