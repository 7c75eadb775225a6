/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What each tag is attached to is asked, not what each entity has: a vCenter refuses the whole
 * question when one of the entities has gone meanwhile, and answers of tags what may be seen.
 */
#include "source/vsphere/inventory/tags.h"

#include <stdlib.h>
#include <string.h>

#include "core/cancel.h"
#include "core/clock.h"
#include "core/memory.h"
#include "source/vsphere/inventory/tag_answers.h"
#include "source/vsphere/inventory/tagged.h"
#include "source/vsphere/session/failure.h"
#include "source/vsphere/session/rest.h"
#include "source/vsphere/session/session.h"

enum {
    BLOCK = 500, /* tags in one request */
    NAMES_SECONDS = 3600,
    FIRST_PAUSE_SECONDS = 300, /* a wrong password that is tried often locks the account */
    LONGEST_PAUSE_SECONDS = 3600,
    MAX_TEXT_MIB = 64, /* of all entities */
};

static const int64_t second_ns = 1000000000;

/* One reading. */
struct reading_tags {
    struct tags *tags;
    struct channel *channel;
    GPtrArray *ids; /* of tags */
    struct tagged tagged;
    const char *overloaded; /* the id of an entity with too many tags */
    size_t size;            /* of all texts */
};

static bool malformed(const struct reading_tags *reading, const char *resource,
                      struct error *error) {
    return error_set(error, ERROR_PROTOCOL,
                     "%s: the answer to REST %s has not the form that was expected: check the "
                     "vCenter's version",
                     reading->channel->session->label, resource);
}

static bool list_ids(struct reading_tags *reading, struct error *error) {
    const struct rest_request request = {.resource = "tagging/tag"};
    json_t *answer = rest_call(reading->channel, &request, error);
    bool good = answer && (tag_answers_ids(answer, reading->ids) ||
                           malformed(reading, request.resource, error));
    json_decref(answer);
    return good;
}

static bool attach(void *context, const char *tag, const char *object) {
    struct reading_tags *reading = context;
    if (!tagged_add(&reading->tagged, tag, object))
        reading->overloaded = object;
    return !reading->overloaded && !cancel_requested(reading->channel->session->cancel);
}

/* The answer was not read to its end. */
static bool stopped(const struct reading_tags *reading, const char *resource, struct error *error) {
    const char *label = reading->channel->session->label;
    if (reading->overloaded)
        return error_set(error, ERROR_PROTOCOL, "%s: '%s' has more than %d tags", label,
                         reading->overloaded, TAGGED_MOST);
    if (cancel_requested(reading->channel->session->cancel))
        return error_set(error, ERROR_INTERRUPTED, "%s: interrupted", label);
    return malformed(reading, resource, error);
}

static bool list_attached(struct reading_tags *reading, guint from, struct error *error) {
    json_t *ids = json_array(), *body = json_object();
    for (guint i = from; i < reading->ids->len && i < from + BLOCK; i++)
        json_array_append_new(ids, json_string(reading->ids->pdata[i]));
    json_object_set_new(body, "tag_ids", ids);
    const struct rest_request request = {.resource = "tagging/tag-association",
                                         .action = "list-attached-objects-on-tags",
                                         .body = memory_check(body)};
    json_t *answer = rest_call(reading->channel, &request, error);
    bool good = answer && (tag_answers_attached(answer, attach, reading) ||
                           stopped(reading, request.resource, error));
    json_decref(answer);
    json_decref(body);
    return good;
}

/* The name of a category; NULL on failure. */
static const char *category_name(struct reading_tags *reading, const char *id,
                                 struct error *error) {
    GHashTable *known = reading->tags->categories;
    const char *name = g_hash_table_lookup(known, id);
    if (name)
        return name;
    const struct rest_request request = {.resource = "tagging/category", .id = id};
    json_t *answer = rest_call(reading->channel, &request, error);
    if (answer && tag_answers_name(answer, &name))
        g_hash_table_replace(known, memory_strdup(id), memory_strdup(name));
    else if (answer)
        malformed(reading, request.resource, error);
    json_decref(answer);
    return g_hash_table_lookup(known, id);
}

static bool learn_name(struct reading_tags *reading, const char *id, struct error *error) {
    const struct rest_request request = {.resource = "tagging/tag", .id = id};
    const char *name = NULL, *category = NULL;
    json_t *answer = rest_call(reading->channel, &request, error);
    if (!answer)
        return false;
    if (!tag_answers_name(answer, &name) || !tag_answers_category(answer, &category))
        malformed(reading, request.resource, error);
    else if ((category = category_name(reading, category, error)))
        g_hash_table_replace(reading->tags->names, memory_strdup(id),
                             memory_concat(category, ":", name, NULL));
    json_decref(answer);
    return error->kind == ERROR_NONE;
}

/* A tag that has been deleted meanwhile has no name. */
static bool learn_names(struct reading_tags *reading, struct error *error) {
    GHashTableIter iterator;
    gpointer id;
    g_hash_table_iter_init(&iterator, reading->tagged.tags);
    while (g_hash_table_iter_next(&iterator, &id, NULL)) {
        if (g_hash_table_contains(reading->tags->names, id) || learn_name(reading, id, error))
            continue;
        if (error->kind != ERROR_UNAVAILABLE)
            return false;
        error_clear(error);
    }
    return true;
}

static gint compare(gconstpointer a, gconstpointer b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The tags of one entity, owned by the caller. */
static char *compose(const struct reading_tags *reading, GHashTable *ids) {
    GPtrArray *names = g_ptr_array_new();
    GHashTableIter iterator;
    gpointer id;
    g_hash_table_iter_init(&iterator, ids);
    while (g_hash_table_iter_next(&iterator, &id, NULL)) {
        char *name = g_hash_table_lookup(reading->tags->names, id);
        if (name)
            g_ptr_array_add(names, name);
    }
    g_ptr_array_sort(names, compare);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < names->len; i++)
        g_string_append_printf(text, "%s%s", i ? "; " : "", (const char *)names->pdata[i]);
    g_ptr_array_free(names, TRUE);
    char *copy = memory_strdup(text->str);
    g_string_free(text, TRUE);
    return copy;
}

static bool compose_all(struct reading_tags *reading, struct error *error) {
    GHashTable *texts = g_hash_table_new_full(g_str_hash, g_str_equal, free, free);
    GHashTableIter iterator;
    gpointer id, ids;
    g_hash_table_iter_init(&iterator, reading->tagged.objects);
    while (reading->size <= (size_t)MAX_TEXT_MIB << 20 &&
           g_hash_table_iter_next(&iterator, &id, &ids)) {
        char *text = g_hash_table_size(ids) ? compose(reading, ids) : NULL;
        reading->size += text ? strlen(text) : 0;
        if (text)
            g_hash_table_replace(texts, memory_strdup(id), text);
    }
    if (reading->size > (size_t)MAX_TEXT_MIB << 20) {
        g_hash_table_destroy(texts);
        return error_set(error, ERROR_PROTOCOL, "%s: the names of tags are more than %d MiB",
                         reading->channel->session->label, MAX_TEXT_MIB);
    }
    if (reading->tags->texts)
        g_hash_table_destroy(reading->tags->texts);
    reading->tags->texts = texts;
    return true;
}

static bool read_all(struct reading_tags *reading, struct error *error) {
    bool good = list_ids(reading, error);
    for (guint i = 0; good && i < reading->ids->len; i += BLOCK)
        good = list_attached(reading, i, error);
    return good && learn_names(reading, error) && compose_all(reading, error);
}

/* What is read of a server that changes meanwhile is read once more. */
static bool read_tags(struct tags *tags, struct channel *channel, const struct inventory *inventory,
                      struct error *error) {
    bool good = false;
    for (int attempts = 0; attempts < 2 && !good; attempts++) {
        error_clear(error);
        struct reading_tags reading = {
            .tags = tags,
            .channel = channel,
            .ids = g_ptr_array_new_with_free_func(free),
        };
        tagged_init(&reading.tagged);
        for (size_t i = 0; i < inventory->count; i++)
            if (inventory->entities[i]->id)
                tagged_expect(&reading.tagged, inventory->entities[i]->id);
        good = read_all(&reading, error);
        tagged_done(&reading.tagged);
        g_ptr_array_free(reading.ids, TRUE);
        if (error->kind != ERROR_UNAVAILABLE)
            break;
    }
    return good;
}

/* Tags are renamed. */
static void forget_names(struct tags *tags, int64_t now_ns) {
    if (tags->names && now_ns - tags->named_ns < NAMES_SECONDS * second_ns)
        return;
    if (tags->names) {
        g_hash_table_destroy(tags->names);
        g_hash_table_destroy(tags->categories);
    }
    tags->names = g_hash_table_new_full(g_str_hash, g_str_equal, free, free);
    tags->categories = g_hash_table_new_full(g_str_hash, g_str_equal, free, free);
    tags->named_ns = now_ns;
}

static void note_loss(struct tags *tags, const struct channel *channel, const struct error *error,
                      int64_t now_ns) {
    backoff_extend(&tags->pause, now_ns, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS);
    free(tags->lost);
    tags->lost = memory_printf("tags cannot be read: %s", failure_reason(channel, error));
}

static void join(const struct tags *tags, struct inventory *inventory) {
    for (size_t i = 0; tags->texts && i < inventory->count; i++) {
        struct entity *entity = inventory->entities[i];
        const char *text = entity->id ? g_hash_table_lookup(tags->texts, entity->id) : NULL;
        inventory_set(inventory, &entity->tags, text);
    }
    inventory->lost = memory_strdup(tags->lost);
}

bool tags_load(struct tags *tags, struct channel *channel, struct inventory *inventory,
               struct error *error) {
    int64_t now_ns = clock_boot_ns();
    if (!channel->session->is_vcenter)
        return true;
    if (!backoff_holds(&tags->pause, now_ns)) {
        struct error failure = {0};
        forget_names(tags, now_ns);
        bool good = read_tags(tags, channel, inventory, &failure);
        if (failure.kind == ERROR_INTERRUPTED) {
            *error = failure;
            return false;
        }
        if (good) {
            tags->pause = (struct backoff){0};
            free(tags->lost);
            tags->lost = NULL;
        } else {
            note_loss(tags, channel, &failure, now_ns);
        }
    }
    join(tags, inventory);
    return true;
}

void tags_done(struct tags *tags) {
    GHashTable *const tables[] = {tags->names, tags->categories, tags->texts};
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
        if (tables[i])
            g_hash_table_destroy(tables[i]);
    free(tags->lost);
    *tags = (struct tags){0};
}
