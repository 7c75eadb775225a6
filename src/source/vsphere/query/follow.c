/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One counter of one entity a host is asked for, every other second, until its sample is there. */
#include "source/vsphere/query/follow.h"

#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/interrupt.h"
#include "core/log.h"
#include "source/vsphere/session/session.h"

enum {
    PROBES = 64,
    PROBE_PAUSE_MS = 1500,
    SLICE_MS = 100,
    MAX_LATE_SECONDS = 30, /* after the end of the span */
    OLD_INTERVALS = 6,     /* how old a sample may be that is taken instead */
};

/* Who is still waited for. */
struct probes {
    struct query_item items[PROBES];
    size_t count;
};

static const char *host_of(const struct entity *entity) {
    const char *name = entity->name ? entity->name : "";
    return entity->host ? entity->host : name;
}

static bool has_host(const struct probes *probes, const struct entity *entity) {
    for (size_t i = 0; i < probes->count; i++)
        if (strcmp(host_of(probes->items[i].entity), host_of(entity)) == 0)
            return true;
    return false;
}

static void choose(struct probes *probes, const struct batches_order *order) {
    for (size_t i = 0; i < order->count && probes->count < PROBES; i++) {
        const struct offer *asked = offers_asked(order->offers, i);
        if (!asked->count || offers_refusal(order->offers, i) ||
            has_host(probes, order->entities[i]))
            continue;
        probes->items[probes->count++] = (struct query_item){
            .entity = order->entities[i], .counters = asked->counters, .count = 1, .metrics = 1};
    }
}

static void drop(struct probes *probes, size_t index) {
    probes->count--;
    memmove(&probes->items[index], &probes->items[index + 1],
            (probes->count - index) * sizeof *probes->items);
}

static bool has_sample(const struct _vim25__QueryPerfResponse *response,
                       const struct entity *entity, const struct span *span) {
    for (int i = 0; i < response->__sizereturnval; i++) {
        const struct vim_entity_metric *metric = &response->returnval[i];
        if (!metric->entity.value || strcmp(metric->entity.value, entity->id) != 0)
            continue;
        for (size_t k = 0; k < metric->sample_count; k++)
            if (metric->times[k] > span->start && metric->times[k] <= span->end)
                return true;
    }
    return false;
}

/* An entity that is gone is waited for no more; what is lost with it is told by its batch. */
static void drop_refused(struct probes *probes, const struct channel *channel) {
    size_t refused = 0;
    for (size_t i = 0; i < probes->count; i++)
        if (strcmp(probes->items[i].entity->id, channel->fault_object) == 0)
            refused = i;
    drop(probes, refused);
}

static bool probe(struct probes *probes, const struct batches_order *order, struct channel *channel,
                  struct error *error) {
    struct _vim25__QueryPerfResponse response;
    const struct query_call call = {probes->items, probes->count, &order->span, NULL};
    if (!query_ask(order->query, channel, &call, &response, error)) {
        if (error->kind != ERROR_FAULT)
            return false;
        error_clear(error);
        drop_refused(probes, channel);
        return true;
    }
    for (size_t i = probes->count; i-- > 0;)
        if (has_sample(&response, probes->items[i].entity, &order->span))
            drop(probes, i);
    return true;
}

static bool sleep_until(int64_t due_ms, struct error *error) {
    static const struct timespec slice = {.tv_nsec = SLICE_MS * 1000000L};
    while (clock_now_ms() < due_ms) {
        if (interrupt_requested())
            return error_set(error, ERROR_INTERRUPTED, "interrupted");
        nanosleep(&slice, NULL);
    }
    return true;
}

static void take_older(struct span *span, const struct channel *channel) {
    log_warn(channel->session->log,
             "%s: the sample of this interval has not come in time: the newest one before it is "
             "taken where there is none",
             channel->session->label);
    span->start = span->end - (int64_t)OLD_INTERVALS * span->interval;
}

bool follow_await(struct channel *channel, struct batches_order *order, struct error *error) {
    const struct selection *selection = order->query->selection;
    struct probes probes = {.count = 0};
    if (!selection->follow_ms)
        return true;
    int64_t earliest_ms = selection->follow_ms + selection->interval * 500LL;
    int timeout = channel->session->timeout_seconds;
    int late = timeout < MAX_LATE_SECONDS ? timeout : MAX_LATE_SECONDS;
    int64_t deadline_ms = earliest_ms + (selection->interval + late) * 1000LL;
    choose(&probes, order);
    bool good = sleep_until(earliest_ms, error);
    while (good && probes.count) {
        good = probe(&probes, order, channel, error);
        if (good && probes.count && clock_now_ms() >= deadline_ms) {
            take_older(&order->span, channel);
            break;
        }
        good = good && (!probes.count || sleep_until(clock_now_ms() + PROBE_PAUSE_MS, error));
    }
    return good;
}
