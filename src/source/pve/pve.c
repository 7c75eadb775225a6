/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Proxmox VE as a source: login, inventory, and what a round needs. */
#include "source/pve/pve.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/rest/helper/json.h"
#include "source/rest/helper/product.h"
#include "source/rest/helper/sources.h"

enum { CONFIG_BATCH = 64, NOT_THERE = 501 };

static const int64_t second_ns = 1000000000;

static struct pve *from_base(struct source *source) {
    return (struct pve *)source;
}

static void pve_close(struct source *source) {
    if (!source)
        return;
    struct pve *pve = from_base(source);
    pve_tracks_done(&pve->tracks);
    pve_api_close(&pve->api);
    pve_cluster_done(&pve->cluster);
    measured_done(&pve->measured);
    catalog_free(pve->catalog);
    inventory_free(pve->inventory);
    json_decref(pve->resources);
    g_free(pve->signature);
    free(pve->version);
    free(pve->wanted);
    free(pve);
}

static bool read_version(struct pve *pve, struct error *error) {
    struct pve_get get = {.path = memory_strdup("/version")};
    bool good = pve_api_ask(&pve->api, &get, error);
    if (good)
        pve->version = memory_strdup(rest_json_text(get.data, "version"));
    pve->has_wait = pve->version && strverscmp(pve->version, "8.3.4") >= 0;
    pve_get_done(&get);
    return good;
}

/* Whether it is there decides where CPU comes from; who may not read it is told in each round. */
static bool find_export(struct pve *pve, struct error *error) {
    struct pve_get get = {.path = memory_strdup("/cluster/metrics/export")};
    pve_api_get(&pve->api, &get, 1);
    pve->has_export = get.data;
    bool good = get.status != 0;
    if (!good)
        error_set(error, get.error.kind, "%s", get.error.message);
    pve_get_done(&get);
    return good;
}

static struct source *pve_open(const struct target *target, const struct source_options *options,
                               struct error *error) {
    struct pve *pve = memory_alloc(sizeof *pve);
    pve->base.ops = &pve_hosted;
    pve->options = *options;
    pve_cluster_init(&pve->cluster);
    pve_tracks_init(&pve->tracks, pve_counter_count());
    pve->wanted = memory_array(pve_counter_count(), sizeof *pve->wanted);
    if (pve_api_open(&pve->api, target, &pve->options, error) && read_version(pve, error) &&
        find_export(pve, error)) {
        pve->catalog = pve_catalog(pve->has_export);
        return &pve->base;
    }
    if (pve->api.peer)
        product_explain(pve->api.pool, pve->api.peer, "pve", error);
    pve_close(&pve->base);
    return NULL;
}

static struct catalog *give_catalog(struct source *source, struct error *error) {
    (void)error;
    return from_base(source)->catalog;
}

static bool give_about(struct source *source, struct source_about *about, struct error *error) {
    struct pve *pve = from_base(source);
    (void)error;
    about->version = memory_printf("Proxmox VE %s", pve->version ? pve->version : "");
    about->has_clock = pve->api.has_clock;
    about->clock_offset_ms = pve->api.clock_offset * 1000;
    about->certificate_end = http_certificate_end(pve->api.peer);
    return true;
}

bool pve_wants_type(const struct pve *pve, enum entity_type type) {
    return pve->selection->types[type];
}

/* The status of nodes: models and frequencies. */
static void read_nodes(struct pve *pve) {
    size_t index;
    json_t *resource;
    GHashTable *online = pve_online_nodes(pve->resources);
    json_array_foreach(pve->resources, index, resource) {
        const char *name = rest_json_text(resource, "node");
        if (pve_kind_of(resource) != PVE_KIND_NODE || !g_hash_table_contains(online, name) ||
            g_hash_table_contains(pve->cluster.nodes, name))
            continue;
        struct pve_get get = {.path = pve_node_path(name, "status")};
        pve_api_get(&pve->api, &get, 1);
        if (get.data) {
            struct pve_node *node = memory_alloc(sizeof *node);
            pve_node_init(node);
            pve_read_node(get.data, node);
            g_hash_table_replace(pve->cluster.nodes, memory_strdup(name), node);
        }
        pve_get_done(&get);
    }
    g_hash_table_destroy(online);
}

/* The same for all requests to a node, whose number at a time is limited. */
static int group_of(const char *node) {
    return (int)(g_str_hash(node) & INT32_MAX);
}

/* Guests of nodes that are there. */
static bool needs_config(const struct pve *pve, GHashTable *online, const json_t *resource) {
    enum pve_kind kind = pve_kind_of(resource);
    if (kind != PVE_KIND_QEMU && kind != PVE_KIND_LXC)
        return false;
    const char *node = rest_json_text(resource, "node");
    return pve_cluster_needs(&pve->cluster, rest_json_text(resource, "id"), node,
                             clock_boot_ns()) &&
           g_hash_table_contains(online, node);
}

static void keep_config(struct pve *pve, const json_t *resource, const struct pve_get *get) {
    const char *id = rest_json_text(resource, "id"), *node = rest_json_text(resource, "node");
    if (get->data)
        pve_cluster_keep(&pve->cluster, id, node, pve_read_config(get->data), clock_boot_ns());
    else
        pve_cluster_asked(&pve->cluster, id, clock_boot_ns());
}

static char *config_path(const json_t *resource) {
    int64_t vmid = 0;
    rest_json_integer(resource, "vmid", &vmid);
    return pve_node_path(rest_json_text(resource, "node"), "%s/%lld/config",
                         pve_kind_of(resource) == PVE_KIND_LXC ? "lxc" : "qemu", (long long)vmid);
}

static void read_configs(struct pve *pve) {
    struct pve_get gets[CONFIG_BATCH] = {0};
    const json_t *of[CONFIG_BATCH];
    GHashTable *online = pve_online_nodes(pve->resources);
    size_t index = 0, total = json_array_size(pve->resources);
    while (index < total) {
        size_t count = 0;
        for (; index < total && count < CONFIG_BATCH; index++) {
            const json_t *resource = json_array_get(pve->resources, index);
            if (!needs_config(pve, online, resource))
                continue;
            const char *node = rest_json_text(resource, "node");
            of[count] = resource;
            gets[count++] = (struct pve_get){
                .path = config_path(resource),
                .group = group_of(node),
            };
        }
        pve_api_get(&pve->api, gets, count);
        for (size_t i = 0; i < count; i++) {
            keep_config(pve, of[i], &gets[i]);
            pve_get_done(&gets[i]);
        }
    }
    g_hash_table_destroy(online);
}

static void make_inventory(struct pve *pve) {
    struct inventory *before = pve->inventory;
    if (pve->selection->types[ENTITY_HOST])
        read_nodes(pve);
    if (pve->selection->types[ENTITY_VM])
        read_configs(pve);
    pve->inventory = pve_inventory(&pve->cluster, pve->resources);
    pve_tracks_follow(&pve->tracks, pve->inventory, pve->selection);
    inventory_free(before);
}

static bool has_old_config(const struct pve *pve) {
    size_t index;
    json_t *resource;
    GHashTable *online = pve_online_nodes(pve->resources);
    bool found = false;
    json_array_foreach(pve->resources, index, resource) {
        const char *id = rest_json_text(resource, "id"), *node = rest_json_text(resource, "node");
        found = found || (id && node && g_hash_table_contains(online, node) &&
                          pve_cluster_is_old(&pve->cluster, id, clock_boot_ns()));
    }
    g_hash_table_destroy(online);
    return found;
}

bool pve_renew(struct pve *pve, json_t *resources) {
    char *signature = pve_signature(resources);
    bool changed = !pve->signature || strcmp(signature, pve->signature) != 0;
    json_decref(pve->resources);
    pve->resources = resources;
    g_free(pve->signature);
    pve->signature = signature;
    changed = changed || (pve->selection->types[ENTITY_VM] && has_old_config(pve));
    if (changed)
        make_inventory(pve);
    return changed;
}

bool pve_sees_anything(const struct pve *pve, const json_t *resources, struct error *error) {
    size_t index;
    json_t *resource;
    json_array_foreach(resources, index, resource) {
        const char *type = rest_json_text(resource, "type");
        if (type &&
            (strcmp(type, "qemu") == 0 || strcmp(type, "lxc") == 0 || strcmp(type, "storage") == 0))
            return true;
    }
    return error_set(error, ERROR_AUTH,
                     "'%s' sees no guest and no storage: it lacks rights%s: pveum acl modify / "
                     "--%s '%s' --roles PVEAuditor",
                     pve->api.username,
                     pve->api.is_token ? ", for an API token has none but its own" : "",
                     pve->api.is_token ? "tokens" : "users", pve->api.username);
}

bool pve_load(struct pve *pve, const struct selection *selection, struct error *error) {
    struct pve_get gets[2] = {{.path = memory_strdup("/cluster/resources")},
                              {.path = memory_strdup("/cluster/status")}};
    pve_api_get(&pve->api, gets, 2);
    bool good = gets[0].data && pve_sees_anything(pve, gets[0].data, error);
    if (!gets[0].data)
        error_set(error, gets[0].error.kind, "%s", gets[0].error.message);
    if (good) {
        pve->selection = selection;
        for (size_t i = 0; i < pve_counter_count(); i++)
            pve->wanted[i] = selection_has_counter(selection, catalog_at(pve->catalog, i));
        pve_cluster_name(&pve->cluster, gets[1].data);
        pve_api_learn(&pve->api, gets[1].data);
        g_free(pve->signature);
        pve->signature = NULL;
        pve_renew(pve, json_incref((json_t *)gets[0].data));
    }
    pve_get_done(&gets[0]);
    pve_get_done(&gets[1]);
    return good;
}

static struct inventory *give_inventory(struct source *source, const struct selection *selection,
                                        struct error *error) {
    struct pve *pve = from_base(source);
    return pve_load(pve, selection, error) ? pve->inventory : NULL;
}

static bool give_now(struct source *source, int64_t *seconds, struct error *error) {
    const struct pve *pve = from_base(source);
    (void)error;
    *seconds = (int64_t)time(NULL) + (pve->api.has_clock ? pve->api.clock_offset : 0);
    return true;
}

static struct due give_due(struct source *source, int32_t interval) {
    const struct pve *pve = from_base(source);
    if (!pve->grid.begun)
        return (struct due){clock_boot_ns(), interval * second_ns};
    return (struct due){grid_due_ns(&pve->grid, clock_boot_ns()), pve->grid.period_ns};
}

static bool run_round(struct source *source, const struct selection *selection,
                      const struct window *window, const struct source_events *events,
                      struct error *error) {
    struct pve *pve = from_base(source);
    if ((!pve->inventory || pve->selection != selection) && !pve_load(pve, selection, error))
        return false;
    return window->archived ? pve_archive(pve, window, events, error)
                            : pve_round(pve, window, events, error);
}

const struct source_ops pve_hosted = {
    .open = pve_open,
    .catalog = give_catalog,
    .about = give_about,
    .inventory = give_inventory,
    .now = give_now,
    .due = give_due,
    .round = run_round,
    .close = pve_close,
};
