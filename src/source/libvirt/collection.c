/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* From poll to poll: what arrived and ended, the values of what runs, and what is missing. */
#include "source/libvirt/collection.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/grid.h"
#include "source/libvirt/counters/mapping.h"
#include "source/libvirt/sample/sample_record.h"
#include "source/libvirt/tracks.h"
#include "source/measured.h"

static const int64_t second_ns = 1000000000;
static const int64_t shortest_deadline_ns = 3 * 1000000000LL;
static const int64_t shortest_late_ns = 250000000;
static const int64_t longest_late_ns = 1000000000;
static const int64_t longest_hung_ns = 5 * 1000000000LL;
static const int64_t surely_hung_ms = 1000;

static const char no_answer[] = "QEMU does not answer libvirt: memory and disk values are missing";
static const char busy_with_move[] =
    "it has come here, and QEMU is still busy with that: memory and "
    "disk values are missing";
static const char uneven[] = "a poll makes no rates: it came too early or too late, or took much "
                             "longer or shorter than the one before";

enum { SETTLING_POLLS = 5 };

struct collection {
    struct collection_input input;
    struct tracks tracks;
    bool *wanted; /* by counter */
    struct sample_wish wish;
    struct grid grid;
    struct snapshot *before; /* of the last poll that worked */
    bool lost;               /* the last poll was */
    bool advised;
    struct measured measured; /* of the entity at hand */
    GByteArray *waiting;      /* UUIDs of guests that are to get a balloon period */
};

/* One round. */
struct round {
    struct collection *collection;
    const struct source_events *events;
    struct snapshot *now;
    struct guest_pair *pairs; /* of the snapshot's guests */
    int64_t stamp;
};

/* Who gets what the mapping finds of one entity. */
struct receiver {
    const struct round *round;
    struct track *track;
};

static void add_offer(void *context, size_t counter) {
    const struct receiver *receiver = context;
    const struct source_events *events = receiver->round->events;
    struct track *track = receiver->track;
    if (!track->offered[counter])
        events->offered(events->context, track->entity,
                        catalog_at(receiver->round->collection->input.catalog, counter));
    track->offered[counter] = true;
}

static void add_value(void *context, size_t counter, const char *instance, int64_t value) {
    const struct receiver *receiver = context;
    if (!receiver->track->offered[counter])
        add_offer(context, counter);
    measured_add(&receiver->round->collection->measured, counter, instance, value);
}

static struct mapping_output output_for(struct receiver *receiver) {
    const struct collection *collection = receiver->round->collection;
    return (struct mapping_output){
        .context = receiver,
        .wanted = collection->wanted,
        .value = add_value,
        .offer = add_offer,
        .aggregate_only = collection->input.selection->aggregate_only,
    };
}

static bool emit_measured(const struct round *round, struct track *track, struct error *error) {
    struct collection *collection = round->collection;
    const struct measured_head head = {
        .entity = track->entity,
        .catalog = collection->input.catalog,
        .known = &track->known,
        .time = round->stamp,
        .interval = collection->input.interval,
    };
    bool good = measured_emit(&collection->measured, &head, round->events, error);
    measured_clear(&collection->measured);
    return good;
}

/* The first poll is to give no sample. */
static bool is_first(const struct round *round) {
    return !round->collection->before;
}

static void report_missing(const struct round *round, const struct track *track,
                           const char *reason) {
    if (!is_first(round))
        round->events->missing(round->events->context, track ? track->entity : NULL, reason);
}

/* A guest that is just starting has no answers yet. */
static bool is_blocked(const struct guest_sample *sample, bool same_run) {
    return sample && sample->blocked && (same_run || sample->blocked_ms >= surely_hung_ms);
}

/* Why the sample of this round lacks something, or NULL. */
static const char *find_gap(const struct round *round, const struct track *track,
                            const struct guest_sample *now, bool same_run) {
    const struct guest_sample *before = snapshot_find(round->collection->before, track->uuid);
    if (track->phase == PHASE_COMING)
        return "it is being migrated here, and does not run here yet";
    if (track->phase == PHASE_LEAVING)
        return "it is being migrated away, and does not run for this moment";
    if (is_blocked(now, same_run) || (same_run && is_blocked(before, true)))
        return track->settling ? busy_with_move : no_answer;
    return NULL;
}

static void report_end(const struct round *round, const struct track *track) {
    const time_t seconds = (time_t)round->stamp;
    char text[64] = "has moved to another host";
    struct tm when;
    if (track->phase != PHASE_LEAVING)
        strftime(text, sizeof text, "ended at %Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &when));
    round->events->ended(round->events->context, track->entity, text);
}

/* What no longer runs, while its entity is still there. */
static void end_guests(const struct round *round) {
    const struct tracks *tracks = &round->collection->tracks;
    for (size_t i = 0; i < tracks->count; i++) {
        struct track *track = tracks->items[i];
        if (track->phase == PHASE_ABSENT || snapshot_find(round->now, track->uuid) ||
            snapshot_failure(round->now, track->uuid))
            continue;
        if (track->selected && phase_is_here(track->phase))
            report_end(round, track);
        track->phase = PHASE_ABSENT;
    }
}

/* They have statistics and no entity. */
static void report_unlisted(const struct round *round) {
    const struct collection *collection = round->collection;
    for (size_t i = 0; i < round->now->count; i++) {
        const struct guest_sample *guest = &round->now->guests[i];
        const struct entity entity = {.type = ENTITY_VM, .name = guest->name};
        if (guest->is_host || !tracks_is_unlisted(&collection->tracks, guest) ||
            !selection_has_entity(collection->input.selection, &entity))
            continue;
        char *reason = memory_printf("libvirt cannot describe the guest %s", guest->name);
        report_missing(round, NULL, reason);
        free(reason);
    }
}

/* The inventory is that of the running guests. */
static void follow_guests(const struct round *round) {
    const struct collection_input *input = &round->collection->input;
    struct error error = {0};
    if (is_first(round))
        tracks_adopt(&round->collection->tracks, round->now);
    bool outdated = tracks_outdated(&round->collection->tracks, round->now);
    if (outdated)
        end_guests(round);
    if (!outdated || input->renew(input->context, &error))
        tracks_note_unlisted(&round->collection->tracks, round->now);
    else
        report_missing(round, NULL, error.message);
    report_unlisted(round);
}

static void add_fresh(struct collection *collection, const struct track *track) {
    if (collection->input.options->balloon_period_seconds > 0)
        g_byte_array_append(collection->waiting, track->uuid, SAMPLE_UUID_SIZE);
}

/* The phase of a guest, and what its change means. */
static void move_guest(const struct round *round, struct track *track,
                       const struct guest_sample *sample, bool same_run) {
    const struct source_events *events = round->events;
    bool was_here = phase_is_here(track->phase);
    track->phase = phase_next(track->phase, sample, same_run);
    if (!sample)
        return;
    if (track->phase == PHASE_BASELINE)
        track->settling = SETTLING_POLLS;
    else if (track->settling)
        track->settling--;
    track->id = sample->id;
    if (!track->selected || !phase_is_here(track->phase))
        return;
    if (!was_here || !same_run)
        add_fresh(round->collection, track);
    if (!was_here && !is_first(round))
        events->arrived(events->context, track->entity);
}

static void map_guest(const struct round *round, struct track *track,
                      const struct guest_sample *sample) {
    struct receiver receiver = {round, track};
    struct mapping_output output = output_for(&receiver);
    const struct guest_pair *pair = &round->pairs[sample - round->now->guests];
    if (!track->seen)
        mapping_guest_offers(pair, &output);
    track->seen = true;
    if (!is_first(round) && track->phase == PHASE_RUNS)
        mapping_guest(pair, &output);
}

static bool emit_guest(const struct round *round, struct track *track, struct error *error) {
    const struct source_events *events = round->events;
    const struct guest_sample *sample = snapshot_find(round->now, track->uuid);
    const struct guest_failure *failure = snapshot_failure(round->now, track->uuid);
    bool same_run = sample && track->id == sample->id;
    if (sample || !failure)
        move_guest(round, track, sample, same_run);
    if (!track->selected)
        return true;
    if (sample && phase_is_here(track->phase))
        map_guest(round, track, sample);
    const char *gap = sample ? find_gap(round, track, sample, same_run) : NULL;
    if (gap)
        report_missing(round, track, gap);
    else if (!sample && failure)
        report_missing(round, track, failure->error.message);
    else if (!sample)
        events->skipped(events->context, track->entity);
    return emit_measured(round, track, error);
}

static bool all_have_baselines(const struct round *round) {
    const struct snapshot *before = round->collection->before;
    const struct snapshot *now = round->now;
    if (!before || before->count != now->count || before->failure_count)
        return false;
    for (size_t i = 0; i < now->count; i++) {
        if (!round->pairs[i].before)
            return false;
    }
    return true;
}

static bool emit_host(const struct round *round, struct error *error) {
    const struct collection *collection = round->collection;
    const struct host_facts *facts = &collection->input.poller->host;
    struct snapshot *before = collection->before;
    struct track *track = collection->tracks.host;
    struct receiver receiver = {round, track};
    struct mapping_output output = output_for(&receiver);
    struct host_pair pair;
    if (!track)
        return true;

    rates_host(&pair, before ? &before->host : NULL, &round->now->host, collection->input.interval);
    pair.mhz = facts->mhz;
    pair.page_bytes = facts->page_bytes;
    pair.guests = round->pairs;
    pair.guest_count = round->now->count;
    pair.guests_known = round->now->failure_count == 0;
    pair.guests_same = pair.guests_known && all_have_baselines(round);
    rates_host_of_domains(&pair, facts->threads);
    if (!track->seen)
        mapping_host_offers(&pair, &output);
    track->seen = true;
    if (!is_first(round))
        mapping_host(&pair, &output);
    rates_host_done(&pair);
    return emit_measured(round, track, error);
}

static bool emit_all(const struct round *round, struct error *error) {
    const struct tracks *tracks = &round->collection->tracks;
    for (size_t i = 0; i < tracks->count; i++) {
        if (!emit_guest(round, tracks->items[i], error))
            return false;
    }
    return emit_host(round, error);
}

static void judge_reports(const struct round *round) {
    for (size_t i = 0; i < round->now->count; i++) {
        struct guest_sample *guest = &round->now->guests[i];
        const struct guest_sample *before = snapshot_find(round->collection->before, guest->uuid);
        sample_judge_report(guest, before && before->id == guest->id ? before : NULL);
    }
}

static void pair_guests(struct round *round) {
    const struct collection *collection = round->collection;
    round->pairs = memory_array(round->now->count, sizeof *round->pairs);
    for (size_t i = 0; i < round->now->count; i++) {
        const struct guest_sample *guest = &round->now->guests[i];
        rates_guest(&round->pairs[i], snapshot_find(collection->before, guest->uuid), guest,
                    collection->input.interval);
        round->pairs[i].mhz = collection->input.poller->host.mhz;
    }
}

/*
 * Each place that was left out because the poll before was not over lacks its sample, and two polls
 * that make no rates lack those of one. What a lost poll costs is known already.
 */
static void report_unevenness(const struct round *round, int64_t skipped) {
    struct collection *collection = round->collection;
    const struct snapshot *before = collection->before, *now = round->now;
    int64_t interval = collection->input.interval;
    if (!before || collection->lost)
        return;
    bool usable = rates_is_usable(now->time_ns - before->time_ns,
                                  now->duration_ns - before->duration_ns, interval);
    int64_t held = rates_interval_held(MAX(now->duration_ns, before->duration_ns));
    int64_t advised = grid_hold(&collection->grid, held);
    char *slow = memory_printf("libvirt takes too long for this interval: --interval %lld holds",
                               (long long)advised);
    for (int64_t i = usable; i <= skipped; i++)
        report_missing(round, NULL, held > interval ? slow : uneven);
    free(slow);
}

/* Only of use to who asked for what these guests do not give. */
static void advise_balloon(const struct round *round) {
    const struct collection_input *input = &round->collection->input;
    const struct tracks *tracks = &round->collection->tracks;
    size_t running = 0;
    size_t silent = 0;
    for (size_t i = 0; i < tracks->count; i++) {
        const struct guest_sample *sample = snapshot_find(round->now, tracks->items[i]->uuid);
        if (!tracks->items[i]->selected || !sample)
            continue;
        running++;
        silent += sample->report_clock != REPORT_ALWAYS_FRESH && !sample->blocked &&
                  sample->values[GUEST_AVAILABLE] == ABSENT;
    }
    if (silent)
        report(input->options->reporter, REPORT_WARNING,
               "%s: %zu of %zu running guests report no current memory statistics; %s", input->name,
               silent, running,
               input->options->balloon_period_seconds
                   ? "they have no balloon driver that does"
                   : "--balloon-period SECONDS lets those with a balloon driver do so");
}

static void report_clock(const struct round *round) {
    int64_t seconds = round->collection->grid.set_back;
    if (seconds && round->events->set_back)
        round->events->set_back(round->events->context, seconds);
}

static bool wants(const struct collection *collection, const char *name) {
    const struct collection_input *input = &collection->input;
    return selection_has_counter(input->selection, catalog_by_name(input->catalog, name));
}

static void report_periods(const struct round *round, struct record *answer) {
    const struct collection_input *input = &round->collection->input;
    const struct source_events *events = round->events;
    struct snapshot *guests = snapshot_new();
    int64_t changed = record_number(answer);
    failures_read(answer, guests);
    for (size_t i = 0; i < guests->failure_count; i++) {
        const struct guest_failure *failure = &guests->failures[i];
        const struct track *track = tracks_find(&round->collection->tracks, failure->uuid);
        if (track)
            events->missing(events->context, track->entity, failure->error.message);
    }
    snapshot_free(guests);
    report(input->options->reporter, REPORT_INFO,
           "%s: %lld guests report their memory every %d s from now on", input->name,
           (long long)changed, input->options->balloon_period_seconds);
}

/* Guests that began a run report their memory from now on. */
static void set_periods(const struct round *round) {
    struct collection *collection = round->collection;
    const struct collection_input *input = &collection->input;
    GByteArray *message;
    struct record answer;
    struct error error = {0};
    if (!collection->waiting->len)
        return;
    message = message_new(MESSAGE_PERIOD);
    record_add_number(message, input->options->balloon_period_seconds);
    record_add_block(message, collection->waiting->data, collection->waiting->len);
    if (!poller_call(input->poller, message, "--balloon-period", &answer, &error)) {
        round->events->missing(round->events->context, NULL, error.message);
        return;
    }
    g_byte_array_set_size(collection->waiting, 0);
    report_periods(round, &answer);
}

static int64_t clamp(int64_t value, int64_t low, int64_t high) {
    return MIN(MAX(value, low), high);
}

static struct poller_limits limits_of(const struct collection *collection) {
    int64_t interval_ns = collection->input.interval * second_ns;
    int64_t deadline_ns =
        clamp(interval_ns / 4 * 3, shortest_deadline_ns, collection->input.poller->timeout_ns);
    return (struct poller_limits){
        .late_ns = MIN(clamp(interval_ns / 4, shortest_late_ns, longest_late_ns), deadline_ns / 4),
        .hung_ns = MIN(interval_ns / 2, longest_hung_ns),
        .deadline_ns = deadline_ns,
    };
}

/* Everything about a poll that worked. */
static bool finish_round(struct round *round, int64_t skipped, struct error *error) {
    struct collection *collection = round->collection;
    round->stamp = grid_stamp(&collection->grid, round->now->time_ns, round->now->wall_ns);
    report_clock(round);
    judge_reports(round);
    report_unevenness(round, skipped);
    follow_guests(round);
    pair_guests(round);
    bool good = emit_all(round, error);
    set_periods(round);
    if (!is_first(round) && !collection->advised && wants(collection, "mem.usage.average")) {
        advise_balloon(round);
        collection->advised = true;
    }
    for (size_t i = 0; i < round->now->count; i++)
        rates_guest_done(&round->pairs[i]);
    free(round->pairs);
    return good;
}

bool collection_round(struct collection *collection, const struct source_events *events,
                      struct error *error) {
    const struct poller_limits limits = limits_of(collection);
    struct round round = {.collection = collection, .events = events};
    int64_t skipped = grid_begin(&collection->grid, clock_boot_ns());
    round.now = poller_round(collection->input.poller, &collection->wish, &limits, error);
    bool good = round.now && finish_round(&round, skipped, error);
    collection->lost = !round.now;
    if (round.now) {
        snapshot_free(collection->before);
        collection->before = round.now;
    }
    return good;
}

struct collection *collection_new(const struct collection_input *input) {
    struct collection *collection = memory_alloc(sizeof *collection);
    collection->input = *input;
    collection->grid.period_ns = input->interval * second_ns;
    collection->waiting = g_byte_array_new();
    collection->wanted = memory_array(mapping_count(), sizeof *collection->wanted);
    tracks_init(&collection->tracks, mapping_count());
    for (size_t i = 0; i < mapping_count(); i++)
        collection->wanted[i] = selection_has_counter(input->selection, mapping_counter(i));
    return collection;
}

void collection_follow(struct collection *collection, const struct inventory *inventory) {
    tracks_follow(&collection->tracks, inventory, collection->input.selection);
    collection->wish.groups = mapping_groups(collection->wanted);
    if (!collection->input.options->guest_agent)
        collection->wish.groups &= ~(unsigned)SAMPLE_FILESYSTEMS;
    collection->wish.each_cpu = !collection->input.selection->aggregate_only;
    if (collection->tracks.host)
        collection->wish.groups |= SAMPLE_HOST_CPU;
    else
        collection->wish.groups &= SAMPLE_GUESTS;
}

struct due collection_due(const struct collection *collection) {
    return (struct due){grid_due_ns(&collection->grid, clock_boot_ns()),
                        collection->grid.period_ns};
}

void collection_free(struct collection *collection) {
    if (!collection)
        return;
    tracks_done(&collection->tracks);
    measured_done(&collection->measured);
    g_byte_array_free(collection->waiting, TRUE);
    free(collection->wanted);
    snapshot_free(collection->before);
    free(collection);
}
