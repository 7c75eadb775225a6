/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/backoff.h"

static const int64_t second_ns = 1000000000;

int64_t backoff_pause(int64_t first, unsigned times, int64_t longest) {
    int64_t pause = first;
    while (times-- && pause < longest)
        pause *= 2;
    return pause < longest ? pause : longest;
}

bool backoff_holds(const struct backoff *backoff, int64_t now_ns) {
    return now_ns < backoff->until_ns;
}

void backoff_extend(struct backoff *backoff, int64_t now_ns, int first_seconds,
                    int longest_seconds) {
    backoff->until_ns = now_ns + backoff_pause(first_seconds * second_ns, backoff->times++,
                                               longest_seconds * second_ns);
}
