/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/inventory/tag_answers.h"

#include "core/memory.h"

/* Text that is neither empty nor long; NULL for all else. */
static const char *text_of(const json_t *json, size_t limit) {
    size_t length = json_string_length(json);
    return length && length <= limit ? json_string_value(json) : NULL;
}

/* An empty list may be null. */
static bool is_list(const json_t *json) {
    return json_is_null(json) ||
           (json_is_array(json) && json_array_size(json) <= TAG_ANSWERS_MAX_TAGS);
}

bool tag_answers_ids(const json_t *answer, GPtrArray *ids) {
    bool good = is_list(answer);
    for (size_t i = 0; good && i < json_array_size(answer); i++) {
        const char *id = text_of(json_array_get(answer, i), TAG_ANSWERS_MAX_ID);
        good = id != NULL;
        if (good)
            g_ptr_array_add(ids, memory_strdup(id));
    }
    return good;
}

bool tag_answers_name(const json_t *answer, const char **name) {
    *name = text_of(json_object_get(answer, "name"), TAG_ANSWERS_MAX_NAME);
    return *name;
}

bool tag_answers_category(const json_t *answer, const char **category) {
    *category = text_of(json_object_get(answer, "category_id"), TAG_ANSWERS_MAX_ID);
    return *category;
}

static bool visit_objects(const json_t *item, tag_answers_visit *visit, void *context) {
    const char *tag = text_of(json_object_get(item, "tag_id"), TAG_ANSWERS_MAX_ID);
    const json_t *objects = json_object_get(item, "object_ids");
    if (!tag || !(json_is_null(objects) || json_is_array(objects)))
        return false;
    for (size_t i = 0; i < json_array_size(objects); i++) {
        const json_t *object = json_array_get(objects, i);
        const char *id = text_of(json_object_get(object, "id"), TAG_ANSWERS_MAX_ID);
        if (!id || !visit(context, tag, id))
            return false;
    }
    return true;
}

bool tag_answers_attached(const json_t *answer, tag_answers_visit *visit, void *context) {
    bool good = is_list(answer);
    for (size_t i = 0; good && i < json_array_size(answer); i++)
        good = visit_objects(json_array_get(answer, i), visit, context);
    return good;
}
