/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One container view and one retrieval for all properties of all entities. */
#include "source/vsphere/inventory/entities.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/vsphere/inventory/attributes.h"
#include "source/vsphere/inventory/counters.h"
#include "source/vsphere/inventory/kinds.h"
#include "source/vsphere/inventory/places.h"
#include "source/vsphere/inventory/properties.h"
#include "source/vsphere/session/session.h"

enum { SPECS = ENTITY_TYPES + PLACE_TYPES + 1 };

struct loader {
    struct inventory *inventory;
    struct places *places; /* NULL when they are not asked for */
    struct readings *readings;
    const struct selection *names; /* only entities that it means are looked at; NULL: all */
    const char *source;
    const bool *types;
    unsigned context;
    bool counters;        /* are asked for */
    GString *text;        /* of the value at hand */
    GStringChunk *arrays; /* texts of arrays, until the entity is added */
};

const char *entities_managed_type(const struct entity *entity) {
    return entity->subtype ? entity->subtype : kinds[entity->type].managed_type;
}

/* The text of a value; references have a blank between them. */
static const char *text_of(struct loader *loader, const struct vim_any *value) {
    const struct vim25__ArrayOfManagedObjectReference *morefs = value->morefs;
    if (!morefs)
        return value->text;
    g_string_truncate(loader->text, 0);
    for (int i = 0; i < morefs->__sizeManagedObjectReference; i++) {
        const char *id = morefs->ManagedObjectReference[i].__item;
        g_string_append_printf(loader->text, "%s%s", i ? " " : "", id ? id : "");
    }
    return g_string_chunk_insert_len(loader->arrays, loader->text->str, (gssize)loader->text->len);
}

/* Sets what the properties say, or of it only what --name means. One that comes twice counts once.
 */
static void set_properties(struct loader *loader, struct entity *entity,
                           const struct vim25__ObjectContent *object, bool identity) {
    const struct kind *kind = &kinds[entity->type];
    const struct property *row = NULL;
    uint32_t set = 0;
    for (int i = 0; i < object->__sizepropSet; i++) {
        const struct vim25__DynamicProperty *property = &object->propSet[i];
        row = kinds_property(kind, row, property->name);
        uint32_t bit = row ? 1U << (row - kind->properties) : 0;
        bool wanted = row && !(set & bit) && (row->identifies || !identity);
        const char *text = wanted ? text_of(loader, &property->val) : NULL;
        if (!text)
            continue;
        row->set(entity, text);
        set |= bit;
    }
}

/* Instances of a datastore's counters are named by the volume: ds:///vmfs/volumes/VOLUME/. */
static char *volume_of(const char *url) {
    static const char before[] = "/volumes/";
    const char *volume = url ? strstr(url, before) : NULL;
    if (!volume)
        return NULL;
    volume += strlen(before);
    return memory_printf("%.*s", (int)strcspn(volume, "/"), volume);
}

/* Of a guest that --name does not mean, only the names are kept: for messages. */
static bool is_meant(struct loader *loader, struct entity *entity,
                     const struct vim25__ObjectContent *object) {
    if (entity->type != ENTITY_VM || !loader->names)
        return true;
    set_properties(loader, entity, object, true);
    return selection_means_entity(loader->names, entity);
}

static void add_entity(struct loader *loader, enum entity_type type,
                       const struct vim25__ObjectContent *object) {
    struct entity found = {.source = loader->source, .hypervisor = "esxi", .type = type};
    found.id = object->obj->__item;
    found.name = memory_strdup(object->obj->__item);
    if (strcmp(object->obj->type, kinds[type].managed_type) != 0)
        found.subtype = object->obj->type;
    bool meant = is_meant(loader, &found, object);
    if (meant)
        set_properties(loader, &found, object, false);
    char *volume = volume_of(found.url);
    if (volume)
        found.uuid = volume;
    inventory_add(loader->inventory, &found);
    if (meant && loader->readings->any && loader->types[type])
        readings_take(loader->readings, type, object);
    free((char *)found.name);
    free((char *)found.shape);
    free(volume);
    g_string_chunk_clear(loader->arrays);
}

static const char *property_of(const struct vim25__ObjectContent *object, const char *path) {
    for (int i = 0; i < object->__sizepropSet; i++)
        if (object->propSet[i].name && strcmp(object->propSet[i].name, path) == 0)
            return object->propSet[i].val.text;
    return NULL;
}

static void add_place(struct loader *loader, const struct vim25__ObjectContent *object) {
    const char *name = property_of(object, "name"), *id = object->obj->__item;
    places_add(loader->places, object->obj->type, id, name ? name : id,
               property_of(object, "parent"));
}

/* Hosts are kept for the guests that name them, datastores for the names of their volumes. */
static bool is_wanted(const struct loader *loader, enum entity_type type) {
    return loader->types[type] || (type == ENTITY_HOST && loader->types[ENTITY_VM]) ||
           (type == ENTITY_DATASTORE && loader->context & CONTEXT_VOLUMES);
}

static void visit(void *context, const struct vim25__ObjectContent *object) {
    struct loader *loader = context;
    enum entity_type type;
    if (!object->obj || !object->obj->__item || !object->obj->type)
        return;
    bool known = kinds_find(object->obj->type, &type);
    if (loader->places && !(known && type == ENTITY_VM))
        add_place(loader, object);
    if (known && is_wanted(loader, type))
        add_entity(loader, type, object);
}

/* What is asked for: property specifications, and the types of objects that they are of. */
struct wish {
    struct vim25__PropertySpec specs[SPECS];
    char *paths[SPECS][KIND_PROPERTIES];
    char *types[SPECS];
    int count;
};

static struct vim25__PropertySpec *add_spec(struct wish *wish, const char *type) {
    struct vim25__PropertySpec *spec = &wish->specs[wish->count];
    *spec = (struct vim25__PropertySpec){.type = (char *)type, .pathSet = wish->paths[wish->count]};
    wish->types[wish->count++] = spec->type;
    return spec;
}

static void add_path(struct vim25__PropertySpec *spec, const char *path) {
    spec->pathSet[spec->__sizepathSet++] = (char *)path;
}

static bool has_type(const struct wish *wish, const char *type) {
    for (int i = 0; i < wish->count; i++)
        if (strcmp(wish->types[i], type) == 0)
            return true;
    return false;
}

static void fill_wish(struct wish *wish, const struct loader *loader) {
    wish->count = 0;
    for (int i = 0; i < ENTITY_TYPES; i++) {
        if (!is_wanted(loader, (enum entity_type)i))
            continue;
        struct vim25__PropertySpec *spec = add_spec(wish, kinds[i].managed_type);
        for (const struct property *row = kinds[i].properties; row->path; row++)
            if (!row->context || row->context & loader->context)
                add_path(spec, row->path);
        const char *paths[READINGS_PATHS];
        size_t count = readings_paths(loader->readings, (enum entity_type)i, paths);
        for (size_t k = 0; k < count; k++)
            add_path(spec, paths[k]);
    }
    for (int i = 0; loader->places && i < PLACE_TYPES; i++) {
        if (has_type(wish, place_types[i]))
            continue;
        struct vim25__PropertySpec *spec = add_spec(wish, place_types[i]);
        add_path(spec, "name");
        add_path(spec, "parent");
    }
}

static bool retrieve(struct channel *channel, const struct entities_view *view, struct wish *wish,
                     struct loader *loader, struct error *error) {
    struct vim_selection selection = {.name = "view", .type = view->type, .path = "view"};
    struct vim25__ManagedObjectReference self = {.type = view->type, .__item = view->value};
    struct vim25__ManagedObjectReference manager = session_reference(counters_object(channel));
    enum xsd__boolean skip = xsd__boolean__true_;
    struct vim25__ObjectSpec objects[] = {
        {.obj = &self, .skip = &skip, .__sizeselectSet = 1, .selectSet = &selection},
        {.obj = &manager},
    };
    if (loader->counters)
        add_path(add_spec(wish, manager.type), counters_property);
    struct vim25__PropertyFilterSpec spec = {.__sizepropSet = wish->count,
                                             .propSet = wish->specs,
                                             .__sizeobjectSet = loader->counters ? 2 : 1,
                                             .objectSet = objects};
    return properties_retrieve(channel, &spec, visit, loader, error);
}

void entities_view_done(struct entities_view *view) {
    free(view->type);
    free(view->value);
    view->type = NULL;
    view->value = NULL;
    view->generation = 0;
}

static bool create_view(struct channel *channel, struct entities_view *view, struct wish *wish,
                        struct error *error) {
    struct vim25__ManagedObjectReference manager =
        session_reference(&channel->session->view_manager);
    struct vim25__ManagedObjectReference root = session_reference(&channel->session->root_folder);
    struct vim25__CreateContainerViewRequestType request = {
        ._USCOREthis = &manager,
        .container = &root,
        .__sizetype = wish->count,
        .type = wish->types,
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
    struct wish wish;
    fill_wish(&wish, loader);
    if (view->generation != atomic_load(&channel->session->generation))
        entities_view_done(view);
    return (view->type || create_view(channel, view, &wish, error)) &&
           retrieve(channel, view, &wish, loader, error);
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

/* The host's version is part of the shape of its guests. */
static void join_host(struct inventory *inventory, struct entity *entity,
                      const struct entity *host) {
    char *shape = kinds_longer_shape(entity, "on", host->shape ? host->shape : "");
    inventory_set(inventory, &entity->shape, shape);
    inventory_set(inventory, &entity->host, host->name);
    free(shape);
}

/*
 * What an entity names are managed object ids until all names are known. A host has no shape: its
 * hardware decides what it offers.
 */
static void join(struct loader *loader) {
    struct inventory *inventory = loader->inventory;
    size_t count = 0;
    struct entity **hosts = sort_hosts(inventory, &count);
    for (size_t i = 0; i < inventory->count; i++) {
        struct entity *entity = inventory->entities[i];
        struct entity key = {.id = entity->host}, *wanted = &key;
        struct entity **host =
            entity->host ? bsearch(&wanted, hosts, count, sizeof *hosts, compare_ids) : NULL;
        if (loader->places)
            places_join(loader->places, inventory, entity, entity->host);
        if (host)
            join_host(inventory, entity, *host);
    }
    for (size_t i = 0; i < count; i++)
        inventory_set(inventory, &hosts[i]->shape, NULL);
    free(hosts);
}

static bool join_attributes(const struct loader *loader, struct channel *channel,
                            struct error *error) {
    struct inventory *inventory = loader->inventory;
    if (!(loader->context & CONTEXT_ATTRIBUTES))
        return true;
    GHashTable *names = attributes_names(channel, error);
    for (size_t i = 0; names && i < inventory->count; i++) {
        struct entity *entity = inventory->entities[i];
        char *text = entity->attributes ? attributes_text(entity->attributes, names) : NULL;
        inventory_set(inventory, &entity->attributes, text);
        free(text);
    }
    if (names)
        g_hash_table_destroy(names);
    return names != NULL;
}

static bool load_once(struct channel *channel, struct entities_view *view,
                      const struct selection *selection, struct entities *entities, bool counters,
                      struct error *error) {
    unsigned context = selection_context(selection);
    const char *root = channel->session->root_folder.value;
    struct loader loader = {
        .inventory = entities->inventory,
        .readings = entities->readings,
        .places = context & CONTEXT_PLACE ? places_new(root ? root : "") : NULL,
        .source = channel->session->label,
        .names = selection->names.count && !(context & CONTEXT_PLACE) ? selection : NULL,
        .types = selection->types,
        .context = context,
        .counters = counters,
        .text = g_string_new(NULL),
        .arrays = g_string_chunk_new(256),
    };
    bool good = load(channel, view, &loader, error) &&
                readings_complete(entities->readings, channel, error) &&
                join_attributes(&loader, channel, error);
    if (good)
        join(&loader);
    places_free(loader.places);
    g_string_free(loader.text, TRUE);
    g_string_chunk_free(loader.arrays);
    return good;
}

void entities_done(struct entities *entities) {
    inventory_free(entities->inventory);
    readings_free(entities->readings);
    *entities = (struct entities){0};
}

static bool load_new(struct channel *channel, struct entities_view *view,
                     const struct selection *selection, struct entities *entities, bool counters,
                     struct error *error) {
    *entities = (struct entities){inventory_new(), readings_new(selection)};
    if (load_once(channel, view, selection, entities, counters, error))
        return true;
    entities_done(entities);
    return false;
}

/*
 * Views and pages end with their session, and a page whose answer was lost is not given again: when
 * a call had to be repeated, or the view is an old one, all of them are.
 */
bool entities_load(struct channel *channel, struct entities_view *view,
                   const struct selection *selection, struct entities *entities, bool counters,
                   struct error *error) {
    unsigned repeats = channel->repeats;
    bool old = view->type != NULL;
    bool good = load_new(channel, view, selection, entities, counters, error);
    if (!good && error->kind == ERROR_FAULT && (old || repeats != channel->repeats)) {
        error_clear(error);
        entities_view_done(view);
        good = load_new(channel, view, selection, entities, counters, error);
    }
    if (good)
        inventory_sort(entities->inventory);
    return good;
}
