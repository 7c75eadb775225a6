/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A group is all entities of one type, state and shape; an entity without a shape is a group of its
 * own.
 */
#include "source/vsphere/query/offers.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "core/memory.h"
#include "source/vsphere/query/available.h"
#include "source/vsphere/session/failure.h"

/* Members that list nothing, as guests do that have just been started, do not speak for all. */
enum { MAX_ASKED = 4 };

struct group {
    size_t first; /* member */
    size_t last;
    bool shared; /* by its shape */
    struct offer offer;
    char *key;
    UT_hash_handle hh;
};

struct member {
    size_t group;
    size_t next; /* member of the group; its own number for the last one */
    char *refusal;
};

struct offers {
    const struct entity *const *entities;
    struct member *members;
    size_t member_count;
    struct group *groups;
    size_t group_count;
    struct offer unions[ENTITY_TYPES];

    struct crew *crew;
    struct catalog *catalog;
    const struct selection *selection;
    int32_t interval;
};

static void join_group(struct offers *offers, size_t index, struct group **by_key) {
    const struct entity *entity = offers->entities[index];
    struct member *member = &offers->members[index];
    struct group *group = NULL;
    char *key = memory_printf("%d %d %s", (int)entity->type, (int)entity->state,
                              entity->shape ? entity->shape : "");
    if (entity->shape)
        HASH_FIND_STR(*by_key, key, group);
    member->next = index;
    if (group) {
        free(key);
        offers->members[group->last].next = index;
        group->last = index;
        member->group = (size_t)(group - offers->groups);
        return;
    }
    member->group = offers->group_count++;
    group = &offers->groups[member->group];
    *group = (struct group){index, index, entity->shape != NULL, {0}, key, {0}};
    if (entity->shape)
        HASH_ADD_KEYPTR(hh, *by_key, group->key, strlen(group->key), group);
}

static void form_groups(struct offers *offers) {
    struct group *by_key = NULL;
    for (size_t i = 0; i < offers->member_count; i++)
        join_group(offers, i, &by_key);
    HASH_CLEAR(hh, by_key);
}

static int compare_counters(const void *a, const void *b) {
    int32_t left = (*(const struct counter *const *)a)->id;
    int32_t right = (*(const struct counter *const *)b)->id;
    return (left > right) - (left < right);
}

static void sort_counters(struct offer *offer) {
    size_t count = 0;
    qsort(offer->counters, offer->count, sizeof *offer->counters, compare_counters);
    for (size_t i = 0; i < offer->count; i++)
        if (!count || offer->counters[count - 1] != offer->counters[i])
            offer->counters[count++] = offer->counters[i];
    offer->count = count;
}

/* Adds what a member of the group lists. */
static void widen_offer(struct offer *offer, const struct available *available) {
    size_t count = offer->count;
    const struct counter **counters = memory_array(count + available->count + 1, sizeof *counters);
    if (count)
        memcpy(counters, offer->counters, count * sizeof *counters);
    for (size_t i = 0; i < available->count; i++)
        counters[count + i] = available->metrics[i].counter;
    free(offer->counters);
    offer->counters = counters;
    offer->count = count + available->count;
    if (available->count > offer->metrics)
        offer->metrics = available->count;
    sort_counters(offer);
}

static bool claim_group(void *context, size_t worker, size_t task) {
    const struct offers *offers = context;
    (void)worker;
    return task < offers->group_count;
}

/* A call without an answer is made again once. */
static bool ask_entity(struct offers *offers, struct channel *channel, size_t index,
                       struct _vim25__QueryAvailablePerfMetricResponse *response,
                       struct error *error) {
    const struct entity *entity = offers->entities[index];
    if (available_ask(channel, entity, offers->interval, response, error))
        return true;
    if (error->kind != ERROR_TIMEOUT)
        return false;
    error_clear(error);
    return available_ask(channel, entity, offers->interval, response, error);
}

/* What one member lists; *listed tells whether it lists anything. One that is refused is noted. */
static bool ask_member(struct offers *offers, struct channel *channel, size_t task, size_t index,
                       bool *listed, struct error *error) {
    struct _vim25__QueryAvailablePerfMetricResponse response = {0};
    struct available available;
    *listed = false;
    if (!ask_entity(offers, channel, index, &response, error)) {
        if (error->kind != ERROR_FAULT)
            return false;
        offers->members[index].refusal = memory_strdup(failure_reason(channel, error));
        error_clear(error);
        return true;
    }
    if (!crew_await_turn(offers->crew, task))
        return false;
    available_read(&available, offers->catalog, offers->selection, &response);
    widen_offer(&offers->groups[task].offer, &available);
    available_done(&available);
    *listed = response.__sizereturnval > 0;
    return true;
}

/*
 * Asks members until two have listed something, the last one among them: an entity may be gone, out
 * of the user's reach, or just started.
 */
static bool ask_group(void *context, size_t worker, size_t task, struct error *error) {
    struct offers *offers = context;
    const struct group *group = &offers->groups[task];
    struct channel *channel = crew_channel(offers->crew, worker);
    bool listed = false;
    int asked = 0;
    for (size_t i = group->first; !listed && i != group->last && asked < MAX_ASKED;
         i = offers->members[i].next) {
        if (!ask_member(offers, channel, task, i, &listed, error))
            return false;
        asked += !offers->members[i].refusal;
    }
    return ask_member(offers, channel, task, group->last, &listed, error);
}

static void add_to_union(struct offer *all, const struct offer *offer) {
    const struct counter **counters = memory_array(all->count + offer->count + 1, sizeof *counters);
    if (all->count)
        memcpy(counters, all->counters, all->count * sizeof *counters);
    if (offer->count)
        memcpy(counters + all->count, offer->counters, offer->count * sizeof *counters);
    free(all->counters);
    all->counters = counters;
    all->count += offer->count;
    if (offer->metrics > all->metrics)
        all->metrics = offer->metrics;
    sort_counters(all);
}

static void form_unions(struct offers *offers) {
    for (size_t i = 0; i < offers->group_count; i++) {
        const struct group *group = &offers->groups[i];
        if (group->shared)
            add_to_union(&offers->unions[offers->entities[group->first]->type], &group->offer);
    }
}

struct offers *offers_load(struct crew *crew, const struct entity *const *entities, size_t count,
                           struct catalog *catalog, const struct selection *selection,
                           int32_t interval, struct error *error) {
    struct offers *offers = memory_alloc(sizeof *offers);
    offers->entities = entities;
    offers->members = memory_array(count + 1, sizeof *offers->members);
    offers->member_count = count;
    offers->groups = memory_array(count + 1, sizeof *offers->groups);
    offers->crew = crew;
    offers->catalog = catalog;
    offers->selection = selection;
    offers->interval = interval;
    form_groups(offers);
    const struct crew_work work = {offers, claim_group, ask_group};
    if (!crew_run(crew, &work, error)) {
        offers_free(offers);
        return NULL;
    }
    form_unions(offers);
    return offers;
}

void offers_free(struct offers *offers) {
    if (!offers)
        return;
    for (size_t i = 0; i < offers->group_count; i++) {
        free(offers->groups[i].offer.counters);
        free(offers->groups[i].key);
    }
    for (size_t i = 0; i < offers->member_count; i++)
        free(offers->members[i].refusal);
    for (int i = 0; i < ENTITY_TYPES; i++)
        free(offers->unions[i].counters);
    free(offers->groups);
    free(offers->members);
    free(offers);
}

static const struct group *group_of(const struct offers *offers, size_t index) {
    return &offers->groups[offers->members[index].group];
}

const struct offer *offers_own(const struct offers *offers, size_t index) {
    return &group_of(offers, index)->offer;
}

const struct offer *offers_asked(const struct offers *offers, size_t index) {
    const struct group *group = group_of(offers, index);
    return group->shared ? &offers->unions[offers->entities[index]->type] : &group->offer;
}

const char *offers_refusal(const struct offers *offers, size_t index) {
    return offers->members[index].refusal;
}
