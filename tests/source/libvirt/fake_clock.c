/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Takes the place of core/clock.c in tests and scripted helpers: the script's clock, if it has one.
 */
#include "core/clock.h"

#include <time.h>

#include "source/libvirt/fake_script.h"

static int64_t read_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t simulated_or(clockid_t clock) {
    const struct fake *fake = fake_shared();
    return fake && fake->simulated ? atomic_load(&fake->now_ns) : read_ns(clock);
}

int64_t clock_now_ns(void) {
    return simulated_or(CLOCK_MONOTONIC);
}

int64_t clock_now_ms(void) {
    return clock_now_ns() / 1000000;
}

int64_t clock_boot_ns(void) {
    return simulated_or(CLOCK_BOOTTIME);
}

int64_t clock_real_ns(void) {
    return simulated_or(CLOCK_REALTIME);
}
