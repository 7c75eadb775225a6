/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* CustomFieldsManager.field, and what customValue says in its terms. */
#include "source/vsphere/inventory/attributes.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/vsphere/inventory/properties.h"
#include "source/vsphere/session/session.h"
#include "source/vsphere/wire/wire_walk.h"

/* Pairs of a key and the text with this name beside it. */
struct pairs {
    const char *beside;
    char *key, *text; /* of the element at hand */
    void (*take)(void *context, const char *key, const char *text);
    void *context;
};

static void keep(char **to, const char *text) {
    free(*to);
    *to = memory_strdup(text);
}

static void end(void *context, const struct wire_step *step) {
    struct pairs *pairs = context;
    if (step->depth == 1 && wire_step_is(step, "key"))
        keep(&pairs->key, step->text);
    else if (step->depth == 1 && wire_step_is(step, pairs->beside))
        keep(&pairs->text, step->text);
    if (step->depth)
        return;
    if (pairs->key && pairs->text)
        pairs->take(pairs->context, pairs->key, pairs->text);
    free(pairs->key);
    free(pairs->text);
    pairs->key = pairs->text = NULL;
}

static void walk(const char *xml, struct pairs *pairs) {
    wire_walk(xml, &(struct wire_visitor){pairs, NULL, end});
    free(pairs->key);
    free(pairs->text);
}

static void take_name(void *context, const char *key, const char *name) {
    g_hash_table_replace(context, memory_strdup(key), memory_strdup(name));
}

static void visit(void *context, const struct vim25__ObjectContent *object) {
    for (int i = 0; i < object->__sizepropSet; i++) {
        struct pairs pairs = {.beside = "name", .take = take_name, .context = context};
        if (object->propSet[i].val.text)
            walk(object->propSet[i].val.text, &pairs);
    }
}

GHashTable *attributes_names(struct channel *channel, struct error *error) {
    const struct session_moref *manager = &channel->session->custom_fields_manager;
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, free, free);
    const struct properties_reader reader = {visit, names};
    if (!manager->value || properties_of(channel, manager, "field", &reader, error))
        return names;
    g_hash_table_destroy(names);
    return NULL;
}

/* The attributes of one entity. */
struct list {
    GHashTable *names;
    GPtrArray *texts;
};

static void take_value(void *context, const char *key, const char *value) {
    struct list *list = context;
    const char *name = g_hash_table_lookup(list->names, key);
    g_ptr_array_add(list->texts, memory_printf("%s=%s", name ? name : key, value));
}

static gint compare(gconstpointer a, gconstpointer b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *attributes_text(const char *xml, GHashTable *names) {
    struct list list = {names, g_ptr_array_new_with_free_func(free)};
    struct pairs pairs = {.beside = "value", .take = take_value, .context = &list};
    walk(xml, &pairs);
    g_ptr_array_sort(list.texts, compare);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < list.texts->len; i++)
        g_string_append_printf(text, "%s%s", i ? "; " : "",
                               (const char *)g_ptr_array_index(list.texts, i));
    g_ptr_array_free(list.texts, TRUE);
    char *copy = memory_strdup(text->str);
    g_string_free(text, TRUE);
    return copy;
}
