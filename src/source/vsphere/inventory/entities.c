/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One container view and one retrieval for all properties of all entities. */
#include "source/vsphere/inventory/entities.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/vsphere/inventory/properties.h"
#include "source/vsphere/session/session.h"

struct loader {
    struct inventory *inventory;
    const char *source;
    const bool *types;
};

static int64_t number(const char *text) {
    return strtoll(text, NULL, 10);
}

static int hex_value(const char *digits) {
    char pair[3] = {digits[0], digits[0] ? digits[1] : '\0', '\0'};
    char *end = NULL;
    long value = strtol(pair, &end, 16);
    return end == pair + 2 ? (int)value : -1;
}

/* vSphere shows /, \ and % in a name as %2f, %5c and %25. */
static void set_name(struct entity *entity, const char *text) {
    char *name = memory_strdup(text);
    char *to = name;
    for (const char *from = name; *from; from++) {
        int escaped = *from == '%' ? hex_value(from + 1) : -1;
        bool known = escaped == '/' || escaped == '\\' || escaped == '%';
        *to++ = known ? (char)escaped : *from;
        from += known ? 2 : 0;
    }
    *to = '\0';
    free((char *)entity->name);
    entity->name = name;
}

static void set_power_state(struct entity *entity, const char *text) {
    if (strcmp(text, "poweredOff") == 0 || strcmp(text, "standBy") == 0)
        entity->state = STATE_OFF;
    else if (strcmp(text, "suspended") == 0)
        entity->state = STATE_SUSPENDED;
    else if (strcmp(text, "poweredOn") == 0 && entity->state == STATE_UNKNOWN)
        entity->state = STATE_ON;
}

/* A guest is disconnected when its host is; inaccessible and orphaned guests have no data. */
static void set_connection_state(struct entity *entity, const char *text) {
    if (strcmp(text, "connected") != 0 && entity->state != STATE_OFF)
        entity->state = STATE_DISCONNECTED;
}

static void set_host(struct entity *entity, const char *text) {
    entity->host = text;
}

static void set_uuid(struct entity *entity, const char *text) {
    entity->uuid = text;
}

static void set_guest_os(struct entity *entity, const char *text) {
    entity->guest_os = text;
}

static void set_cpu_model(struct entity *entity, const char *text) {
    entity->cpu_model = text;
}

static void set_cpus(struct entity *entity, const char *text) {
    entity->cpus = (int32_t)number(text);
}

static void set_threads(struct entity *entity, const char *text) {
    entity->threads = (int32_t)number(text);
}

static void set_cpu_mhz(struct entity *entity, const char *text) {
    entity->cpu_mhz = (int32_t)number(text);
}

static void set_memory_mib(struct entity *entity, const char *text) {
    entity->memory_kib = number(text) * 1024;
}

static void set_memory_bytes(struct entity *entity, const char *text) {
    entity->memory_kib = number(text) / 1024;
}

/* The caller frees it. */
static char *longer_shape(const struct entity *entity, const char *name, const char *text) {
    return memory_printf("%s %s=%s", entity->shape ? entity->shape : "", name, text);
}

static void add_to_shape(struct entity *entity, const char *name, const char *text) {
    char *shape = longer_shape(entity, name, text);
    free((char *)entity->shape);
    entity->shape = shape;
}

static void set_hardware_version(struct entity *entity, const char *text) {
    add_to_shape(entity, "hardware", text);
}

static void set_networked(struct entity *entity, const char *text) {
    add_to_shape(entity, "networked", number(text) > 0 ? "yes" : "no");
}

static void set_has_disks(struct entity *entity, const char *text) {
    add_to_shape(entity, "disks", number(text) > 0 ? "yes" : "no");
}

static void set_product_version(struct entity *entity, const char *text) {
    add_to_shape(entity, "host", text);
}

/* Sets what it can of an entity whose name and shape are on the heap; the rest is borrowed. */
struct property {
    const char *path;
    void (*set)(struct entity *entity, const char *text);
};

static const struct property vm_properties[] = {
    {"name", set_name},
    {"runtime.connectionState", set_connection_state},
    {"runtime.powerState", set_power_state},
    {"runtime.host", set_host},
    {"summary.config.numCpu", set_cpus},
    {"summary.config.memorySizeMB", set_memory_mib},
    {"summary.config.uuid", set_uuid},
    {"summary.config.guestFullName", set_guest_os},
    {"summary.config.numEthernetCards", set_networked},
    {"summary.config.numVirtualDisks", set_has_disks},
    {"config.version", set_hardware_version},
    {NULL, NULL},
};

static const struct property host_properties[] = {
    {"name", set_name},
    {"runtime.connectionState", set_connection_state},
    {"runtime.powerState", set_power_state},
    {"summary.hardware.cpuModel", set_cpu_model},
    {"summary.hardware.numCpuCores", set_cpus},
    {"summary.hardware.numCpuThreads", set_threads},
    {"summary.hardware.cpuMhz", set_cpu_mhz},
    {"summary.hardware.memorySize", set_memory_bytes},
    {"summary.hardware.uuid", set_uuid},
    {"summary.config.product.version", set_product_version},
    {NULL, NULL},
};

static const struct property other_properties[] = {{"name", set_name}, {NULL, NULL}};

enum { MAX_PROPERTIES = 16 };

static const struct kind {
    const char *managed_type;
    const struct property *properties;
} kinds[ENTITY_TYPES] = {
    [ENTITY_VM] = {"VirtualMachine", vm_properties},
    [ENTITY_HOST] = {"HostSystem", host_properties},
    [ENTITY_POOL] = {"ResourcePool", other_properties},
    [ENTITY_CLUSTER] = {"ClusterComputeResource", other_properties},
    [ENTITY_DATASTORE] = {"Datastore", other_properties},
    [ENTITY_DATACENTER] = {"Datacenter", other_properties},
};

const char *entities_managed_type(enum entity_type type) {
    return kinds[type].managed_type;
}

static bool find_type(const char *managed_type, enum entity_type *type) {
    for (int i = 0; i < ENTITY_TYPES; i++) {
        if (managed_type && strcmp(managed_type, kinds[i].managed_type) == 0) {
            *type = (enum entity_type)i;
            return true;
        }
    }
    return false;
}

/* A property that comes twice counts once. */
static void set_property(struct entity *entity, const struct vim25__DynamicProperty *property,
                         bool set[MAX_PROPERTIES]) {
    const struct property *row = kinds[entity->type].properties;
    for (size_t i = 0; property->name && row[i].path; i++)
        if (!set[i] && property->val.text && strcmp(row[i].path, property->name) == 0) {
            row[i].set(entity, property->val.text);
            set[i] = true;
        }
}

static void visit(void *context, const struct vim25__ObjectContent *object) {
    struct loader *loader = context;
    struct entity found = {.source = loader->source, .hypervisor = "esxi"};
    if (!object->obj || !object->obj->__item || !find_type(object->obj->type, &found.type))
        return;
    found.id = object->obj->__item;
    found.name = memory_strdup(object->obj->__item);
    bool set[MAX_PROPERTIES] = {false};
    for (int i = 0; i < object->__sizepropSet; i++)
        set_property(&found, &object->propSet[i], set);
    inventory_add(loader->inventory, &found);
    free((char *)found.name);
    free((char *)found.shape);
}

/* The types that the view holds: those that are wanted, and hosts, which guests name. */
static int fill_specs(const bool types[ENTITY_TYPES], struct vim25__PropertySpec *specs,
                      char *paths[][MAX_PROPERTIES], char **names) {
    int count = 0;
    for (int i = 0; i < ENTITY_TYPES; i++) {
        if (!types[i] && !(i == ENTITY_HOST && types[ENTITY_VM]))
            continue;
        struct vim25__PropertySpec *spec = &specs[count];
        *spec = (struct vim25__PropertySpec){.type = (char *)kinds[i].managed_type,
                                             .pathSet = paths[count]};
        for (const struct property *row = kinds[i].properties; row->path; row++)
            spec->pathSet[spec->__sizepathSet++] = (char *)row->path;
        names[count++] = spec->type;
    }
    return count;
}

static bool retrieve(struct channel *channel, const struct entities_view *view,
                     struct vim25__PropertySpec *specs, int count, struct loader *loader,
                     struct error *error) {
    struct vim_selection selection = {.name = "view", .type = view->type, .path = "view"};
    struct vim25__ManagedObjectReference self = {.type = view->type, .__item = view->value};
    enum xsd__boolean skip = xsd__boolean__true_;
    struct vim25__ObjectSpec object = {
        .obj = &self, .skip = &skip, .__sizeselectSet = 1, .selectSet = &selection};
    struct vim25__PropertyFilterSpec spec = {
        .__sizepropSet = count, .propSet = specs, .__sizeobjectSet = 1, .objectSet = &object};
    return properties_retrieve(channel, &spec, visit, loader, error);
}

void entities_view_done(struct entities_view *view) {
    free(view->type);
    free(view->value);
    view->type = NULL;
    view->value = NULL;
    view->generation = 0;
}

static bool create_view(struct channel *channel, struct entities_view *view, char **types,
                        int count, struct error *error) {
    struct vim25__ManagedObjectReference manager =
        session_reference(&channel->session->view_manager);
    struct vim25__ManagedObjectReference root = session_reference(&channel->session->root_folder);
    struct vim25__CreateContainerViewRequestType request = {
        ._USCOREthis = &manager,
        .container = &root,
        .__sizetype = count,
        .type = types,
        .recursive = xsd__boolean__true_,
    };
    struct _vim25__CreateContainerViewResponse response = {0};
    if (!CALL(channel, CreateContainerView, &request, &response, error))
        return false;
    if (!response.returnval || !response.returnval->type || !response.returnval->__item)
        return error_set(error, ERROR_PROTOCOL, "%s: no container view", channel->session->label);
    view->type = memory_strdup(response.returnval->type);
    view->value = memory_strdup(response.returnval->__item);
    view->generation = channel->generation;
    return true;
}

static bool load(struct channel *channel, struct entities_view *view, struct loader *loader,
                 struct error *error) {
    struct vim25__PropertySpec specs[ENTITY_TYPES];
    char *paths[ENTITY_TYPES][MAX_PROPERTIES];
    char *names[ENTITY_TYPES];
    int count = fill_specs(loader->types, specs, paths, names);
    if (view->generation != atomic_load(&channel->session->generation))
        entities_view_done(view);
    return (view->type || create_view(channel, view, names, count, error)) &&
           retrieve(channel, view, specs, count, loader, error);
}

static int compare_ids(const void *a, const void *b) {
    return strcmp((*(struct entity *const *)a)->id, (*(struct entity *const *)b)->id);
}

/* The hosts of the inventory by id; the caller frees the array. */
static struct entity **sort_hosts(const struct inventory *inventory, size_t *count) {
    struct entity **hosts = memory_array(inventory->count + 1, sizeof *hosts);
    *count = 0;
    for (size_t i = 0; i < inventory->count; i++)
        if (inventory->entities[i]->type == ENTITY_HOST)
            hosts[(*count)++] = inventory->entities[i];
    qsort(hosts, *count, sizeof *hosts, compare_ids);
    return hosts;
}

/*
 * runtime.host is a managed object id until all names are known. The host's version is part of the
 * shape of its guests; a host has no shape: its hardware decides what it offers.
 */
static void join_hosts(struct inventory *inventory) {
    size_t count = 0;
    struct entity **hosts = sort_hosts(inventory, &count);
    for (size_t i = 0; i < inventory->count; i++) {
        struct entity *entity = inventory->entities[i];
        struct entity key = {.id = entity->host}, *wanted = &key;
        struct entity **host =
            entity->host ? bsearch(&wanted, hosts, count, sizeof *hosts, compare_ids) : NULL;
        if (!host)
            continue;
        char *shape = longer_shape(entity, "on", (*host)->shape ? (*host)->shape : "");
        inventory_set(inventory, &entity->shape, shape);
        inventory_set(inventory, &entity->host, (*host)->name);
        free(shape);
    }
    for (size_t i = 0; i < count; i++)
        inventory_set(inventory, &hosts[i]->shape, NULL);
    free(hosts);
}

static struct inventory *load_once(struct channel *channel, struct entities_view *view,
                                   const bool types[ENTITY_TYPES], struct error *error) {
    struct inventory *inventory = inventory_new();
    struct loader loader = {inventory, channel->session->label, types};
    if (load(channel, view, &loader, error))
        return inventory;
    inventory_free(inventory);
    return NULL;
}

/*
 * Views and pages end with their session, and a page whose answer was lost is not given again: when
 * a call had to be repeated, or the view is an old one, all of them are.
 */
struct inventory *entities_load(struct channel *channel, struct entities_view *view,
                                const bool types[ENTITY_TYPES], struct error *error) {
    unsigned repeats = channel->repeats;
    bool old = view->type != NULL;
    struct inventory *inventory = load_once(channel, view, types, error);
    if (!inventory && error->kind == ERROR_FAULT && (old || repeats != channel->repeats)) {
        error_clear(error);
        entities_view_done(view);
        inventory = load_once(channel, view, types, error);
    }
    if (!inventory)
        return NULL;
    join_hosts(inventory);
    inventory_sort(inventory);
    return inventory;
}
