/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/inventory/places.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/vsphere/inventory/kinds.h"

/* More floors than any inventory has: a server's objects may hold each other. */
enum { DEEPEST = 64 };

struct place {
    const char *type;
    const char *written; /* its name as the server writes it */
    const char *name;
    const char *parent; /* NULL at the top */
    const char *path;   /* NULL until it is wanted */
};

struct places {
    const char *root;
    GStringChunk *texts;
    GHashTable *by_id;
};

struct places *places_new(const char *root) {
    struct places *places = memory_alloc(sizeof *places);
    places->texts = g_string_chunk_new(4096);
    places->by_id = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free);
    places->root = g_string_chunk_insert(places->texts, root);
    return places;
}

void places_free(struct places *places) {
    if (!places)
        return;
    g_hash_table_destroy(places->by_id);
    g_string_chunk_free(places->texts);
    free(places);
}

void places_add(struct places *places, const char *type, const char *id, const char *name,
                const char *parent) {
    struct place *place = memory_alloc(sizeof *place);
    bool top = !parent || strcmp(parent, places->root) == 0;
    place->type = g_string_chunk_insert_const(places->texts, type);
    char *decoded = kinds_name(name);
    place->written = g_string_chunk_insert_const(places->texts, name);
    place->name = g_string_chunk_insert_const(places->texts, decoded);
    free(decoded);
    place->parent = top ? NULL : g_string_chunk_insert_const(places->texts, parent);
    g_hash_table_replace(places->by_id, g_string_chunk_insert_const(places->texts, id), place);
}

static struct place *find(const struct places *places, const char *id) {
    return id ? g_hash_table_lookup(places->by_id, id) : NULL;
}

/* The path of an object; "" of the root, and of one that may not be seen. */
static const char *path_of(const struct places *places, const char *id) {
    struct place *place = find(places, id);
    if (!place || place->path)
        return place ? place->path : "";
    GString *path = g_string_new(place->written);
    const struct place *above = find(places, place->parent);
    for (int floors = 0; above && floors < DEEPEST; floors++) {
        g_string_prepend_c(path, '/');
        g_string_prepend(path, above->path ? above->path : above->written);
        above = above->path ? NULL : find(places, above->parent);
    }
    place->path = g_string_chunk_insert_const(places->texts, path->str);
    g_string_free(path, TRUE);
    return place->path;
}

/* The name of the nearest object of the type, from this one upwards; NULL when there is none. */
static const char *nearest(const struct places *places, const char *id, const char *type) {
    const struct place *place = find(places, id);
    for (int floors = 0; place && floors < DEEPEST; floors++) {
        if (strcmp(place->type, type) == 0)
            return place->name;
        place = find(places, place->parent);
    }
    return NULL;
}

/* The names of these objects; of one that may not be seen, its id. The caller frees the list. */
static GString *names_of(const struct places *places, const char *ids) {
    GString *names = g_string_new(NULL);
    while (*ids) {
        size_t length = strcspn(ids, " ");
        char *id = memory_printf("%.*s", (int)length, ids);
        const struct place *place = find(places, id);
        g_string_append_printf(names, "%s%s", names->len ? "; " : "", place ? place->name : id);
        free(id);
        ids += length + (ids[length] == ' ');
    }
    return names;
}

void places_join(struct places *places, struct inventory *inventory, struct entity *entity,
                 const char *host) {
    const char *parent = entity->folder, *inside = host ? host : parent;
    inventory_set(inventory, &entity->datacenter, nearest(places, parent, "Datacenter"));
    inventory_set(inventory, &entity->cluster, nearest(places, inside, "ClusterComputeResource"));
    if (entity->pool)
        inventory_set(inventory, &entity->pool, path_of(places, entity->pool));
    if (parent)
        inventory_set(inventory, &entity->folder, path_of(places, parent));
    if (!entity->datastores)
        return;
    GString *names = names_of(places, entity->datastores);
    inventory_set(inventory, &entity->datastores, names->str);
    g_string_free(names, TRUE);
}
