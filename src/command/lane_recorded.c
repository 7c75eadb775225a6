/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/lane_recorded.h"

#include <stdlib.h>

/* Offered samples, or any at all, would have come. */
static bool is_absent(const struct lane *lane) {
    const struct coverage_totals totals = coverage_totals(lane->coverage);
    bool later = lane->window.after && lane->window.after >= lane->window.now;
    return !totals.series && (totals.offered || later);
}

static void tell_span(const struct lane *lane, struct source *source, struct error *error) {
    struct source_about about = {0};
    if (source->ops->about(source, &about, error))
        error_set(error, ERROR_UNAVAILABLE,
                  "%s: no samples of the chosen time, entities and counters: it is a %s",
                  lane->target->text, about.version);
    free(about.version);
}

bool lane_check_recorded(struct lane *lane, struct source *source) {
    bool lost = messages_troubles(lane->messages); /* which tell why */
    if (!source->ops->recorded || lost ||
        timerange_is_within(&lane->timing.range, lane->timing.interval) || !is_absent(lane))
        return true;
    tell_span(lane, source, &lane->error);
    return false;
}

bool lane_tell_recorded(const struct lane *lane, struct source *source, struct error *error) {
    if (source->ops->recorded && lane->timing.range.start.given && !lane->timing.range.end.given) {
        error_clear(error);
        tell_span(lane, source, error);
    }
    return false;
}
