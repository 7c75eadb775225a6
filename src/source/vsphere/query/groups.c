/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/query/groups.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

/* Members that list nothing, as guests do that have just been started, do not speak for all. */
enum { MAX_ASKED = 4 };

enum { REFRESH_ROUNDS = 30 };

enum { EMPTY_FIRST_SECONDS = 60, EMPTY_LONGEST_SECONDS = 600 };

void groups_begin(struct groups *groups) {
    for (struct group *group = groups->all; group; group = group->hh.next)
        group->count = 0;
}

static char *key_of(const struct entity *entity) {
    bool shared = entity->shape != NULL;
    return memory_printf("%d %d %s%s", (int)entity->type, (int)entity->state, shared ? "" : "#",
                         shared ? entity->shape : entity->id);
}

static struct group *add_group(struct groups *groups, const struct entity *entity, char *key) {
    struct group *group = memory_alloc(sizeof *group);
    group->key = key;
    group->number = ++groups->numbers;
    group->type = entity->type;
    group->shared = entity->shape != NULL;
    HASH_ADD_KEYPTR(hh, groups->all, group->key, strlen(group->key), group);
    return group;
}

struct group *groups_join(struct groups *groups, const struct entity *entity, size_t number) {
    struct group *group = NULL;
    char *key = key_of(entity);
    HASH_FIND_STR(groups->all, key, group);
    if (group)
        free(key);
    else
        group = add_group(groups, entity, key);
    group->members =
        memory_grow(group->members, group->count, &group->capacity, sizeof *group->members);
    group->members[group->count++] = number;
    return group;
}

static void free_group(struct group *group) {
    free(group->key);
    free(group->offer.counters);
    free(group->members);
    free(group);
}

static bool has_empty(const struct groups *groups) {
    for (const struct group *group = groups->all; group; group = group->hh.next)
        if (!group->count)
            return true;
    return false;
}

/* Keeps the order of the groups that stay. */
void groups_sweep(struct groups *groups) {
    if (!has_empty(groups))
        return;
    struct group *group = groups->all;
    HASH_CLEAR(hh, groups->all);
    for (struct group *next = NULL; group; group = next) {
        next = group->hh.next;
        if (group->count)
            HASH_ADD_KEYPTR(hh, groups->all, group->key, strlen(group->key), group);
        else
            free_group(group);
    }
}

void groups_forget(struct groups *groups) {
    for (struct group *group = groups->all; group; group = group->hh.next) {
        free(group->offer.counters);
        group->offer = (struct offer){0};
        group->asked = group->listed = false;
        group->empty = (struct backoff){0};
    }
}

static void clear_unions(struct groups *groups) {
    for (int i = 0; i < ENTITY_TYPES; i++)
        free(groups->unions[i].counters);
    memset(groups->unions, 0, sizeof groups->unions);
}

void groups_done(struct groups *groups) {
    groups_begin(groups);
    groups_sweep(groups);
    clear_unions(groups);
}

bool groups_is_due(const struct group *group, int64_t now_ns) {
    return group->count &&
           (!group->asked || (!group->listed && !backoff_holds(&group->empty, now_ns)));
}

void groups_asked(struct group *group, uint64_t round, int64_t now_ns) {
    group->asked = true;
    group->asked_round = round;
    if (!group->listed)
        backoff_extend(&group->empty, now_ns, EMPTY_FIRST_SECONDS, EMPTY_LONGEST_SECONDS);
}

void groups_refresh(struct groups *groups, uint64_t round) {
    struct group *oldest = NULL;
    for (struct group *group = groups->all; group; group = group->hh.next)
        if (group->asked && (!oldest || group->asked_round < oldest->asked_round))
            oldest = group;
    if (oldest && oldest->asked_round + REFRESH_ROUNDS <= round)
        oldest->asked = false;
}

static int compare_counters(const void *a, const void *b) {
    int32_t left = (*(const struct counter *const *)a)->id;
    int32_t right = (*(const struct counter *const *)b)->id;
    return (left > right) - (left < right);
}

bool offer_has(const struct offer *offer, const struct counter *counter) {
    return offer->count && bsearch(&counter, offer->counters, offer->count, sizeof *offer->counters,
                                   compare_counters);
}

static void sort_counters(struct offer *offer) {
    size_t count = 0;
    qsort(offer->counters, offer->count, sizeof *offer->counters, compare_counters);
    for (size_t i = 0; i < offer->count; i++)
        if (!count || offer->counters[count - 1] != offer->counters[i])
            offer->counters[count++] = offer->counters[i];
    offer->count = count;
}

static void widen(struct offer *offer, const struct counter *const *counters, size_t count,
                  size_t metrics) {
    const struct counter **all = memory_array(offer->count + count + 1, sizeof *all);
    if (offer->count)
        memcpy(all, offer->counters, offer->count * sizeof *all);
    if (count)
        memcpy(all + offer->count, counters, count * sizeof *all);
    free(offer->counters);
    offer->counters = all;
    offer->count += count;
    if (metrics > offer->metrics)
        offer->metrics = metrics;
    sort_counters(offer);
}

void groups_widen(struct group *group, const struct counter *const *counters, size_t count,
                  bool listed) {
    widen(&group->offer, counters, count, count);
    group->listed = group->listed || listed;
}

void groups_unite(struct groups *groups) {
    clear_unions(groups);
    for (const struct group *group = groups->all; group; group = group->hh.next)
        if (group->shared)
            widen(&groups->unions[group->type], group->offer.counters, group->offer.count,
                  group->offer.metrics);
}

const struct group *groups_sampled(const struct groups *groups) {
    const struct group *largest = NULL;
    for (const struct group *group = groups->all; group; group = group->hh.next)
        if (group->shared && group->count > group->heard &&
            (!largest || group->count > largest->count))
            largest = group;
    return largest;
}

const struct offer *groups_wanted(const struct groups *groups, const struct group *group) {
    return group->shared ? &groups->unions[group->type] : &group->offer;
}

bool sampling_next(struct sampling *sampling, const struct group *group, size_t *member) {
    size_t last = group->count - 1;
    if (sampling->ended || !group->count)
        return false;
    sampling->ended = (sampling->listed && group->count > MAX_ASKED) || sampling->next >= last ||
                      sampling->asked >= MAX_ASKED;
    *member = group->members[sampling->ended ? last : sampling->next++];
    return true;
}

void sampling_note(struct sampling *sampling, bool refused, bool listed) {
    sampling->asked += !refused;
    sampling->listed = sampling->listed || listed;
}
