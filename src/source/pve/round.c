/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One round: a few requests for each node, and what they say of each entity. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/pve/round.h"
#include "source/rest/helper/budget.h"
#include "source/rest/helper/json.h"

enum {
    SHORTEST_MS = 3000,
    TIMEOUT_SECONDS = 30,
    FORBIDDEN = 403,
    LATEST_SECONDS = 60, /* by which values of /cluster/metrics/export may come late */
    SKEW_SECONDS = 60,   /* by which the clocks of nodes may differ */
    MOST_NODES = 1024,
};

static const int64_t second_ns = 1000000000;

static int timeout_ms(const struct pve_look *round) {
    int seconds = round->pve->options.timeout_seconds;
    int longest = 1000 * (seconds > 0 ? seconds : TIMEOUT_SECONDS);
    return MIN(MAX(round->interval * 750, SHORTEST_MS), longest);
}

static void set_get(const struct pve_look *round, struct pve_get *get, int group, char *path) {
    *get = (struct pve_get){.path = path, .group = group, .timeout_ms = timeout_ms(round)};
}

/* Guests take memory too, as long as the round lasts. */
static void hold_guests(struct pve_place *place) {
    struct error error = {0};
    size_t bytes = pve_guests_bytes(&place->guests);
    if (budget_take(bytes)) {
        place->held = bytes;
        return;
    }
    place->left_out = true;
    budget_refuse(&error);
    place->trouble = memory_printf("node %s: %s", place->name, error.message);
    pve_guests_done(&place->guests);
}

static void read_place(struct pve_place *place) {
    struct pve_get *gets = place->gets;
    pve_read_qemu(gets[GET_QEMU].data, &place->guests);
    for (size_t i = 0; i < place->guests.count; i++)
        place->guests.items[i].time_ns = gets[GET_QEMU].time_ns;
    size_t machines = place->guests.count;
    pve_read_lxc(gets[GET_LXC].data, &place->guests);
    for (size_t i = machines; i < place->guests.count; i++)
        place->guests.items[i].time_ns = gets[GET_LXC].time_ns;
    pve_read_netstat(gets[GET_NETSTAT].data, &place->guests);
    pve_read_node(gets[GET_STATUS].data, &place->node);
    for (int i = 0; i < NODE_GETS; i++)
        pve_get_release(&gets[i]);
    place->read = true;
    hold_guests(place);
}

/* The answers of a node are held no longer than until all of them are there. */
static void on_arrived(struct pve_get *get) {
    struct pve_place *place = get->context;
    if (++place->arrived == NODE_GETS)
        read_place(place);
}

static void ask_node(const struct pve_look *round, struct pve_place *place, int group) {
    static const char *const paths[NODE_GETS] = {
        [GET_QEMU] = "qemu?full=1",
        [GET_LXC] = "lxc",
        [GET_NETSTAT] = "netstat",
        [GET_STATUS] = "status",
    };
    for (int i = 0; i < NODE_GETS; i++) {
        set_get(round, &place->gets[i], group, pve_node_path(place->name, "%s", paths[i]));
        place->gets[i].arrived = on_arrived;
        place->gets[i].context = place;
    }
}

static int64_t server_now(const struct pve_look *round) {
    const struct pve_api *api = &round->pve->api;
    return (int64_t)time(NULL) + (api->has_clock ? api->clock_offset : 0);
}

static bool is_metered(const json_t *row) {
    const char *id = rest_json_text(row, "id"), *metric = rest_json_text(row, "metric");
    return id && metric && pve_is_metered(id, metric);
}

/* Those of rounds that were lost, by the clock of Proxmox VE. */
static int64_t gap_start(const struct pve_look *round) {
    const struct pve_api *api = &round->pve->api;
    return round->gap - 2 * (int64_t)round->interval + (api->has_clock ? api->clock_offset : 0);
}

/*
 * The time from which values are asked for: the newest one that is known of the node whose clock is
 * most behind. After a gap no more than two intervals. 0: nothing is known.
 */
static int64_t export_start(const struct pve_look *round) {
    const struct pve *pve = round->pve;
    int64_t oldest = 0, newest = 0, now_ns = clock_boot_ns();
    size_t index;
    json_t *resource;
    json_array_foreach(pve->resources, index, resource) {
        if (pve_kind_of(resource) != PVE_KIND_NODE ||
            !g_hash_table_contains(round->online, rest_json_text(resource, "node")))
            continue;
        char *id = pve_entity_id(&pve->cluster, resource);
        const struct pve_track *track = pve_tracks_find(&pve->tracks, id);
        free(id);
        if (!track || !track->metered_ns)
            continue;
        int64_t passed = (now_ns - track->metered_ns) / second_ns;
        int64_t from = track->meters[PVE_METER_CPU].last +
                       MAX(passed - MAX(2 * (int64_t)round->interval, LATEST_SECONDS), 0);
        oldest = oldest ? MIN(oldest, from) : from;
        newest = MAX(newest, from);
    }
    return MAX(oldest, newest - 2 * SKEW_SECONDS);
}

/* What a long time would take is bounded, so that it does not cost the present. */
static char *export_path(const struct pve_look *round) {
    int64_t start = round->gap ? gap_start(round) : export_start(round);
    if (start > 0)
        start = MAX(start,
                    server_now(round) - pve_export_seconds(json_array_size(round->pve->resources)));
    return memory_printf("/cluster/metrics/export?history=%d&start-time=%lld", start > 0,
                         (long long)start);
}

static size_t count_nodes(const json_t *resources) {
    size_t index, count = 0;
    json_t *resource;
    json_array_foreach(resources, index, resource) count += pve_kind_of(resource) == PVE_KIND_NODE;
    return count;
}

/* What is asked of the cluster and of each node. */
static void plan(struct pve_look *round) {
    struct pve *pve = round->pve;
    const json_t *resources = pve->resources;
    size_t index, online = 0, all = count_nodes(resources), nodes = MIN(all, MOST_NODES);
    json_t *resource;
    round->too_many = all > nodes;
    round->online = pve_online_nodes(resources);
    round->places = memory_array(nodes, sizeof *round->places);
    round->gets = memory_array(CLUSTER_GETS + NODE_GETS * nodes, sizeof *round->gets);
    set_get(round, &round->gets[GET_RESOURCES], 0, memory_strdup("/cluster/resources"));
    set_get(round, &round->gets[GET_EXPORT], 0, pve->has_export ? export_path(round) : NULL);
    round->gets[GET_EXPORT].keeps = is_metered;
    json_array_foreach(resources, index, resource) {
        if (pve_kind_of(resource) != PVE_KIND_NODE || round->place_count == nodes)
            continue;
        struct pve_place *place = &round->places[round->place_count++];
        place->name = memory_strdup(rest_json_text(resource, "node"));
        pve_node_init(&place->node);
        if (!g_hash_table_contains(round->online, place->name)) {
            place->trouble = memory_printf("its node %s is offline", place->name);
            continue;
        }
        place->gets = &round->gets[CLUSTER_GETS + NODE_GETS * online++];
        ask_node(round, place, (int)online);
    }
    round->get_count = CLUSTER_GETS + NODE_GETS * online;
    g_hash_table_destroy(round->online);
    round->online = NULL;
}

/* Those without a path are not made. */
static void ask(struct pve_look *round) {
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

static void round_done(struct pve_look *round) {
    for (size_t i = 0; i < round->get_count; i++)
        pve_get_done(&round->gets[i]);
    for (size_t i = 0; i < round->place_count; i++) {
        pve_guests_done(&round->places[i].guests);
        pve_node_done(&round->places[i].node);
        budget_give(round->places[i].held);
        free(round->places[i].trouble);
        free(round->places[i].name);
    }
    pve_lookup_done(&round->lookup);
    free(round->gets);
    free(round->places);
}

static void lack(const struct pve_look *round, const struct pve_get *get) {
    if (get->status == FORBIDDEN)
        round->events->lacking(round->events->context, get->error.message);
}

/* What a node without answers costs; and what came of the others has been read. */
static void settle_place(const struct pve_look *round, struct pve_place *place) {
    struct pve_get *gets = place->gets;
    if (!gets)
        return;
    if (!place->read)
        read_place(place);
    for (int i = GET_QEMU; i <= GET_LXC; i++)
        if (!gets[i].answered && !place->trouble)
            place->trouble = memory_printf("node %s: %s", place->name, gets[i].error.message);
    for (int i = 0; i < NODE_GETS; i++)
        lack(round, &gets[i]);
    for (int i = GET_QEMU; i <= GET_LXC; i++)
        place->left_out = place->left_out || budget_refused(&gets[i].error);
}

/* In one line, however many there are. */
static void tell_left_out(const struct pve_look *round) {
    const struct pve_place *first = NULL;
    size_t count = 0;
    struct error error = {0};
    for (size_t i = 0; i < round->place_count; i++) {
        count += round->places[i].left_out;
        if (round->places[i].left_out && !first)
            first = &round->places[i];
    }
    if (!first)
        return;
    budget_refuse(&error);
    char *text =
        memory_printf("node %s%s: %s", first->name, count > 1 ? " and others" : "", error.message);
    pve_miss(round, NULL, text);
    free(text);
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

/* Values up to this time; one of a clock that is ahead would hide all that come after it. */
struct kept {
    GArray *metrics;
    int64_t latest;
};

static void keep_metric(void *context, const struct pve_metric *metric) {
    const struct kept *kept = context;
    if (metric->time <= kept->latest)
        g_array_append_val(kept->metrics, *metric);
}

static int64_t server_time(const struct pve_look *round) {
    int64_t date = round->gets[GET_EXPORT].date;
    return date ? date : server_now(round);
}

static gint compare_metrics(gconstpointer left, gconstpointer right) {
    const struct pve_metric *a = left, *b = right;
    return a->time < b->time ? -1 : a->time > b->time;
}

/* After a round that was lost there are values of more than one interval: the last one counts. */
static void read_export(struct pve_look *round) {
    struct pve *pve = round->pve;
    GArray *metrics = g_array_new(FALSE, FALSE, sizeof(struct pve_metric));
    GHashTable *newest = g_hash_table_new(g_str_hash, g_str_equal);
    struct kept kept = {metrics, server_time(round) + SKEW_SECONDS};
    pve_read_export(round->gets[GET_EXPORT].data, keep_metric, &kept);
    g_array_sort(metrics, compare_metrics);
    const struct pve_metric *items = (const struct pve_metric *)(const void *)metrics->data;
    for (guint i = 0; i < metrics->len; i++)
        g_hash_table_replace(newest, (char *)items[i].id, (struct pve_metric *)&items[i]);
    for (guint i = 0; i < metrics->len; i++) {
        const struct pve_metric *last = g_hash_table_lookup(newest, items[i].id);
        struct pve_track *track = find_track(pve, items[i].id);
        if (track && round->gap)
            pve_track_remember(track, &items[i]);
        bool of_network = g_str_has_prefix(items[i].metric, "net_");
        if (track && (of_network || items[i].time > last->time - round->interval))
            pve_track_meter(track, &items[i], round->interval);
        if (track && track->meters[PVE_METER_CPU].count)
            track->metered_ns = round->gets[GET_EXPORT].time_ns;
    }
    g_hash_table_destroy(newest);
    g_array_free(metrics, TRUE);
}

static void begin_tracks(const struct pve_look *round) {
    GHashTableIter each;
    gpointer value;
    g_hash_table_iter_init(&each, round->pve->tracks.by_id);
    while (g_hash_table_iter_next(&each, NULL, &value))
        pve_track_begin(value);
}

/* What ran and is listed no more. */
static void end_removed(const struct pve_look *round, const json_t *resources) {
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

static void report_export(const struct pve_look *round) {
    const struct pve_get *get = &round->gets[GET_EXPORT];
    if (!get->path || get->data)
        return;
    char *text = memory_printf("CPU and network of nodes: %s", get->error.message);
    pve_miss(round, NULL, text);
    free(text);
}

/* Who names a counter that nobody here has is to know why. */
static void tell_ready(struct pve *pve) {
    const struct counter *ready = catalog_by_name(pve->catalog, "cpu.ready.summation");
    const struct counter *readiness = catalog_by_name(pve->catalog, "cpu.readiness.average");
    bool named =
        pve->selection->counters.includes > 0 && (selection_has_counter(pve->selection, ready) ||
                                                  selection_has_counter(pve->selection, readiness));
    if (named && !pve->ready_told)
        report(pve->options.reporter, REPORT_WARNING,
               "Proxmox VE does not tell how long guests wait for a CPU: ready and co-stop are "
               "absent; pve.cpuPressureSome is no ready time");
    pve->ready_told = true;
}

/* Everything about a round whose cluster has answered. */
static bool finish(struct pve_look *round, int64_t skipped, struct error *error) {
    struct pve *pve = round->pve;
    const struct pve_get *resources = &round->gets[GET_RESOURCES];
    if (!pve_sees_anything(pve, resources->data, error))
        return false;
    int64_t wall_ns = clock_real_ns(), now_ns = clock_boot_ns();
    round->stamp =
        grid_stamp(&pve->grid, resources->time_ns, wall_ns - (now_ns - resources->time_ns));
    pve->stamp = round->stamp;
    for (int64_t i = 0; i < skipped; i++)
        pve_miss(round, NULL, "the round before took longer than the interval");
    end_removed(round, resources->data);
    if (pve_renew(pve, json_incref((json_t *)resources->data)))
        round->events->renewed(round->events->context, pve->inventory);
    tell_ready(pve);
    begin_tracks(round);
    read_export(round);
    report_export(round);
    for (size_t i = 0; i < round->place_count; i++)
        settle_place(round, &round->places[i]);
    tell_left_out(round);
    if (round->too_many)
        pve_miss(round, NULL, "a cluster of more than 1024 nodes: the others are left out");
    pve_lookup_make(round);
    return pve_emit(round, error);
}

/* A run that goes on has samples up to window->after from one before. */
static int64_t find_gap(const struct pve *pve, const struct window *window) {
    int64_t last = pve->begun ? pve->stamp : window->after;
    int64_t passed_ns = clock_real_ns() - last * second_ns;
    bool lost = last > 0 && passed_ns > window->interval * second_ns * 3 / 2;
    return lost && pve->has_export ? last : 0;
}

bool pve_round(struct pve *pve, const struct window *window, const struct source_events *events,
               struct error *error) {
    struct pve_look round = {
        .pve = pve, .events = events, .interval = window->interval, .first = !pve->begun};
    round.gap = find_gap(pve, window);
    pve->grid.period_ns = window->interval * second_ns;
    int64_t skipped = grid_begin(&pve->grid, clock_boot_ns());
    plan(&round);
    ask(&round);
    const struct pve_get *resources = &round.gets[GET_RESOURCES];
    bool good = resources->data != NULL;
    if (good)
        good = finish(&round, skipped, error);
    else
        error_set(error, resources->error.kind, "%s%s",
                  budget_refused(&resources->error) ? "/cluster/resources: " : "",
                  resources->error.message);
    pve->begun = pve->begun || resources->data;
    round_done(&round);
    return good;
}
