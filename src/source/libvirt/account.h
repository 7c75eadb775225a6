/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a run got and did not get of one guest, or of one target. */
#ifndef VPERF_SOURCE_LIBVIRT_ACCOUNT_H
#define VPERF_SOURCE_LIBVIRT_ACCOUNT_H

#include "source/libvirt/sample/sample.h"

struct account {
    int seen;    /* polls that gave a sample */
    int failed;  /* polls in which it should have given one */
    int blocked; /* polls in which QEMU did not answer, so that half of the sample is missing */
    int64_t blocked_ms; /* for how long, as of the last of them */
    int slow;           /* polls that took too long for the interval */
    int64_t slow_ns;    /* the longest of them */
    int uneven;         /* polls that make no rates with the one before */
    bool no_report;     /* the last sample has no fresh memory report, and could have one */
    struct error error; /* of the first failure */
};

/* account_sample: counts a sample of a guest. */
void account_sample(struct account *account, const struct guest_sample *sample);

/* account_failure: counts a poll without sample. */
void account_failure(struct account *account, const struct error *error);

/* account_duration: counts a poll whose calls took that long, if it cannot hold the interval. */
void account_duration(struct account *account, int64_t duration_ns, int64_t interval_seconds);

/* account_reason: what is lost and why, owned by the caller; NULL when nothing is. */
char *account_reason(const struct account *account);

#endif
