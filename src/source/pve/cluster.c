/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/pve/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/rest/helper/json.h"

static const int64_t good_for_ns = 600 * 1000000000LL; /* a configuration */

static void known_config_free(void *data) {
    struct pve_known_config *known = data;
    pve_config_free(known->config);
    free(known->node);
    free(known);
}

static void node_free(void *data) {
    pve_node_done(data);
    free(data);
}

void pve_cluster_init(struct pve_cluster *cluster) {
    *cluster = (struct pve_cluster){
        .configs = g_hash_table_new_full(g_str_hash, g_str_equal, free, known_config_free),
        .nodes = g_hash_table_new_full(g_str_hash, g_str_equal, free, node_free),
    };
}

void pve_cluster_done(struct pve_cluster *cluster) {
    free(cluster->name);
    if (cluster->configs)
        g_hash_table_destroy(cluster->configs);
    if (cluster->nodes)
        g_hash_table_destroy(cluster->nodes);
}

void pve_cluster_name(struct pve_cluster *cluster, const json_t *status) {
    size_t index;
    json_t *entry;
    const char *name = NULL, *node = NULL;
    json_array_foreach(status, index, entry) {
        const char *type = rest_json_text(entry, "type");
        if (type && strcmp(type, "cluster") == 0)
            name = rest_json_text(entry, "name");
        else if (type && strcmp(type, "node") == 0 && !node)
            node = rest_json_text(entry, "name");
    }
    free(cluster->name);
    cluster->name = memory_strdup(name ? name : node ? node : "pve");
}

void pve_cluster_keep(struct pve_cluster *cluster, const char *id, const char *node,
                      struct pve_config *config, int64_t now_ns) {
    struct pve_known_config *known = memory_alloc(sizeof *known);
    known->config = config;
    known->node = memory_strdup(node);
    known->read_ns = now_ns;
    g_hash_table_replace(cluster->configs, memory_strdup(id), known);
}

bool pve_cluster_needs(const struct pve_cluster *cluster, const char *id, const char *node,
                       int64_t now_ns) {
    const struct pve_known_config *known = g_hash_table_lookup(cluster->configs, id);
    return !known || strcmp(known->node, node) != 0 || pve_cluster_is_old(cluster, id, now_ns);
}

bool pve_cluster_is_old(const struct pve_cluster *cluster, const char *id, int64_t now_ns) {
    const struct pve_known_config *known = g_hash_table_lookup(cluster->configs, id);
    return known && now_ns - known->read_ns >= good_for_ns;
}

void pve_cluster_asked(struct pve_cluster *cluster, const char *id, int64_t now_ns) {
    struct pve_known_config *known = g_hash_table_lookup(cluster->configs, id);
    if (known)
        known->read_ns = now_ns;
}

const struct pve_config *pve_cluster_config(const struct pve_cluster *cluster, const char *id) {
    const struct pve_known_config *known = g_hash_table_lookup(cluster->configs, id);
    return known ? known->config : NULL;
}

static bool is_set(const json_t *object, const char *key) {
    int64_t value = 0;
    return rest_json_integer(object, key, &value) && value;
}

enum pve_kind pve_kind_of(const json_t *resource) {
    static const struct {
        const char *type;
        const char *needs;
        enum pve_kind kind;
    } kinds[] = {
        {"qemu", "vmid", PVE_KIND_QEMU},
        {"lxc", "vmid", PVE_KIND_LXC},
        {"node", "node", PVE_KIND_NODE},
        {"storage", "storage", PVE_KIND_STORAGE},
    };
    const char *type = rest_json_text(resource, "type");
    for (size_t i = 0; type && i < sizeof kinds / sizeof kinds[0]; i++) {
        bool whole = json_object_get(resource, kinds[i].needs) && rest_json_text(resource, "id") &&
                     rest_json_text(resource, "node");
        if (strcmp(kinds[i].type, type) == 0)
            return whole && !is_set(resource, "template") ? kinds[i].kind : PVE_KIND_NONE;
    }
    return PVE_KIND_NONE;
}

static bool says_online(const json_t *resource) {
    const char *status = rest_json_text(resource, "status");
    return status && strcmp(status, "online") == 0;
}

GHashTable *pve_online_nodes(const json_t *resources) {
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTable *online = g_hash_table_new(g_str_hash, g_str_equal);
    size_t index;
    json_t *resource;
    json_array_foreach(resources, index, resource) {
        if (pve_kind_of(resource) != PVE_KIND_NODE)
            continue;
        char *node = (char *)rest_json_text(resource, "node");
        if (g_hash_table_add(seen, node) && says_online(resource))
            g_hash_table_add(online, node);
    }
    g_hash_table_destroy(seen);
    return online;
}

char *pve_entity_id(const struct pve_cluster *cluster, const json_t *resource) {
    int64_t vmid = 0;
    switch (pve_kind_of(resource)) {
    case PVE_KIND_QEMU:
    case PVE_KIND_LXC:
        rest_json_integer(resource, "vmid", &vmid);
        return memory_printf("%s/%lld", cluster->name, (long long)vmid);
    case PVE_KIND_STORAGE:
        if (is_set(resource, "shared"))
            return memory_printf("%s/storage/%s", cluster->name,
                                 rest_json_text(resource, "storage"));
        break;
    default:
        break;
    }
    return memory_printf("%s/%s", cluster->name, rest_json_text(resource, "id"));
}

static int64_t kib_of(const json_t *resource, const char *key) {
    int64_t bytes = 0;
    return rest_json_integer(resource, key, &bytes) && bytes > 0 ? bytes / 1024 : 0;
}

static int32_t count_of(const json_t *resource, const char *key) {
    double count = 0;
    return rest_json_real(resource, key, &count) && count > 0 && count < 1e6 ? (int32_t)count : 0;
}

static void describe_guest(const struct pve_cluster *cluster, GHashTable *online,
                           const json_t *resource, struct entity *entity) {
    const struct pve_config *config = pve_cluster_config(cluster, rest_json_text(resource, "id"));
    const char *status = rest_json_text(resource, "status");
    bool container = pve_kind_of(resource) == PVE_KIND_LXC;
    entity->type = ENTITY_VM;
    entity->hypervisor = container ? "lxc" : config && config->no_kvm ? "qemu" : "kvm";
    entity->name = rest_json_text(resource, "name");
    entity->uuid = config ? config->uuid : NULL;
    entity->guest_os = config ? config->ostype : NULL;
    entity->host = rest_json_text(resource, "node");
    entity->pool = rest_json_text(resource, "pool");
    entity->tags = rest_json_text(resource, "tags");
    entity->cpus = count_of(resource, "maxcpu");
    entity->memory_kib = kib_of(resource, "maxmem");
    entity->reason = rest_json_text(resource, "lock");
    if (!g_hash_table_contains(online, entity->host)) {
        entity->state = STATE_UNKNOWN;
        entity->reason = "its node is offline";
    } else if (status && strcmp(status, "running") == 0) {
        entity->state = STATE_ON;
    } else if (status && strcmp(status, "stopped") == 0) {
        entity->state = STATE_OFF;
    }
}

static void describe_node(const struct pve_cluster *cluster, const json_t *resource,
                          struct entity *entity) {
    const struct pve_node *node =
        g_hash_table_lookup(cluster->nodes, rest_json_text(resource, "node"));
    const char *status = rest_json_text(resource, "status");
    bool online = status && strcmp(status, "online") == 0;
    entity->type = ENTITY_HOST;
    entity->hypervisor = "kvm";
    entity->name = rest_json_text(resource, "node");
    entity->state = online ? STATE_ON : STATE_DISCONNECTED;
    entity->threads = count_of(resource, "maxcpu");
    entity->memory_kib = kib_of(resource, "maxmem");
    if (!node)
        return;
    entity->cpu_model = node->model;
    entity->cpus = node->cores;
    entity->cpu_mhz = node->mhz;
    entity->threads = node->threads ? node->threads : entity->threads;
}

static void describe_storage(const json_t *resource, struct entity *entity) {
    entity->type = ENTITY_DATASTORE;
    entity->hypervisor = "kvm";
    entity->name = rest_json_text(resource, "storage");
    entity->state = STATE_ON;
    entity->subtype = rest_json_text(resource, "plugintype");
    if (!is_set(resource, "shared"))
        entity->host = rest_json_text(resource, "node");
}

static void add_entity(const struct pve_cluster *cluster, GHashTable *online,
                       const json_t *resource, GHashTable *ids, struct inventory *inventory) {
    enum pve_kind kind = pve_kind_of(resource);
    struct entity entity = {.cluster = cluster->name};
    if (kind == PVE_KIND_NONE)
        return;
    char *id = pve_entity_id(cluster, resource);
    entity.id = id;
    if (kind == PVE_KIND_NODE)
        describe_node(cluster, resource, &entity);
    else if (kind == PVE_KIND_STORAGE)
        describe_storage(resource, &entity);
    else
        describe_guest(cluster, online, resource, &entity);
    char *number = entity.name ? NULL : memory_strdup(strrchr(id, '/') + 1);
    if (number)
        entity.name = number; /* rights on it are missing, or its node is gone for long */
    if (g_hash_table_add(ids, memory_strdup(id)))
        inventory_add(inventory, &entity);
    free(number);
    free(id);
}

static void drop_shared_uuids(struct inventory *inventory) {
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < inventory->count; i++) {
        const char *uuid = inventory->entities[i]->uuid;
        struct entity *other = uuid ? g_hash_table_lookup(seen, uuid) : NULL;
        if (other) {
            inventory_set(inventory, &other->uuid, NULL);
            inventory_set(inventory, &inventory->entities[i]->uuid, NULL);
        } else if (uuid) {
            g_hash_table_insert(seen, (char *)uuid, inventory->entities[i]);
        }
    }
    g_hash_table_destroy(seen);
}

struct inventory *pve_inventory(const struct pve_cluster *cluster, const json_t *resources) {
    struct inventory *inventory = inventory_new();
    GHashTable *ids = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    GHashTable *online = pve_online_nodes(resources);
    size_t index;
    json_t *resource;
    json_array_foreach(resources, index, resource)
        add_entity(cluster, online, resource, ids, inventory);
    g_hash_table_destroy(online);
    g_hash_table_destroy(ids);
    drop_shared_uuids(inventory);
    inventory_sort(inventory);
    return inventory;
}

static gint compare_texts(gconstpointer left, gconstpointer right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* What an entity tells and does not change all the time; the order of resources is random. */
static char *line_of(const json_t *resource) {
    static const char *const keys[] = {"id",   "node",   "name",   "status",   "pool",   "tags",
                                       "lock", "maxcpu", "maxmem", "template", "shared", NULL};
    GString *line = g_string_new(NULL);
    for (const char *const *key = keys; *key; key++) {
        const json_t *value = json_object_get(resource, *key);
        char *text = rest_json_text_of(value, JSON_ENCODE_ANY | JSON_COMPACT);
        g_string_append_printf(line, "%s\t", text ? text : "");
        free(text);
    }
    return g_string_free(line, FALSE);
}

char *pve_signature(const json_t *resources) {
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    size_t index;
    json_t *resource;
    json_array_foreach(resources, index, resource) {
        if (pve_kind_of(resource) != PVE_KIND_NONE)
            g_ptr_array_add(lines, line_of(resource));
    }
    g_ptr_array_sort(lines, compare_texts);
    g_ptr_array_add(lines, NULL);
    char *signature = g_strjoinv("\n", (char **)lines->pdata);
    g_ptr_array_free(lines, TRUE);
    return signature;
}
