/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/session/backoff.h"

static const int64_t second_ns = 1000000000;

bool backoff_holds(const struct backoff *backoff, int64_t now_ns) {
    return now_ns < backoff->until_ns;
}

void backoff_extend(struct backoff *backoff, int64_t now_ns, int first_seconds,
                    int longest_seconds) {
    int64_t longest_ns = longest_seconds * second_ns;
    int64_t pause_ns = backoff->pause_ns ? backoff->pause_ns * 2 : first_seconds * second_ns;
    backoff->pause_ns = pause_ns < longest_ns ? pause_ns : longest_ns;
    backoff->until_ns = now_ns + backoff->pause_ns;
}
