/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include <glib.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/rest/helper/disguise.h"
#include "source/rest/helper/json.h"

enum { LONGEST_KEY = 40, DEEPEST = 64 };

/* Who gave the members of an object their names. */
enum keys {
    KEYS_OF_API,     /* the API */
    KEYS_OF_DEVICES, /* the API, as far as they look like its devices */
    KEYS_FREE,       /* anybody, whatever the names are: they vouch for no text */
};

static json_t *walk(struct disguise *disguise, const char *key, const json_t *value, enum keys keys,
                    int depth);

static enum keys keys_below(const char *key, enum keys keys) {
    static const char *const devices[] = {"blockstat", "nics"};
    static const char *const of_api[] = {
        "data",    "ballooninfo", "memory", "swap",           "rootfs",    "ksm",
        "cpuinfo", "ha",          "errors", "current-kernel", "boot-info",
    };
    if (keys == KEYS_OF_DEVICES)
        return KEYS_OF_API;
    if (keys == KEYS_FREE)
        return KEYS_FREE;
    for (size_t i = 0; i < G_N_ELEMENTS(devices); i++)
        if (strcmp(devices[i], key) == 0)
            return KEYS_OF_DEVICES;
    for (size_t i = 0; i < G_N_ELEMENTS(of_api); i++)
        if (strcmp(of_api[i], key) == 0)
            return KEYS_OF_API;
    return KEYS_FREE;
}

static char *member_name(struct disguise *disguise, const char *key, enum keys keys) {
    bool plain =
        strlen(key) <= LONGEST_KEY && !key[strspn(key, G_CSET_A_2_Z G_CSET_a_2_z "0123456789_-")];
    if (keys == KEYS_OF_DEVICES)
        return disguise_device(disguise, key);
    if (plain && (keys == KEYS_OF_API || disguise_knows(key)))
        return memory_strdup(key);
    return memory_strdup(disguise_text(disguise, key));
}

static json_t *walk_object(struct disguise *disguise, const json_t *value, enum keys keys,
                           int depth) {
    json_t *object = json_object();
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)value, key, member) {
        char *name = member_name(disguise, key, keys);
        const char *voucher = keys == KEYS_FREE ? "" : key;
        json_object_set_new(object, name,
                            walk(disguise, voucher, member, keys_below(key, keys), depth + 1));
        free(name);
    }
    return object;
}

/* Those of an array have the name of the array. */
static json_t *walk_array(struct disguise *disguise, const char *key, const json_t *value,
                          enum keys keys, int depth) {
    json_t *array = json_array();
    size_t index;
    json_t *item;
    json_array_foreach(value, index, item)
        json_array_append_new(array, walk(disguise, key, item, keys, depth + 1));
    return array;
}

static json_t *walk(struct disguise *disguise, const char *key, const json_t *value, enum keys keys,
                    int depth) {
    if (depth > DEEPEST)
        return json_null();
    if (json_is_object(value))
        return walk_object(disguise, value, keys, depth);
    if (json_is_array(value))
        return walk_array(disguise, key, value, keys, depth);
    if (!json_is_string(value))
        return json_incref((json_t *)value);
    char *text = disguise_value(disguise, key, json_string_value(value));
    json_t *stand_in = json_string(text);
    memory_wipe_free(text);
    return stand_in;
}

char *disguise_json(struct disguise *disguise, const char *body, size_t size) {
    struct error ignored = {0};
    rest_json_begin();
    json_t *root = json_loadb(body, size, 0, NULL);
    json_t *copy = root ? walk(disguise, "", root, KEYS_OF_API, 0) : NULL;
    char *text = rest_json_end(&ignored) && copy ? rest_json_text_of(copy, JSON_INDENT(1)) : NULL;
    json_decref(copy);
    json_decref(root);
    return text;
}
