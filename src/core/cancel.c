/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/cancel.h"

#include <stddef.h>
#include <time.h>

#include "core/clock.h"
#include "core/interrupt.h"

static const int64_t second_ns = 1000000000;
static const int64_t slice_ns = 100000000;

void cancel_init(struct cancel *cancel, const struct cancel *parent) {
    atomic_init(&cancel->requested, false);
    cancel->parent = parent;
}

void cancel_request(struct cancel *cancel) {
    atomic_store(&cancel->requested, true);
}

bool cancel_requested(const struct cancel *cancel) {
    for (; cancel; cancel = cancel->parent)
        if (atomic_load(&cancel->requested))
            return true;
    return interrupt_requested();
}

/* In slices: a signal may reach another thread. */
bool cancel_wait(const struct cancel *cancel, int64_t until_ns) {
    while (!cancel_requested(cancel)) {
        int64_t left_ns = until_ns - clock_boot_ns();
        if (left_ns <= 0)
            return true;
        int64_t sleep_ns = left_ns < slice_ns ? left_ns : slice_ns;
        const struct timespec time = {sleep_ns / second_ns, sleep_ns % second_ns};
        nanosleep(&time, NULL);
    }
    return false;
}
