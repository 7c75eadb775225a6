/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/cancel.h"

#include <stddef.h>

#include "core/clock.h"
#include "core/interrupt.h"
#include "core/wakeup.h"

static const int64_t slice_ns = 5000000000;

void cancel_init(struct cancel *cancel, const struct cancel *parent) {
    atomic_init(&cancel->requested, false);
    cancel->parent = parent;
}

void cancel_request(struct cancel *cancel) {
    atomic_store(&cancel->requested, true);
    wakeup_all();
}

bool cancel_requested(const struct cancel *cancel) {
    for (; cancel; cancel = cancel->parent)
        if (atomic_load(&cancel->requested))
            return true;
    return interrupt_requested();
}

/* In slices: a sleep does not count the time that the machine is suspended for. */
bool cancel_wait(const struct cancel *cancel, int64_t until_ns) {
    for (;;) {
        unsigned wakeups = wakeup_count();
        if (cancel_requested(cancel))
            return false;
        int64_t left_ns = until_ns - clock_boot_ns();
        if (left_ns <= 0)
            return true;
        wakeup_sleep(wakeups, left_ns < slice_ns ? left_ns : slice_ns);
    }
}
