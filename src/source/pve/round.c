/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One round: a few requests for each node, and what they say of each entity. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/pve/pve.h"
#include "source/rest/helper/json.h"

enum { SHORTEST_MS = 3000, TIMEOUT_SECONDS = 30, FORBIDDEN = 403 };

static const int64_t second_ns = 1000000000;

/* What is asked of each node. */
enum { GET_QEMU, GET_LXC, GET_NETSTAT, GET_STATUS, NODE_GETS };

/* And of the cluster. */
enum { GET_RESOURCES, GET_EXPORT, CLUSTER_GETS };

/* A node in a round. */
struct place {
    const char *name;
    struct pve_get *gets; /* NODE_GETS of them; NULL: it is offline */
    struct pve_guests guests;
    struct pve_node node;
    char *trouble;   /* why its guests are not known; NULL when they are */
    double read_kib; /* per second, of its guests; NaN when one is not known */
    double written_kib;
};

struct round {
    struct pve *pve;
    const struct source_events *events;
    int32_t interval;
    struct pve_get *gets; /* those of the cluster, then those of the nodes */
    size_t get_count;
    struct place *places;
    size_t place_count;
    int64_t stamp;
    bool first;
};

static int timeout_ms(const struct round *round) {
    int seconds = round->pve->options.timeout_seconds;
    int longest = 1000 * (seconds > 0 ? seconds : TIMEOUT_SECONDS);
    return MIN(MAX(round->interval * 750, SHORTEST_MS), longest);
}

static void set_get(const struct round *round, struct pve_get *get, int group, char *path) {
    *get = (struct pve_get){.path = path, .group = group, .timeout_ms = timeout_ms(round)};
}

static void ask_node(const struct round *round, struct place *place, int group) {
    static const char *const paths[NODE_GETS] = {
        [GET_QEMU] = "qemu?full=1",
        [GET_LXC] = "lxc",
        [GET_NETSTAT] = "netstat",
        [GET_STATUS] = "status",
    };
    for (int i = 0; i < NODE_GETS; i++)
        set_get(round, &place->gets[i], group,
                memory_printf("/nodes/%s/%s", place->name, paths[i]));
}

/* The nodes of the inventory. */
static void plan(struct round *round) {
    struct pve *pve = round->pve;
    const struct inventory *nodes = pve->inventory;
    const json_t *resources = pve->resources;
    size_t index, online = 0;
    json_t *resource;
    round->places = memory_array(json_array_size(resources), sizeof *round->places);
    round->gets =
        memory_array(CLUSTER_GETS + NODE_GETS * json_array_size(resources), sizeof *round->gets);
    (void)nodes;
    set_get(round, &round->gets[GET_RESOURCES], 0, memory_strdup("/cluster/resources"));
    set_get(round, &round->gets[GET_EXPORT], 0,
            pve->has_export ? memory_printf("/cluster/metrics/export?history=%d&start-time=%lld",
                                            pve->export_after > 0, (long long)pve->export_after)
                            : NULL);
    json_array_foreach(resources, index, resource) {
        if (pve_kind_of(resource) != PVE_KIND_NODE)
            continue;
        struct place *place = &round->places[round->place_count++];
        place->name = g_intern_string(rest_json_text(resource, "node"));
        pve_node_init(&place->node);
        if (!pve_is_online(resources, place->name)) {
            place->trouble = memory_printf("its node %s is offline", place->name);
            continue;
        }
        place->gets = &round->gets[CLUSTER_GETS + NODE_GETS * online++];
        ask_node(round, place, (int)online);
    }
    round->get_count = CLUSTER_GETS + NODE_GETS * online;
}

/* Those without a path are not made. */
static void ask(struct round *round) {
    struct pve_get *all = round->gets;
    if (all[GET_EXPORT].path) {
        pve_api_get(&round->pve->api, all, round->get_count);
        return;
    }
    struct pve_get none = all[GET_EXPORT];
    all[GET_EXPORT] = all[GET_RESOURCES];
    pve_api_get(&round->pve->api, all + 1, round->get_count - 1);
    all[GET_RESOURCES] = all[GET_EXPORT];
    all[GET_EXPORT] = none;
}

static void round_done(struct round *round) {
    for (size_t i = 0; i < round->get_count; i++)
        pve_get_done(&round->gets[i]);
    for (size_t i = 0; i < round->place_count; i++) {
        pve_guests_done(&round->places[i].guests);
        pve_node_done(&round->places[i].node);
        free(round->places[i].trouble);
    }
    free(round->gets);
    free(round->places);
}

static void lack(const struct round *round, const struct pve_get *get) {
    if (get->status == FORBIDDEN)
        round->events->lacking(round->events->context, get->error.message);
}

static void read_place(const struct round *round, struct place *place) {
    struct pve_get *gets = place->gets;
    if (!gets)
        return;
    pve_read_qemu(gets[GET_QEMU].data, &place->guests);
    for (size_t i = 0; i < place->guests.count; i++)
        place->guests.items[i].time_ns = gets[GET_QEMU].time_ns;
    size_t machines = place->guests.count;
    pve_read_lxc(gets[GET_LXC].data, &place->guests);
    for (size_t i = machines; i < place->guests.count; i++)
        place->guests.items[i].time_ns = gets[GET_LXC].time_ns;
    pve_read_netstat(gets[GET_NETSTAT].data, &place->guests);
    pve_read_node(gets[GET_STATUS].data, &place->node);
    for (int i = GET_QEMU; i <= GET_LXC; i++)
        if (!gets[i].data && !place->trouble)
            place->trouble = memory_printf("node %s: %s", place->name, gets[i].error.message);
    for (int i = 0; i < NODE_GETS; i++)
        lack(round, &gets[i]);
}

/* An id of /cluster/metrics/export ("qemu/100", "node/pve1") as that of the entity. */
static struct pve_track *find_track(const struct pve *pve, const char *id) {
    const char *slash = strchr(id, '/');
    bool guest = g_str_has_prefix(id, "qemu/") || g_str_has_prefix(id, "lxc/");
    char *key = memory_printf("%s/%s", pve->cluster.name, guest ? slash + 1 : id);
    struct pve_track *track = pve_tracks_find(&pve->tracks, key);
    free(key);
    return track;
}

static void keep_metric(void *context, const struct pve_metric *metric) {
    g_array_append_val((GArray *)context, *metric);
}

static gint compare_metrics(gconstpointer left, gconstpointer right) {
    const struct pve_metric *a = left, *b = right;
    return a->time < b->time ? -1 : a->time > b->time;
}

/* After a round that was lost there are values of more than one interval: the last one counts. */
static void read_export(struct round *round) {
    struct pve *pve = round->pve;
    GArray *metrics = g_array_new(FALSE, FALSE, sizeof(struct pve_metric));
    GHashTable *newest = g_hash_table_new(g_str_hash, g_str_equal);
    pve_read_export(round->gets[GET_EXPORT].data, keep_metric, metrics);
    g_array_sort(metrics, compare_metrics);
    const struct pve_metric *items = (const struct pve_metric *)(const void *)metrics->data;
    for (guint i = 0; i < metrics->len; i++)
        g_hash_table_replace(newest, (char *)items[i].id, (struct pve_metric *)&items[i]);
    for (guint i = 0; i < metrics->len; i++) {
        const struct pve_metric *last = g_hash_table_lookup(newest, items[i].id);
        struct pve_track *track = find_track(pve, items[i].id);
        bool of_network = g_str_has_prefix(items[i].metric, "net_");
        if (track && (of_network || items[i].time > last->time - round->interval))
            pve_track_meter(track, &items[i], round->interval);
        pve->export_after = MAX(pve->export_after, items[i].time);
    }
    g_hash_table_destroy(newest);
    g_array_free(metrics, TRUE);
}

static void begin_tracks(const struct round *round) {
    GHashTableIter each;
    gpointer value;
    g_hash_table_iter_init(&each, round->pve->tracks.by_id);
    while (g_hash_table_iter_next(&each, NULL, &value))
        pve_track_begin(value);
}

/* Missing is 0 in /cluster/resources: that says nothing. */
static double cpu_of_resource(const struct pve *pve, const char *id) {
    size_t index;
    json_t *resource;
    json_array_foreach(pve->resources, index, resource) {
        double cpu = NAN;
        const char *known = rest_json_text(resource, "id");
        if (known && strcmp(known, id) == 0)
            return rest_json_real(resource, "cpu", &cpu) && cpu > 0 ? cpu : NAN;
    }
    return NAN;
}

/* What ran and is listed no more. */
static void end_removed(const struct round *round, const json_t *resources) {
    const struct pve *pve = round->pve;
    GHashTable *ids = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    size_t index;
    json_t *resource;
    json_array_foreach(resources, index, resource) {
        if (pve_kind_of(resource) != PVE_KIND_NONE)
            g_hash_table_add(ids, pve_entity_id(&pve->cluster, resource));
    }
    for (size_t i = 0; i < pve->inventory->count; i++) {
        const struct entity *entity = pve->inventory->entities[i];
        const struct pve_track *track = pve_tracks_find(&pve->tracks, entity->id);
        if (track && track->selected && track->running && !g_hash_table_contains(ids, entity->id))
            round->events->ended(round->events->context, entity, "was removed");
    }
    g_hash_table_destroy(ids);
}

/* Who gets the values of an entity. */
struct receiver {
    const struct round *round;
    struct pve_track *track;
};

static void add_offer(void *context, size_t counter) {
    const struct receiver *receiver = context;
    const struct source_events *events = receiver->round->events;
    struct pve_track *track = receiver->track;
    if (!track->offered[counter])
        events->offered(events->context, track->entity,
                        catalog_at(receiver->round->pve->catalog, counter));
    track->offered[counter] = true;
}

static void add_value(void *context, size_t counter, const char *instance, int64_t value) {
    const struct receiver *receiver = context;
    add_offer(context, counter);
    if (!receiver->round->first)
        measured_add(&receiver->round->pve->measured, counter, instance, value);
}

static struct pve_output output_for(struct receiver *receiver) {
    const struct pve *pve = receiver->round->pve;
    return (struct pve_output){
        .context = receiver,
        .wanted = pve->wanted,
        .aggregate_only = pve->selection->aggregate_only,
        .value = add_value,
        .offer = add_offer,
    };
}

static bool emit(const struct round *round, struct pve_track *track, struct error *error) {
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

static void miss(const struct round *round, const struct entity *entity, const char *reason) {
    if (!round->first)
        round->events->missing(round->events->context, entity, reason);
}

static const struct place *find_place(const struct round *round, const char *name) {
    for (size_t i = 0; name && i < round->place_count; i++)
        if (strcmp(round->places[i].name, name) == 0)
            return &round->places[i];
    return NULL;
}

/* A guest where it is now, which may be elsewhere than the resources say. */
static struct pve_guest *find_guest(const struct round *round, const struct entity *entity,
                                    const struct place **place) {
    int64_t vmid = g_ascii_strtoll(strrchr(entity->id, '/') + 1, NULL, 10);
    struct pve_guest *stopped = NULL;
    for (size_t i = 0; i < round->place_count; i++) {
        struct pve_guest *guest = pve_guests_find(&round->places[i].guests, vmid);
        if (guest && (guest->running || !stopped)) {
            *place = &round->places[i];
            stopped = guest;
        }
        if (guest && guest->running)
            return guest;
    }
    return stopped;
}

static void complete(const struct round *round, const struct place *place,
                     const struct pve_track *track, struct pve_guest *guest) {
    struct pve *pve = round->pve;
    char *id = memory_printf("%s/%lld", guest->container ? "lxc" : "qemu", (long long)guest->vmid);
    const struct pve_config *config = pve_cluster_config(&pve->cluster, id);
    int64_t date = place->gets[guest->container ? GET_LXC : GET_QEMU].date;
    guest->cpu = pve->has_export ? pve_track_mean(track, PVE_METER_CPU) : cpu_of_resource(pve, id);
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

static void end_guest(const struct round *round, struct pve_track *track) {
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
static void lose_guest(const struct round *round, struct pve_track *track) {
    const struct place *home = find_place(round, track->entity->host);
    if (home && home->trouble) {
        miss(round, track->entity, home->trouble);
    } else if (track->entity->state == STATE_ON) {
        miss(round, track->entity, "its node does not list it: it may be moving to another one");
    } else {
        end_guest(round, track);
        round->events->skipped(round->events->context, track->entity);
    }
}

/* A round that came too early or too late makes no rates of its interval. */
static bool is_even(const struct round *round, const struct pve_guest *before,
                    const struct pve_guest *now) {
    int64_t elapsed_ns = now->time_ns - before->time_ns, interval_ns = round->interval * second_ns;
    return elapsed_ns > interval_ns / 2 && elapsed_ns < interval_ns + interval_ns / 2;
}

static void tell_change(const struct round *round, const struct pve_track *track,
                        const struct place *place, const struct pve_guest *baseline) {
    if (!track->has_before || baseline)
        return;
    if (strcmp(track->node, place->name) != 0) {
        char *text = memory_printf("it has moved to node %s: its counters begin anew", place->name);
        miss(round, track->entity, text);
        free(text);
    } else {
        miss(round, track->entity, "it was started anew: its counters begin anew");
    }
}

static bool emit_guest(const struct round *round, struct pve_track *track, struct error *error) {
    const struct place *place = NULL;
    struct pve_guest *guest = find_guest(round, track->entity, &place);
    struct receiver receiver = {round, track};
    struct pve_output output = output_for(&receiver);
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
        miss(round, track->entity, "the round before is too long or too short ago for rates");
        baseline = NULL;
    }
    pve_guest_offers(guest, &output);
    pve_guest_values(baseline, guest, &output);
    if (guest->silent)
        miss(round, track->entity,
             "QEMU does not answer Proxmox VE: values of disks and balloon are missing");
    pve_track_keep(track, place->name, guest);
    return emit(round, track, error);
}

/* A sum over guests needs each of them. */
static void sum_guests(const struct round *round, const struct place *place, int64_t *values) {
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

static void complete_node(const struct round *round, const struct place *place,
                          const struct pve_track *track, int64_t *values) {
    const struct pve *pve = round->pve;
    char *id = memory_printf("node/%s", place->name);
    double cpu = pve->has_export ? pve_track_mean(track, PVE_METER_CPU) : cpu_of_resource(pve, id);
    double wait = pve_track_mean(track, PVE_METER_WAIT);
    double busy = cpu * place->node.threads;
    free(id);
    memcpy(values, place->node.values, sizeof place->node.values);
    if (!isnan(cpu) && cpu >= 0 && cpu <= 1)
        values[PVE_NODE_CPU_USAGE] = (int64_t)(cpu * 10000);
    if (values[PVE_NODE_CPU_USAGE] != ABSENT && place->node.threads)
        values[PVE_NODE_CPU_USED] = (int64_t)(busy * round->interval * 1000);
    if (values[PVE_NODE_CPU_USED] != ABSENT && place->node.mhz)
        values[PVE_NODE_CPU_MHZ] = (int64_t)(busy * place->node.mhz);
    if (!isnan(wait) && wait >= 0 && wait <= 1)
        values[PVE_NODE_CPU_WAIT] = (int64_t)(wait * 10000);
    values[PVE_NODE_NET_RX] = rate_of(track->meters[PVE_METER_IN].rate);
    values[PVE_NODE_NET_TX] = rate_of(track->meters[PVE_METER_OUT].rate);
    values[PVE_NODE_NET] =
        rate_of(track->meters[PVE_METER_IN].rate + track->meters[PVE_METER_OUT].rate);
    sum_guests(round, place, values);
}

static bool emit_node(const struct round *round, struct pve_track *track, struct error *error) {
    const struct place *place = find_place(round, track->entity->name);
    struct receiver receiver = {round, track};
    struct pve_output output = output_for(&receiver);
    int64_t values[PVE_NODE_FIELDS];
    if (!place || !place->gets) {
        miss(round, track->entity, "it is offline");
        return true;
    }
    if (!place->gets[GET_STATUS].data)
        miss(round, track->entity, place->gets[GET_STATUS].error.message);
    complete_node(round, place, track, values);
    track->running = true;
    pve_plain_values(PVE_OF_NODE, values, &output);
    return emit(round, track, error);
}

static bool emit_storage(const struct round *round, struct pve_track *track, struct error *error) {
    struct receiver receiver = {round, track};
    struct pve_output output = output_for(&receiver);
    const struct pve *pve = round->pve;
    int64_t values[PVE_STORAGE_FIELDS] = {ABSENT, ABSENT, ABSENT, ABSENT};
    size_t index;
    json_t *resource;
    json_array_foreach(pve->resources, index, resource) {
        const char *status = rest_json_text(resource, "status");
        if (pve_kind_of(resource) != PVE_KIND_STORAGE || !status ||
            strcmp(status, "available") != 0)
            continue;
        char *id = pve_entity_id(&pve->cluster, resource);
        int64_t total = 0, used = 0;
        bool is_it = strcmp(id, track->entity->id) == 0;
        free(id);
        if (!is_it || !rest_json_integer(resource, "maxdisk", &total) || total <= 0 ||
            !rest_json_integer(resource, "disk", &used) || used < 0)
            continue;
        values[PVE_STORAGE_TOTAL] = total;
        values[PVE_STORAGE_USED] = used;
        values[PVE_STORAGE_FREE] = used <= total ? total - used : ABSENT;
        break;
    }
    if (values[PVE_STORAGE_TOTAL] == ABSENT)
        miss(round, track->entity, "its node tells no size of it");
    pve_plain_values(PVE_OF_STORAGE, values, &output);
    return emit(round, track, error);
}

static bool emit_all(const struct round *round, struct error *error) {
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

static void report_export(const struct round *round) {
    const struct pve_get *get = &round->gets[GET_EXPORT];
    if (!get->path || get->data)
        return;
    char *text = memory_printf("CPU and network of nodes: %s", get->error.message);
    miss(round, NULL, text);
    free(text);
}

/* Everything about a round whose cluster has answered. */
static bool finish(struct round *round, int64_t skipped, struct error *error) {
    struct pve *pve = round->pve;
    const struct pve_get *resources = &round->gets[GET_RESOURCES];
    int64_t wall_ns = clock_real_ns(), now_ns = clock_boot_ns();
    round->stamp =
        grid_stamp(&pve->grid, resources->time_ns, wall_ns - (now_ns - resources->time_ns));
    for (int64_t i = 0; i < skipped; i++)
        miss(round, NULL, "the round before took longer than the interval");
    end_removed(round, resources->data);
    if (pve_renew(pve, json_incref((json_t *)resources->data)))
        round->events->renewed(round->events->context, pve->inventory);
    begin_tracks(round);
    read_export(round);
    report_export(round);
    for (size_t i = 0; i < round->place_count; i++)
        read_place(round, &round->places[i]);
    return emit_all(round, error);
}

bool pve_round(struct pve *pve, const struct window *window, const struct source_events *events,
               struct error *error) {
    struct round round = {
        .pve = pve, .events = events, .interval = window->interval, .first = !pve->begun};
    pve->grid.period_ns = window->interval * second_ns;
    int64_t skipped = grid_begin(&pve->grid, clock_boot_ns());
    plan(&round);
    ask(&round);
    const struct pve_get *resources = &round.gets[GET_RESOURCES];
    bool good = resources->data != NULL;
    if (good)
        good = finish(&round, skipped, error);
    else
        error_set(error, resources->error.kind, "%s", resources->error.message);
    pve->begun = pve->begun || resources->data;
    round_done(&round);
    return good;
}
