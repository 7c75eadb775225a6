/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/query/offers.h"

#include <stdlib.h>

#include "core/memory.h"
#include "source/vsphere/query/available.h"
#include "source/vsphere/session/failure.h"

struct asking {
    struct offers_order *order;
    struct group **due;
    size_t count;
};

static bool claim_group(void *context, size_t worker, size_t task) {
    const struct asking *asking = context;
    (void)worker;
    return task < asking->count;
}

static bool has_group(void *context, size_t task) {
    const struct asking *asking = context;
    return task < asking->count;
}

/* A call without an answer is made again once. */
static bool ask_entity(const struct offers_order *order, struct channel *channel,
                       const struct entity *entity,
                       struct _vim25__QueryAvailablePerfMetricResponse *response,
                       struct error *error) {
    if (available_ask(channel, entity, order->interval, response, error))
        return true;
    if (error->kind != ERROR_TIMEOUT)
        return false;
    error_clear(error);
    return available_ask(channel, entity, order->interval, response, error);
}

static void widen(const struct offers_order *order, struct group *group,
                  const struct _vim25__QueryAvailablePerfMetricResponse *response) {
    struct available available;
    available_read(&available, order->catalog, order->selection, response);
    const struct counter **counters = memory_array(available.count + 1, sizeof *counters);
    for (size_t i = 0; i < available.count; i++)
        counters[i] = available.metrics[i].counter;
    groups_widen(group, counters, available.count, response->__sizereturnval > 0);
    free(counters);
    available_done(&available);
}

/* Asks one member. One that is refused is noted. */
static bool ask_member(struct asking *asking, size_t worker, size_t task, size_t member,
                       struct sampling *sampling, struct error *error) {
    struct offers_order *order = asking->order;
    struct channel *channel = workers_channel(order->workers, worker);
    struct _vim25__QueryAvailablePerfMetricResponse response = {0};
    if (!ask_entity(order, channel, order->entities[member], &response, error)) {
        if (error->kind != ERROR_FAULT)
            return false;
        order->refusals[member] = memory_strdup(failure_reason(channel, error));
        error_clear(error);
        sampling_note(sampling, true, false);
        return true;
    }
    if (!workers_await_turn(order->workers, task))
        return false;
    widen(order, asking->due[task], &response);
    sampling_note(sampling, false, response.__sizereturnval > 0);
    return true;
}

static bool ask_group(void *context, size_t worker, size_t task, struct error *error) {
    struct asking *asking = context;
    struct group *group = asking->due[task];
    struct sampling sampling = {0};
    size_t member = 0;
    group->heard = 0;
    for (; sampling_next(&sampling, group, &member); group->heard++)
        if (!ask_member(asking, worker, task, member, &sampling, error))
            return false;
    groups_asked(group, asking->order->round, asking->order->now_ns);
    return true;
}

static void join_all(struct groups *groups, struct offers_order *order) {
    groups_begin(groups);
    for (size_t i = 0; i < order->count; i++)
        order->groups[i] = groups_join(groups, order->entities[i], i);
    groups_sweep(groups);
    if (order->refresh)
        groups_refresh(groups, order->round);
}

bool offers_update(struct groups *groups, struct offers_order *order, struct error *error) {
    struct asking asking = {.order = order};
    join_all(groups, order);
    asking.due = memory_array(HASH_COUNT(groups->all) + 1, sizeof *asking.due);
    for (struct group *group = groups->all; group; group = group->hh.next)
        if (groups_is_due(group, order->now_ns))
            asking.due[asking.count++] = group;
    const struct workers_job job = {&asking, claim_group, ask_group, has_group};
    bool good = !asking.count || workers_run(order->workers, &job, error);
    if (good)
        groups_unite(groups);
    free(asking.due);
    return good;
}
