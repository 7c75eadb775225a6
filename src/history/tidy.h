/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a history needs now and then: hours become blocks, and what is too old goes. */
#ifndef VPERF_HISTORY_TIDY_H
#define VPERF_HISTORY_TIDY_H

#include "core/backoff.h"
#include "core/log.h"
#include "history/registry.h"
#include "history/retention.h"

struct tidy {
    struct retention retention;
    const struct log *log; /* borrowed */
    struct backoff pause;  /* after a failure */
    int64_t retention_ns;  /* when it is due */
};

/*
 * tidy_now: a part of it, between two rounds. What fails is told and waits for a better moment;
 * false with the error when there will be none.
 */
bool tidy_now(struct tidy *tidy, struct registry *registry, struct error *error)
    __attribute__((warn_unused_result));

/* tidy_may_pass: the failure may have an end, such as that of a disk that is full. */
bool tidy_may_pass(const struct error *error);

#endif
