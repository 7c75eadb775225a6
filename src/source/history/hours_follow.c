/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/history/hours_follow.h"

#include "history/fold.h"
#include "history/hourly.h"
#include "source/history/forward.h"

/* The end of the newest hour that is complete; INT64_MIN: none is. */
static int64_t complete_until(const struct reader *reader, const struct reader_entity *entity) {
    int64_t newest = reader->newest;
    if (entity->newest == INT64_MIN || newest < FOLD_AFTER_SECONDS)
        return INT64_MIN;
    int64_t own = MIN(entity->newest, newest) - HOURS_SETTLED_SECONDS;
    int64_t settled = MAX(own, newest - FOLD_AFTER_SECONDS);
    return settled / HOURLY_INTERVAL * HOURLY_INTERVAL;
}

static bool give_complete(struct visit *visit, struct reader_entity *entity, bool *any,
                          struct error *error) {
    struct history *history = visit->history;
    int64_t after = position_time(&history->position, entity->id);
    int64_t until = complete_until(history->reader, entity);
    if (until <= after || !selection_has_entity(visit->selection, reader_present(entity)))
        return true;
    if (!reader_load(history->reader, entity, error) ||
        !visit_hours(visit, entity, after, until, error))
        return false;
    position_move(&history->position, entity->id, until);
    *any = true;
    return true;
}

bool hours_follow(struct visit *visit, struct error *error) {
    struct history *history = visit->history;
    const struct reader *reader = history->reader;
    bool any = false;
    if (!history->position.times)
        position_init(&history->position, visit->window->after);
    if (!forward_renew_times(reader, error))
        return false;
    for (size_t i = 0; i < reader->count; i++)
        if (!give_complete(visit, reader->entities[i], &any, error))
            return false;
    if (!any)
        visit->events->idle(visit->events->context);
    return true;
}
