/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/entity_field.h"

#include <inttypes.h>
#include <string.h>

#include "core/label.h"
#include "core/selection.h"

static void append_state(GString *text, const struct entity *entity) {
    g_string_append(text, entity_state_text(entity));
}

static void append_path(GString *text, const struct entity *entity) {
    GString *path = g_string_new(NULL);
    entity_path(entity, path);
    g_string_append_len(text, path->str, (gssize)path->len);
    g_string_free(path, TRUE);
}

static void append_memory(GString *text, const struct entity *entity) {
    if (entity->memory_kib)
        g_string_append_printf(text, "%" PRId64, entity->memory_kib);
}

/* A target of the command line has no name. */
static void append_target(GString *text, const struct entity *entity) {
    const char *target = entity->target ? entity->target : entity->source;
    g_string_append(text, target ? target : "");
}

#define TEXT(field, context)                                                                       \
    { #field, false, false, context, offsetof(struct entity, field), NULL }
#define NUMBER(field)                                                                              \
    { #field, false, true, 0, offsetof(struct entity, field), NULL }

const struct entity_field entity_fields[ENTITY_FIELDS] = {
    TEXT(host, 0),
    TEXT(cluster, CONTEXT_PLACE),
    TEXT(datacenter, CONTEXT_PLACE),
    TEXT(folder, CONTEXT_PLACE),
    {"path", false, false, CONTEXT_PLACE, 0, append_path},
    TEXT(pool, CONTEXT_PLACE),
    TEXT(datastores, CONTEXT_PLACE),
    TEXT(uuid, 0),
    TEXT(title, 0),
    {"state", false, false, 0, 0, append_state},
    TEXT(reason, CONTEXT_DETAILS),
    TEXT(guest_os, 0),
    TEXT(guest_id, CONTEXT_GUEST_ID),
    TEXT(guest_host, CONTEXT_DETAILS),
    TEXT(guest_ip, CONTEXT_DETAILS),
    TEXT(attributes, CONTEXT_ATTRIBUTES),
    TEXT(tags, CONTEXT_TAGS),
    TEXT(url, 0),
    NUMBER(cpus),
    {"memory_kib", false, true, 0, 0, append_memory},
    NUMBER(threads),
    NUMBER(cpu_mhz),
    TEXT(cpu_model, 0),
    {"target", false, false, 0, 0, append_target},
    TEXT(labels, 0),
};

const struct entity_field *entity_field_find(const char *name, size_t length, struct error *error) {
    GString *known = g_string_new(NULL);
    for (size_t i = 0; i < ENTITY_FIELDS; i++) {
        const struct entity_field *field = &entity_fields[i];
        if (strlen(field->name) == length && memcmp(field->name, name, length) == 0) {
            g_string_free(known, TRUE);
            return field;
        }
        g_string_append_printf(known, "%s%s", i ? ", " : "", field->name);
    }
    error_set(error, ERROR_USAGE, "nothing of an entity is called '%.*s'; there is %s", (int)length,
              name, known->str);
    g_string_free(known, TRUE);
    return NULL;
}

void entity_field_append(GString *text, const struct entity_field *field,
                         const struct entity *entity) {
    const char *at = (const char *)entity + field->offset;
    struct label label;
    if (field->label) {
        if (labels_find(entity->labels, field->name, &label))
            g_string_append_len(text, label.value, (gssize)label.value_length);
    } else if (field->append) {
        field->append(text, entity);
    } else if (field->number) {
        int32_t number = *(const int32_t *)(const void *)at;
        if (number)
            g_string_append_printf(text, "%" PRId32, number);
    } else {
        const char *value = *(const char *const *)(const void *)at;
        g_string_append(text, value ? value : "");
    }
}
