/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One run of collect. */
#include "source/libvirt/collection.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/libvirt/account.h"
#include "source/libvirt/counters/mapping.h"
#include "source/libvirt/sample/sample_record.h"
#include "source/libvirt/store.h"

static const int64_t second_ns = 1000000000;
static const int64_t shortest_deadline_ns = 3 * 1000000000LL;
static const int64_t shortest_late_ns = 250000000;
static const int64_t longest_slow_ns = 5 * 1000000000LL;
static const int64_t longest_hung_ns = 5 * 1000000000LL;

/* One selected entity. */
struct track {
    unsigned char uuid[SAMPLE_UUID_SIZE];
    struct store store;
    struct account account;
};

struct collection {
    struct collection_input input;
    const struct source_events *events; /* of the round under way */
    int64_t start_ns;                   /* clock_boot_ns of the first poll; 0 before it */
    bool advised;
    struct track *tracks; /* in inventory order */
    size_t count;
    struct track *host; /* the track of the host, or NULL */
    bool *wanted;       /* by counter */
    struct sample_wish wish;
    struct snapshot *before; /* of the last poll that worked */
    struct account rounds;   /* of polls as a whole */
    int64_t stamp;           /* of the last samples */
    int64_t clock_offset_ns; /* CLOCK_REALTIME less CLOCK_BOOTTIME */
    int64_t fraction_ns;     /* of the second in which the first poll was made */
};

/* Who gets the values of one entity and round. */
struct receiver {
    struct track *track;
    int64_t stamp;
};

static void receive(void *context, size_t counter, const char *instance, int64_t value) {
    struct receiver *receiver = context;
    const struct sample sample = {receiver->stamp, value};
    store_add(&receiver->track->store, counter, instance, &sample);
}

static void receive_offer(void *context, size_t counter) {
    struct receiver *receiver = context;
    store_offer(&receiver->track->store, counter);
}

static struct mapping_output output_for(const struct collection *collection,
                                        struct receiver *receiver) {
    return (struct mapping_output){
        .context = receiver,
        .wanted = collection->wanted,
        .value = receive,
        .offer = receive_offer,
        .aggregate_only = collection->input.selection->aggregate_only,
    };
}

static struct track *find_track(const struct collection *collection, const unsigned char *uuid) {
    for (size_t i = 0; i < collection->count; i++) {
        struct track *track = &collection->tracks[i];
        if (track != collection->host && memcmp(track->uuid, uuid, SAMPLE_UUID_SIZE) == 0)
            return track;
    }
    return NULL;
}

static void take_guest(const struct collection *collection, const struct guest_pair *pair) {
    struct track *track = find_track(collection, pair->now->uuid);
    if (!track)
        return;

    struct receiver receiver = {track, collection->stamp};
    struct mapping_output output = output_for(collection, &receiver);
    if (!track->account.seen)
        mapping_guest_offers(pair, &output);
    account_sample(&track->account, pair->now);
    if (!collection->before)
        return;
    store_begin(&track->store);
    mapping_guest(pair, &output);
}

static void take_host(const struct collection *collection, const struct host_pair *pair) {
    if (!collection->host)
        return;

    struct receiver receiver = {collection->host, collection->stamp};
    struct mapping_output output = output_for(collection, &receiver);
    if (!collection->host->account.seen)
        mapping_host_offers(pair, &output);
    collection->host->account.seen++;
    if (!collection->before)
        return;
    store_begin(&collection->host->store);
    mapping_host(pair, &output);
}

/*
 * Whole seconds at an even distance: those since the first poll are rounded, so that a call that
 * takes 10 ms longer does not repeat a second or leave one out. The distance between wall clock
 * and steady clock is taken anew only when somebody set the clock.
 */
static void stamp_round(struct collection *collection, const struct snapshot *now) {
    int64_t offset_ns = now->wall_ns - now->time_ns;
    int64_t moved_ns = offset_ns - collection->clock_offset_ns;
    int64_t last = collection->stamp;

    if (!collection->before) {
        collection->fraction_ns = now->wall_ns % second_ns;
        collection->clock_offset_ns = offset_ns;
    } else if (moved_ns > second_ns || moved_ns < -second_ns) {
        collection->clock_offset_ns = offset_ns;
    }
    int64_t stamp_ns = now->time_ns + collection->clock_offset_ns - collection->fraction_ns;
    int64_t stamp = (stamp_ns + second_ns / 2) / second_ns;
    collection->stamp = stamp > last ? stamp : last + 1;
}

static void judge_reports(const struct collection *collection, struct snapshot *now) {
    for (size_t i = 0; i < now->count; i++) {
        const struct guest_sample *before = snapshot_find(collection->before, now->guests[i].uuid);
        bool same_run = before && before->id == now->guests[i].id;
        sample_judge_report(&now->guests[i], same_run ? before : NULL);
    }
}

static bool all_have_baselines(const struct snapshot *before, const struct snapshot *now,
                               const struct guest_pair *pairs) {
    if (!before || before->count != now->count || before->failure_count)
        return false;
    for (size_t i = 0; i < now->count; i++) {
        if (!pairs[i].before)
            return false;
    }
    return true;
}

static void take_snapshot(struct collection *collection, struct snapshot *now) {
    const struct host_facts *facts = &collection->input.poller->endpoint.host;
    const struct snapshot *before = collection->before;
    int64_t interval = collection->input.interval;
    struct guest_pair *pairs = memory_array(now->count, sizeof *pairs);
    struct host_pair host;

    stamp_round(collection, now);
    judge_reports(collection, now);
    for (size_t i = 0; i < now->count; i++) {
        rates_guest(&pairs[i], snapshot_find(before, now->guests[i].uuid), &now->guests[i],
                    interval);
        pairs[i].mhz = facts->mhz;
        take_guest(collection, &pairs[i]);
    }
    rates_host(&host, before ? &before->host : NULL, &now->host, interval);
    host.mhz = facts->mhz;
    host.page_bytes = facts->page_bytes;
    host.guests = pairs;
    host.guest_count = now->count;
    host.guests_known = now->failure_count == 0;
    host.guests_same = host.guests_known && all_have_baselines(before, now, pairs);
    take_host(collection, &host);

    rates_host_done(&host);
    for (size_t i = 0; i < now->count; i++)
        rates_guest_done(&pairs[i]);
    free(pairs);
}

static void take_failures(const struct collection *collection, const struct snapshot *now) {
    for (size_t i = 0; i < now->failure_count; i++) {
        struct track *track = find_track(collection, now->failures[i].uuid);
        if (track)
            account_failure(&track->account, &now->failures[i].error);
    }
}

static bool give_all(const struct collection *collection, struct error *error) {
    const struct collection_input *input = &collection->input;
    bool good = true;
    for (size_t i = 0; good && i < collection->count; i++)
        good = store_give(&collection->tracks[i].store, input->catalog, input->interval,
                          collection->events, error);
    return good;
}

static int64_t clamp(int64_t value, int64_t low, int64_t high) {
    int64_t raised = value < low ? low : value;
    return raised > high ? high : raised;
}

static bool poll_once(struct collection *collection, struct error *error) {
    struct poller *poller = collection->input.poller;
    int64_t interval_ns = collection->input.interval * second_ns;
    int64_t slow_ns = clamp(interval_ns / 10, second_ns, longest_slow_ns);
    int64_t deadline_ns = clamp(interval_ns / 4 * 3, shortest_deadline_ns, poller->timeout_ns);
    int64_t late_ns = clamp(interval_ns / 4, shortest_late_ns, slow_ns);
    int64_t hung_ns = clamp(interval_ns / 4 * 3, slow_ns, longest_hung_ns);
    const struct poller_limits limits = {
        .late_ns = clamp(late_ns, 0, deadline_ns / 4),
        .hung_ns = clamp(hung_ns, 0, deadline_ns / 4 * 3),
        .deadline_ns = deadline_ns,
    };

    struct snapshot *now = poller_round(poller, &collection->wish, &limits, error);
    if (!now)
        return false;
    collection->rounds.seen++;
    int64_t interval = interval_ns / second_ns;
    account_duration(&collection->rounds, now->duration_ns, interval);
    const struct snapshot *before = collection->before;
    if (before && !rates_is_usable(now->time_ns - before->time_ns,
                                   now->duration_ns - before->duration_ns, interval))
        collection->rounds.uneven++;
    take_snapshot(collection, now);
    take_failures(collection, now);
    snapshot_free(collection->before);
    collection->before = now;
    return true;
}

static void tell_missing(const struct collection *collection, const struct track *track) {
    const struct source_events *events = collection->events;
    char *reason = account_reason(&track->account);
    if (reason)
        events->missing(events->context, track->store.entity, reason);
    else if (!track->account.seen)
        events->skipped(events->context, track->store.entity);
    free(reason);
}

static void tell_lost_rounds(const struct collection *collection) {
    const struct source_events *events = collection->events;
    char *reason = account_reason(&collection->rounds);
    if (reason)
        events->missing(events->context, NULL, reason);
    free(reason);
}

/* Only of use to who asked for what these guests do not give. */
static void advise_balloon(const struct collection *collection) {
    const struct source_options *options = collection->input.options;
    size_t running = 0;
    size_t silent = 0;

    for (size_t i = 0; i < collection->count; i++) {
        const struct store *store = &collection->tracks[i].store;
        running += store->entity->type == ENTITY_VM && collection->tracks[i].account.seen > 0;
        silent += collection->tracks[i].account.no_report;
    }
    if (!silent)
        return;
    report(options->reporter, REPORT_WARNING,
           "%s: %zu of %zu running guests report no current memory statistics; %s",
           collection->input.name, silent, running,
           options->balloon_period_seconds
               ? "they have no balloon driver that does"
               : "--balloon-period SECONDS lets those with a balloon driver do so");
}

static bool wants(const struct collection *collection, const char *name) {
    for (size_t i = 0; i < mapping_count(); i++) {
        if (strcmp(mapping_counter(i)->name, name) == 0)
            return collection->wanted[i];
    }
    return false;
}

static GByteArray *period_request(const struct collection *collection) {
    GByteArray *message = message_new(MESSAGE_PERIOD);
    unsigned char *uuids = memory_array(collection->count, SAMPLE_UUID_SIZE);
    size_t size = 0;
    for (size_t i = 0; i < collection->count; i++) {
        const struct track *track = &collection->tracks[i];
        if (track->store.entity->type != ENTITY_VM)
            continue;
        memcpy(uuids + size, track->uuid, SAMPLE_UUID_SIZE);
        size += SAMPLE_UUID_SIZE;
    }
    record_add_number(message, collection->input.options->balloon_period_seconds);
    record_add_block(message, uuids, size);
    free(uuids);
    return message;
}

static bool set_periods(struct collection *collection, struct error *error) {
    const struct source_options *options = collection->input.options;
    const struct source_events *events = collection->events;
    struct record answer;

    if (!poller_call(collection->input.poller, period_request(collection), "--balloon-period",
                     &answer, error))
        return false;
    struct snapshot *guests = snapshot_new();
    int64_t changed = record_number(&answer);
    failures_read(&answer, guests);
    for (size_t i = 0; i < guests->failure_count; i++) {
        const struct guest_failure *failure = &guests->failures[i];
        const struct track *track = find_track(collection, failure->uuid);
        if (track)
            events->missing(events->context, track->store.entity, failure->error.message);
    }
    snapshot_free(guests);
    report(options->reporter, REPORT_INFO,
           "%s: %lld guests report their memory every %d s from now on", collection->input.name,
           (long long)changed, options->balloon_period_seconds);
    return true;
}

static void add_track(struct collection *collection, const struct entity *entity) {
    struct track *track = &collection->tracks[collection->count];

    if (entity->type == ENTITY_VM && !sample_parse_uuid(entity->id, track->uuid))
        return;
    store_init(&track->store, entity, mapping_count());
    if (entity->type == ENTITY_HOST)
        collection->host = track;
    collection->count++;
}

static void begin(struct collection *collection) {
    const struct collection_input *input = &collection->input;
    const struct selection *selection = input->selection;

    collection->tracks = memory_array(input->inventory->count, sizeof *collection->tracks);
    for (size_t i = 0; i < input->inventory->count; i++) {
        const struct entity *entity = input->inventory->entities[i];
        if (selection_has_entity(selection, entity))
            add_track(collection, entity);
    }
    for (size_t i = 0; i < mapping_count(); i++)
        collection->wanted[i] = selection_has_counter(selection, mapping_counter(i));
    collection->wish.groups = mapping_groups(collection->wanted);
    if (collection->host)
        collection->wish.groups |= SAMPLE_HOST_CPU;
    else
        collection->wish.groups &= SAMPLE_GUESTS;
    collection->wish.each_cpu = !selection->aggregate_only;
}

/* What the round lacks; the next one begins a new account. */
static void report_round(struct collection *collection) {
    for (size_t i = 0; i < collection->count; i++)
        tell_missing(collection, &collection->tracks[i]);
    tell_lost_rounds(collection);
    if (!collection->advised && collection->rounds.seen && wants(collection, "mem.usage.average"))
        advise_balloon(collection);
    collection->advised = true;
    for (size_t i = 0; i < collection->count; i++)
        collection->tracks[i].account = (struct account){0};
    collection->rounds = (struct account){0};
}

struct collection *collection_new(const struct collection_input *input) {
    struct collection *collection = memory_alloc(sizeof *collection);
    collection->input = *input;
    collection->wanted = memory_array(mapping_count(), sizeof *collection->wanted);
    begin(collection);
    return collection;
}

bool collection_round(struct collection *collection, const struct source_events *events,
                      struct error *error) {
    bool first = !collection->start_ns;
    collection->events = events;
    if (first && collection->input.options->balloon_period_seconds > 0 &&
        !set_periods(collection, error))
        return false;
    if (first)
        collection->start_ns = clock_boot_ns();
    if (!collection->count)
        return true;
    if (!poll_once(collection, error) || !give_all(collection, error))
        return false;
    report_round(collection);
    return true;
}

struct due collection_due(const struct collection *collection) {
    int64_t period_ns = collection->input.interval * second_ns;
    int64_t elapsed_ns = clock_boot_ns() - collection->start_ns;
    return (struct due){collection->start_ns + (elapsed_ns / period_ns + 1) * period_ns, period_ns};
}

void collection_free(struct collection *collection) {
    if (!collection)
        return;
    for (size_t i = 0; i < collection->count; i++)
        store_done(&collection->tracks[i].store);
    free(collection->tracks);
    free(collection->wanted);
    snapshot_free(collection->before);
    free(collection);
}
