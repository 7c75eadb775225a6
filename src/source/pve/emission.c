/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* From the answers of a round to events and series, entity by entity. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/pve/round.h"
#include "source/rest/helper/json.h"

enum { SILENT_SECONDS = 60 };

static const int64_t second_ns = 1000000000;

/* Missing is 0 in /cluster/resources: that says nothing. */
static double cpu_of_resource(const struct pve_look *round, const char *id) {
    const json_t *resource = g_hash_table_lookup(round->lookup.resources, id);
    double cpu = NAN;
    return rest_json_real(resource, "cpu", &cpu) && cpu > 0 ? cpu : NAN;
}

/* pvestatd measures every 10 s: what runs for longer has a value, unless something is wrong. */
static int64_t patience_of(const struct pve_look *round) {
    return MAX(2 * (int64_t)round->interval, SILENT_SECONDS);
}

/* /cluster/metrics/export has not said a word of it: its node is older, or has another clock. */
static bool is_unmetered(const struct pve_look *round, const struct pve_track *track,
                         int64_t uptime) {
    return round->pve->has_export && round->gets[GET_EXPORT].data && !track->metered_ns &&
           uptime >= patience_of(round);
}

static double cpu_of(const struct pve_look *round, const struct pve_track *track, const char *id,
                     int64_t uptime) {
    return round->pve->has_export && !is_unmetered(round, track, uptime)
               ? pve_track_mean(track, PVE_METER_CPU)
               : cpu_of_resource(round, id);
}

static void add_offer(void *context, size_t counter) {
    const struct pve_receiver *receiver = context;
    const struct source_events *events = receiver->round->events;
    struct pve_track *track = receiver->track;
    if (!track->offered[counter])
        events->offered(events->context, track->entity,
                        catalog_at(receiver->round->pve->catalog, counter));
    track->offered[counter] = true;
}

static void add_value(void *context, size_t counter, const char *instance, int64_t value) {
    const struct pve_receiver *receiver = context;
    add_offer(context, counter);
    if (receiver->kept)
        measured_add(&receiver->round->pve->measured, counter, instance, value);
}

struct pve_output pve_output_for(struct pve_receiver *receiver) {
    const struct pve *pve = receiver->round->pve;
    return (struct pve_output){
        .context = receiver,
        .wanted = pve->wanted,
        .aggregate_only = pve->selection->aggregate_only,
        .value = add_value,
        .offer = add_offer,
    };
}

static bool emit(const struct pve_look *round, struct pve_track *track, struct error *error) {
    struct pve *pve = round->pve;
    const struct measured_head head = {
        .entity = track->entity,
        .catalog = pve->catalog,
        .known = &track->known,
        .time = round->stamp,
        .interval = round->interval,
    };
    bool good = measured_emit(&pve->measured, &head, round->events, error);
    measured_clear(&pve->measured);
    return good;
}

void pve_miss(const struct pve_look *round, const struct entity *entity, const char *reason) {
    if (!round->first)
        round->events->missing(round->events->context, entity, reason);
}

static const struct pve_place *find_place(const struct pve_look *round, const char *name) {
    return name ? g_hash_table_lookup(round->lookup.places, name) : NULL;
}

static struct pve_guest *find_guest(const struct pve_look *round, const struct entity *entity,
                                    const struct pve_place **place) {
    int64_t vmid = g_ascii_strtoll(strrchr(entity->id, '/') + 1, NULL, 10);
    const struct pve_found *found = g_hash_table_lookup(round->lookup.guests, &vmid);
    *place = found ? found->place : NULL;
    return found ? found->guest : NULL;
}

static void complete(const struct pve_look *round, const struct pve_place *place,
                     const struct pve_track *track, struct pve_guest *guest) {
    struct pve *pve = round->pve;
    char *id = memory_printf("%s/%lld", guest->container ? "lxc" : "qemu", (long long)guest->vmid);
    const struct pve_config *config = pve_cluster_config(&pve->cluster, id);
    int64_t date = place->gets[guest->container ? GET_LXC : GET_QEMU].date;
    guest->cpu = cpu_of(round, track, id, guest->values[PVE_UPTIME]);
    /* What pvestatd has not measured yet is 0 as well. */
    if (guest->cpu == 0 && guest->values[PVE_UPTIME] < PVE_YOUNG_SECONDS)
        guest->cpu = NAN;
    guest->disks_known = config;
    for (size_t i = 0; config && i < guest->disks.count; i++)
        guest->disks.items[i].cdrom =
            g_hash_table_contains(config->cdroms, guest->disks.items[i].name);
    if (!guest->container)
        guest->values[PVE_MAXDISK] = ABSENT;
    if (config && config->provisioned_bytes != ABSENT)
        guest->values[PVE_MAXDISK] = config->provisioned_bytes;
    pve_derive(guest, &(struct pve_view){round->interval, place->node.mhz, date});
    free(id);
}

static void end_guest(const struct pve_look *round, struct pve_track *track) {
    const time_t seconds = (time_t)round->stamp;
    char text[64] = "ended";
    struct tm when;
    strftime(text, sizeof text, "ended at %Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &when));
    if (track->running && track->selected)
        round->events->ended(round->events->context, track->entity, text);
    track->running = false;
    pve_track_forget(track);
}

/* The guest is not in the lists of its node, or its node gave none. */
static void lose_guest(const struct pve_look *round, struct pve_track *track) {
    const struct pve_place *home = find_place(round, track->entity->host);
    if (home && home->left_out) {
        pve_track_forget(track); /* told of all of the node in one line */
    } else if (home && home->trouble) {
        pve_miss(round, track->entity, home->trouble);
    } else if (track->entity->state == STATE_ON) {
        pve_miss(round, track->entity,
                 "its node does not list it: it may be moving to another one");
    } else {
        end_guest(round, track);
        round->events->skipped(round->events->context, track->entity);
    }
}

/* A round that came too early or too late makes no rates of its interval. */
static bool is_even(const struct pve_look *round, const struct pve_guest *before,
                    const struct pve_guest *now) {
    int64_t elapsed_ns = now->time_ns - before->time_ns, interval_ns = round->interval * second_ns;
    return elapsed_ns > interval_ns / 2 && elapsed_ns < interval_ns + interval_ns / 2;
}

static void tell_change(const struct pve_look *round, const struct pve_track *track,
                        const struct pve_place *place, const struct pve_guest *baseline) {
    if (!track->has_before || baseline)
        return;
    if (strcmp(track->node, place->name) != 0) {
        char *text = memory_printf("it has moved to node %s: its counters begin anew", place->name);
        pve_miss(round, track->entity, text);
        free(text);
    } else {
        pve_miss(round, track->entity, "it was started anew: its counters begin anew");
    }
}

static bool wants_cpu(const struct pve *pve) {
    static const char *const names[] = {"cpu.usage.average", "cpu.used.summation",
                                        "cpu.usagemhz.average", "cpu.utilization.average"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct counter *counter = catalog_by_name(pve->catalog, names[i]);
        if (counter && selection_has_counter(pve->selection, counter))
            return true;
    }
    return false;
}

/* Once in a run. */
static void tell_unmetered(const struct pve_look *round, const struct entity *entity) {
    struct pve *pve = round->pve;
    if (!pve->unmetered_told)
        report(pve->options.reporter, REPORT_WARNING,
               "/cluster/metrics/export has nothing of '%s' (%s): its CPU, and that of others like "
               "it, is what /cluster/resources tells, of the last 10 s alone; network of such "
               "nodes is absent: look at the version and clock of its node",
               entity->name, entity->id);
    pve->unmetered_told = true;
}

static void tell_no_cpu(const struct pve_look *round, const struct pve_track *track, int64_t uptime,
                        bool has_cpu) {
    int64_t patience = patience_of(round);
    if (!round->pve->has_export || !round->gets[GET_EXPORT].data || uptime < patience ||
        !wants_cpu(round->pve))
        return;
    if (has_cpu && is_unmetered(round, track, uptime))
        tell_unmetered(round, track->entity);
    else if (!track->metered_ns || clock_boot_ns() - track->metered_ns > patience * second_ns)
        pve_miss(round, track->entity,
                 "Proxmox VE has no CPU usage of it: look at pvestatd and the clock of its node");
}

static bool emit_guest(const struct pve_look *round, struct pve_track *track, struct error *error) {
    const struct pve_place *place = NULL;
    struct pve_guest *guest = find_guest(round, track->entity, &place);
    struct pve_receiver receiver = {round, track, !round->first};
    struct pve_output output = pve_output_for(&receiver);
    if (!guest) {
        lose_guest(round, track);
        return true;
    }
    if (!guest->running) {
        end_guest(round, track);
        round->events->skipped(round->events->context, track->entity);
        return true;
    }
    complete(round, place, track, guest);
    const struct pve_guest *baseline = pve_track_baseline(track, place->name, guest);
    if (!track->running && !round->first)
        round->events->arrived(round->events->context, track->entity);
    tell_change(round, track, place, baseline);
    track->running = true;
    if (baseline && !is_even(round, baseline, guest)) {
        pve_miss(round, track->entity, "the round before is too long or too short ago for rates");
        baseline = NULL;
    }
    if (!pve_emit_past(round, track, guest, place, error))
        return false;
    pve_guest_offers(guest, &output);
    pve_guest_values(baseline, guest, &output);
    if (guest->silent)
        pve_miss(round, track->entity,
                 "QEMU does not answer Proxmox VE: values of disks and balloon are missing");
    tell_no_cpu(round, track, guest->values[PVE_UPTIME], !isnan(guest->cpu));
    pve_track_keep(track, place->name, guest);
    return emit(round, track, error);
}

/* A sum over guests needs each of them. */
static void sum_guests(const struct pve_look *round, const struct pve_place *place,
                       int64_t *values) {
    double cpus = 0;
    bool known = !place->trouble;
    for (size_t i = 0; known && i < place->guests.count; i++) {
        const struct pve_guest *guest = &place->guests.items[i];
        known = !guest->running || guest->cpus > 0;
        cpus += guest->running ? guest->cpus : 0;
    }
    (void)round;
    if (known)
        values[PVE_NODE_GUEST_CPUS] = (int64_t)cpus;
}

static int64_t rate_of(double rate) {
    return isnan(rate) || rate < 0 || rate > 9e18 ? ABSENT : (int64_t)rate;
}

void pve_node_busy(const struct pve_place *place, const struct pve_load_of *load, int32_t interval,
                   int64_t *values) {
    double busy = load->cpu * place->node.threads;
    if (!isnan(load->cpu) && load->cpu >= 0 && load->cpu <= 1)
        values[PVE_NODE_CPU_USAGE] = (int64_t)(load->cpu * 10000);
    if (values[PVE_NODE_CPU_USAGE] != ABSENT && place->node.threads)
        values[PVE_NODE_CPU_USED] = (int64_t)(busy * interval * 1000);
    if (values[PVE_NODE_CPU_USED] != ABSENT && place->node.mhz)
        values[PVE_NODE_CPU_MHZ] = (int64_t)(busy * place->node.mhz);
    if (!isnan(load->wait) && load->wait >= 0 && load->wait <= 1)
        values[PVE_NODE_CPU_WAIT] = (int64_t)(load->wait * 10000);
    values[PVE_NODE_NET_RX] = rate_of(load->rx);
    values[PVE_NODE_NET_TX] = rate_of(load->tx);
    values[PVE_NODE_NET] = rate_of(load->rx + load->tx);
}

static void complete_node(const struct pve_look *round, const struct pve_place *place,
                          const struct pve_track *track, int64_t *values) {
    const struct pve *pve = round->pve;
    char *id = memory_printf("node/%s", place->name);
    const struct pve_load_of load = {
        .cpu = cpu_of(round, track, id, place->node.values[PVE_NODE_UPTIME]),
        .wait = pve->has_wait ? pve_track_mean(track, PVE_METER_WAIT) : NAN,
        .rx = track->meters[PVE_METER_IN].rate,
        .tx = track->meters[PVE_METER_OUT].rate,
    };
    free(id);
    memcpy(values, place->node.values, sizeof place->node.values);
    pve_node_busy(place, &load, round->interval, values);
    /* Who may not see the node may see no more than some of its guests. */
    if (place->gets[GET_STATUS].answered)
        sum_guests(round, place, values);
}

static bool emit_node(const struct pve_look *round, struct pve_track *track, struct error *error) {
    const struct pve_place *place = find_place(round, track->entity->name);
    struct pve_receiver receiver = {round, track, !round->first};
    struct pve_output output = pve_output_for(&receiver);
    int64_t values[PVE_NODE_FIELDS];
    if (!place || !place->gets) {
        pve_miss(round, track->entity, "it is offline");
        return true;
    }
    if (!place->gets[GET_STATUS].answered && !place->left_out)
        pve_miss(round, track->entity, place->gets[GET_STATUS].error.message);
    if (!pve_emit_past(round, track, NULL, place, error))
        return false;
    complete_node(round, place, track, values);
    tell_no_cpu(round, track, values[PVE_NODE_UPTIME], values[PVE_NODE_CPU_USAGE] != ABSENT);
    track->running = true;
    pve_plain_values(PVE_OF_NODE, values, &output);
    return emit(round, track, error);
}

static bool emit_storage(const struct pve_look *round, struct pve_track *track,
                         struct error *error) {
    struct pve_receiver receiver = {round, track, !round->first};
    struct pve_output output = pve_output_for(&receiver);
    int64_t values[PVE_STORAGE_FIELDS] = {ABSENT, ABSENT, ABSENT, ABSENT};
    const json_t *resource = g_hash_table_lookup(round->lookup.storages, track->entity->id);
    int64_t total = 0, used = 0;
    if (rest_json_integer(resource, "maxdisk", &total) && total > 0 &&
        rest_json_integer(resource, "disk", &used) && used >= 0) {
        values[PVE_STORAGE_TOTAL] = total;
        values[PVE_STORAGE_USED] = used;
        values[PVE_STORAGE_FREE] = used <= total ? total - used : ABSENT;
    }
    if (values[PVE_STORAGE_TOTAL] == ABSENT)
        pve_miss(round, track->entity, "its node tells no size of it");
    pve_plain_values(PVE_OF_STORAGE, values, &output);
    return emit(round, track, error);
}

bool pve_emit(const struct pve_look *round, struct error *error) {
    const struct pve *pve = round->pve;
    bool good = true;
    for (size_t i = 0; good && i < pve->inventory->count; i++) {
        struct pve_track *track = pve_tracks_find(&pve->tracks, pve->inventory->entities[i]->id);
        if (!track || !track->selected)
            continue;
        if (track->entity->type == ENTITY_VM)
            good = emit_guest(round, track, error);
        else if (track->entity->type == ENTITY_HOST)
            good = emit_node(round, track, error);
        else
            good = emit_storage(round, track, error);
    }
    return good;
}
