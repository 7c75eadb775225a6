/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The names of entity types and states. */
#include "core/entity.h"

#include <assert.h>
#include <string.h>

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
