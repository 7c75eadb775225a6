/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The names of entity types and states; copies and comparisons of entities. */
#include "core/entity.h"

#include <assert.h>
#include <string.h>

#include "core/memory.h"

static const char *const type_names[ENTITY_TYPES] = {
    [ENTITY_VM] = "vm",
    [ENTITY_HOST] = "host",
    [ENTITY_POOL] = "pool",
    [ENTITY_CLUSTER] = "cluster",
    [ENTITY_DATASTORE] = "datastore",
    [ENTITY_DATACENTER] = "datacenter",
};

static const char *const state_names[] = {
    [STATE_UNKNOWN] = "unknown",
    [STATE_ON] = "on",
    [STATE_OFF] = "off",
    [STATE_SUSPENDED] = "suspended",
    [STATE_DISCONNECTED] = "disconnected",
};

const char *entity_type_name(enum entity_type type) {
    assert(type < ENTITY_TYPES);
    return type_names[type];
}

bool entity_type_from_name(const char *name, size_t length, enum entity_type *type) {
    for (enum entity_type i = 0; i < ENTITY_TYPES; i++) {
        if (strlen(type_names[i]) == length && memcmp(type_names[i], name, length) == 0) {
            *type = i;
            return true;
        }
    }
    return false;
}

const char *entity_state_name(enum entity_state state) {
    assert(state < sizeof state_names / sizeof *state_names);
    return state_names[state];
}

const char *entity_state_text(const struct entity *entity) {
    bool has_state = entity->type == ENTITY_VM || entity->type == ENTITY_HOST;
    return has_state ? entity_state_name(entity->state) : "";
}

void entity_strings(struct entity *entity, const char **fields[ENTITY_STRINGS]) {
    const char **all[ENTITY_STRINGS] = {
        &entity->source,     &entity->hypervisor, &entity->name,       &entity->id,
        &entity->uuid,       &entity->host,       &entity->guest_os,   &entity->cpu_model,
        &entity->shape,      &entity->subtype,    &entity->title,      &entity->reason,
        &entity->url,        &entity->folder,     &entity->datacenter, &entity->cluster,
        &entity->pool,       &entity->datastores, &entity->guest_host, &entity->guest_ip,
        &entity->attributes, &entity->guest_id,   &entity->tags,       &entity->target,
        &entity->labels,
    };
    memcpy(fields, all, sizeof all);
}

void entity_path(const struct entity *entity, GString *path) {
    g_string_truncate(path, 0);
    if (!entity->folder)
        return;
    g_string_append_printf(path, "%s%s", entity->folder, *entity->folder ? "/" : "");
    for (const char *from = entity->name ? entity->name : ""; *from; from++)
        if (strchr("/\\%", *from))
            g_string_append_printf(path, "%%%02x", *from);
        else
            g_string_append_c(path, *from);
}

struct entity *entity_copy(const struct entity *entity) {
    struct entity shallow = *entity;
    const char **fields[ENTITY_STRINGS];
    size_t size = sizeof shallow;
    entity_strings(&shallow, fields);
    for (size_t i = 0; i < ENTITY_STRINGS; i++)
        size += *fields[i] ? strlen(*fields[i]) + 1 : 0;
    struct entity *copy = memory_alloc(size);
    char *end = (char *)(copy + 1);
    for (size_t i = 0; i < ENTITY_STRINGS; i++) {
        const char *text = *fields[i];
        *fields[i] = text ? end : NULL;
        end = text ? stpcpy(end, text) + 1 : end;
    }
    *copy = shallow;
    return copy;
}

static int compare_texts(const char *left, const char *right) {
    return strcmp(left ? left : "", right ? right : "");
}

void entity_key(const struct entity *entity, GString *key) {
    g_string_truncate(key, 0);
    g_string_append_c(key, (char)('0' + entity->type));
    g_string_append(key, entity->source ? entity->source : "");
    g_string_append_c(key, '\n');
    g_string_append(key, entity->id ? entity->id : "");
}

static bool same_text(const char *left, const char *right) {
    return left && right ? strcmp(left, right) == 0 : left == right;
}

bool entity_same(const struct entity *left, const struct entity *right) {
    return left->type == right->type && compare_texts(left->id, right->id) == 0 &&
           compare_texts(left->source, right->source) == 0;
}

bool entity_equal(const struct entity *left, const struct entity *right) {
    struct entity mine = *left, other = *right;
    const char **my_strings[ENTITY_STRINGS], **other_strings[ENTITY_STRINGS];
    entity_strings(&mine, my_strings);
    entity_strings(&other, other_strings);
    for (size_t i = 0; i < ENTITY_STRINGS; i++)
        if (!same_text(*my_strings[i], *other_strings[i]))
            return false;
    return mine.type == other.type && mine.state == other.state && mine.cpus == other.cpus &&
           mine.threads == other.threads && mine.cpu_mhz == other.cpu_mhz &&
           mine.memory_kib == other.memory_kib;
}

static int compare_ids(const char *left, const char *right) {
    size_t mine = left ? strlen(left) : 0, other = right ? strlen(right) : 0;
    if (mine != other)
        return mine < other ? -1 : 1;
    return compare_texts(left, right);
}

int entity_compare(const struct entity *left, const struct entity *right) {
    if (left->type != right->type)
        return left->type < right->type ? -1 : 1;
    int order = compare_texts(left->name, right->name);
    return order ? order : compare_ids(left->id, right->id);
}
