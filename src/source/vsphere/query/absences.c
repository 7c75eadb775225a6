/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/query/absences.h"

#include <glib.h>
#include <stdlib.h>

#include "core/memory.h"

enum {
    SILENT_ROUNDS = 6, /* of an endless run, in a row, and */
    SILENT_INTERVALS = 6,
    SILENT_SECONDS = 300, /* at least, since the last sample */
    MAX_QUESTIONS = 64,   /* what silent ones have, in a round */
};

/* Why an entity gives nothing. */
enum verdict { LACKS_COUNTERS, HAS_COUNTERS, NOT_ASKED };

/* The entities of one type. */
struct search {
    const struct absences_order *order;
    GPtrArray *silent;   /* gave no samples */
    GPtrArray *unclear;  /* nor was asked whether it has the counters, which others lack */
    GPtrArray *unlisted; /* list no counters */
    size_t asked;
    int questions;
    bool lacking; /* one that is silent has none of the counters */
};

static bool is_off(const struct entity *entity) {
    return entity->state != STATE_ON && entity->state != STATE_UNKNOWN;
}

/* A sample that is late, or the first one, is still to come. */
static bool may_come(const struct absences_order *order, const struct tracked *tracked) {
    int64_t patience = MAX(SILENT_SECONDS, (int64_t)SILENT_INTERVALS * order->interval);
    int64_t since = tracked->since;
    if (tracked->mark.any)
        since = MAX(since, mark_after(&tracked->mark));
    return order->endless && (tracked->silent < SILENT_ROUNDS || order->now < since + patience);
}

/* What cannot be known counts as there; a server that does not answer is asked no more. */
static bool has_counters(struct search *search, const struct entity *entity) {
    const struct absences_order *order = search->order;
    struct _vim25__QueryAvailablePerfMetricResponse response = {0};
    struct available available;
    struct error error = {0};
    search->questions++;
    if (!available_ask(order->channel, entity, order->interval, &response, &error)) {
        if (error.kind != ERROR_FAULT)
            search->questions = MAX_QUESTIONS;
        return true;
    }
    available_read(&available, order->catalog, order->selection, &response);
    bool has = available.count || !response.__sizereturnval;
    available_done(&available);
    return has;
}

/* Its like may have chosen counters that it has not: one in a hundred has a GPU. */
static enum verdict examine(struct search *search, const struct query_item *item,
                            const struct group *group) {
    struct tracked *tracked = item->tracked;
    if (group->listed && !group->offer.count)
        return LACKS_COUNTERS;
    if (!search->order->selection->counters.count || !group->shared || tracked->absent)
        return HAS_COUNTERS;
    if (!tracked->lacking && search->questions >= MAX_QUESTIONS)
        return search->lacking ? NOT_ASKED : HAS_COUNTERS;
    tracked->lacking = tracked->lacking || !has_counters(search, item->entity);
    search->lacking = search->lacking || tracked->lacking;
    return tracked->lacking ? LACKS_COUNTERS : HAS_COUNTERS;
}

static void add_absent(GPtrArray *entities, const struct query_item *item) {
    item->tracked->absent = true;
    g_ptr_array_add(entities, (gpointer)item->entity);
}

static void add_silent(struct search *search, const struct query_item *item,
                       const struct group *group) {
    enum verdict verdict = examine(search, item, group);
    if (verdict == HAS_COUNTERS)
        add_absent(search->silent, item);
    else if (verdict == NOT_ASKED && !search->order->endless) /* else a later round asks it */
        g_ptr_array_add(search->unclear, (gpointer)item->entity);
}

static void judge(struct search *search, size_t index) {
    const struct absences_order *order = search->order;
    const struct query_item *item = &order->items[index];
    const struct group *group = order->groups[index];
    bool unlisted = !item->count && group->asked && !group->listed;
    search->asked += item->count || unlisted;
    if (item->tracked->heard)
        item->tracked->absent = item->tracked->lacking = false;
    if (item->tracked->heard || order->refusals[index] || (!item->count && !unlisted))
        return;
    if (is_off(item->entity)) {
        if (!order->endless)
            order->events->skipped(order->events->context, item->entity);
    } else if (may_come(order, item->tracked))
        return;
    else if (unlisted)
        add_absent(search->unlisted, item);
    else
        add_silent(search, item, group);
}

static void report_all(const struct search *search, const GPtrArray *entities, const char *reason) {
    const struct source_events *events = search->order->events;
    const struct absence absence = {(const struct entity *const *)entities->pdata, entities->len,
                                    search->asked, reason};
    if (entities->len)
        events->absent(events->context, &absence);
}

/* The items from first on that are of one type; returns the number of the next. */
static size_t report_type(const struct absences_order *order, size_t first) {
    struct search search = {.order = order,
                            .silent = g_ptr_array_new(),
                            .unclear = g_ptr_array_new(),
                            .unlisted = g_ptr_array_new()};
    enum entity_type type = order->items[first].entity->type;
    size_t next = first;
    for (; next < order->count && order->items[next].entity->type == type; next++)
        judge(&search, next);
    char *unlisted = memory_printf("listed no counters of %d s", order->interval);
    report_all(&search, search.unlisted, unlisted);
    report_all(&search, search.silent, "returned no samples");
    if (search.silent->len) /* else all that were asked lack the counters, and so do their like */
        report_all(&search, search.unclear,
                   "returned no samples, and may lack the counters: not asked");
    free(unlisted);
    g_ptr_array_free(search.unlisted, TRUE);
    g_ptr_array_free(search.silent, TRUE);
    g_ptr_array_free(search.unclear, TRUE);
    return next;
}

void absences_report(const struct absences_order *order) {
    for (size_t i = 0; i < order->count;)
        i = report_type(order, i);
}
