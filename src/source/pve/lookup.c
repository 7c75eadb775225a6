/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/pve/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/pve/round.h"
#include "source/rest/helper/json.h"

static void add_guests(GHashTable *guests, const struct pve_place *place) {
    for (size_t i = 0; i < place->guests.count; i++) {
        struct pve_guest *guest = &place->guests.items[i];
        const struct pve_found *other = g_hash_table_lookup(guests, &guest->vmid);
        if (other && (other->guest->running || !guest->running))
            continue;
        struct pve_found *found = memory_alloc(sizeof *found);
        *found = (struct pve_found){guest, place};
        g_hash_table_replace(guests, &guest->vmid, found);
    }
}

static void add_resource(const struct pve *pve, json_t *resource, struct pve_lookup *lookup) {
    enum pve_kind kind = pve_kind_of(resource);
    const char *status = rest_json_text(resource, "status");
    if (kind == PVE_KIND_NONE)
        return;
    if (kind != PVE_KIND_STORAGE) {
        g_hash_table_replace(lookup->resources, (char *)rest_json_text(resource, "id"), resource);
        return;
    }
    char *id = pve_entity_id(&pve->cluster, resource);
    if (!status || strcmp(status, "available") != 0 || g_hash_table_contains(lookup->storages, id))
        free(id);
    else
        g_hash_table_insert(lookup->storages, id, resource);
}

void pve_lookup_make(struct pve_look *round) {
    struct pve_lookup *lookup = &round->lookup;
    size_t index;
    json_t *resource;
    *lookup = (struct pve_lookup){
        .places = g_hash_table_new(g_str_hash, g_str_equal),
        .guests = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free),
        .resources = g_hash_table_new(g_str_hash, g_str_equal),
        .storages = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL),
    };
    for (size_t i = 0; i < round->place_count; i++) {
        g_hash_table_insert(lookup->places, round->places[i].name, &round->places[i]);
        add_guests(lookup->guests, &round->places[i]);
    }
    json_array_foreach(round->pve->resources, index, resource)
        add_resource(round->pve, resource, lookup);
}

void pve_lookup_done(struct pve_lookup *lookup) {
    if (!lookup->places)
        return;
    g_hash_table_destroy(lookup->places);
    g_hash_table_destroy(lookup->guests);
    g_hash_table_destroy(lookup->resources);
    g_hash_table_destroy(lookup->storages);
}
