/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/lane_recorded.h"

#include <stdlib.h>

/* Offered samples, or any at all, would have come. */
static bool is_absent(const struct lane *lane) {
    const struct coverage_totals totals = coverage_totals(lane->coverage);
    bool later = lane->window.after && lane->window.after >= lane->window.now;
    return !totals.series && (totals.offered || later);
}

bool lane_check_recorded(struct lane *lane, struct source *source) {
    struct source_about about = {0};
    bool lost = messages_troubles(lane->messages); /* which tell why */
    if (!source->ops->recorded || lost ||
        timerange_is_within(&lane->timing.range, lane->timing.interval) || !is_absent(lane))
        return true;
    if (source->ops->about(source, &about, &lane->error))
        error_set(&lane->error, ERROR_UNAVAILABLE,
                  "%s: no samples of the chosen time, entities and counters: it is a %s",
                  lane->target->text, about.version);
    free(about.version);
    return false;
}
