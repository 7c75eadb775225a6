/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What was refused is tried again after a while, and ever less often. Times are clock_boot_ns. */
#ifndef VPERF_SOURCE_VSPHERE_BACKOFF_H
#define VPERF_SOURCE_VSPHERE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: nothing was refused. */
struct backoff {
    int64_t until_ns;
    int64_t pause_ns; /* the last one */
};

/* backoff_holds: it was refused, and is not tried yet. */
bool backoff_holds(const struct backoff *backoff, int64_t now_ns);

/* backoff_extend: it was refused: a pause of first_seconds, doubled each time up to the longest. */
void backoff_extend(struct backoff *backoff, int64_t now_ns, int first_seconds,
                    int longest_seconds);

#endif
