/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "push/helper/outage.h"

#include <glib.h>

static const int64_t first_hush_ns = 30 * 1000000000LL;
static const int64_t longest_hush_ns = 3600 * 1000000000LL;

static void begin(struct outage *outage, int64_t now_ns) {
    outage->begin_ns = now_ns;
    outage->told = false;
    if (now_ns - outage->end_ns >= longest_hush_ns)
        outage->hush_ns = 0;
}

bool outage_fail(struct outage *outage, int64_t now_ns) {
    if (!outage->begin_ns)
        begin(outage, now_ns);
    if (outage->told || now_ns - outage->begin_ns < outage->hush_ns)
        return false;
    outage->told = true;
    return true;
}

bool outage_end(struct outage *outage, int64_t now_ns, int64_t *lasted_ns, unsigned *untold) {
    bool told = outage->begin_ns && outage->told;
    *lasted_ns = now_ns - outage->begin_ns;
    *untold = outage->untold;
    outage->untold = told ? 0 : outage->untold + (outage->begin_ns != 0);
    if (told)
        outage->hush_ns = CLAMP(2 * outage->hush_ns, first_hush_ns, longest_hush_ns);
    if (outage->begin_ns)
        outage->end_ns = now_ns;
    outage->begin_ns = 0;
    return told;
}
