/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What failed or was refused is tried again after a pause, which doubles each time. */
#ifndef VPERF_CORE_BACKOFF_H
#define VPERF_CORE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: nothing was refused. */
struct backoff {
    int64_t until_ns;
    unsigned times; /* that it was refused, one after the other */
};

/* backoff_pause: the pause behind so many others, in the unit of first and longest. */
int64_t backoff_pause(int64_t first, unsigned times, int64_t longest);

/* backoff_holds: it was refused, and is not tried yet. */
bool backoff_holds(const struct backoff *backoff, int64_t now_ns);

/* backoff_extend: it was refused: a pause of first_seconds, doubled each time up to the longest. */
void backoff_extend(struct backoff *backoff, int64_t now_ns, int first_seconds,
                    int longest_seconds);

#endif
