/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Tokens that end work: one per run, one per lane below it. A signal ends all of them. */
#ifndef VPERF_CORE_CANCEL_H
#define VPERF_CORE_CANCEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct cancel {
    atomic_bool requested;
    const struct cancel *parent; /* NULL for none */
};

/* cancel_init: not requested; ends when the parent, which is borrowed, ends. */
void cancel_init(struct cancel *cancel, const struct cancel *parent);

/* cancel_request: the work of this token, and of those below it, ends. */
void cancel_request(struct cancel *cancel);

/* cancel_requested: this token or one above it was requested, or a signal has come. Takes NULL. */
bool cancel_requested(const struct cancel *cancel);

/* cancel_wait: sleeps until this time of clock_boot_ns; false when the work is to end. */
bool cancel_wait(const struct cancel *cancel, int64_t until_ns);

#endif
