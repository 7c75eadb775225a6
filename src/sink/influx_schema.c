/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "sink/influx_schema.h"

#include <inttypes.h>
#include <string.h>

static const char *const kinds[ENTITY_TYPES] = {
    [ENTITY_VM] = "vm",
    [ENTITY_HOST] = "host",
    [ENTITY_POOL] = "resource_pool",
    [ENTITY_CLUSTER] = "cluster",
    [ENTITY_DATASTORE] = "datastore",
    [ENTITY_DATACENTER] = "datacenter",
};

/* The tag that has the name of the entity itself. */
static const char *const name_tags[ENTITY_TYPES] = {
    [ENTITY_VM] = "vmname",           [ENTITY_HOST] = "esxhostname", [ENTITY_POOL] = "rpname",
    [ENTITY_CLUSTER] = "clustername", [ENTITY_DATASTORE] = "dsname", [ENTITY_DATACENTER] = "dcname",
};

static const char total[] = "instance-total";

/* The tag of an instance by the group of the counter; any other group has "instance". */
static const struct group {
    const char *name;
    const char *tag;
    bool has_total; /* the aggregate has the tag too */
} groups[] = {
    {"cpu", "cpu", true},       {"datastore", "lun", true},          {"disk", "disk", true},
    {"net", "interface", true}, {"storageAdapter", "adapter", true}, {"storagePath", "path", true},
    {"sys", "resource", false}, {"vflashModule", "module", false},   {"virtualDisk", "disk", true},
};

static const struct group *group_of(const struct counter *counter) {
    static const struct group other = {"", "instance", false};
    size_t length = strcspn(counter->name, ".");
    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++)
        if (strlen(groups[i].name) == length && memcmp(groups[i].name, counter->name, length) == 0)
            return &groups[i];
    return &other;
}

static bool needs_escape(char byte) {
    return byte == ',' || byte == '=' || byte == ' ';
}

/*
 * What stands in a line's name or tag. Readers do not agree on backslashes of the text itself: one
 * stays where none of them takes it for an escape; at the end of a text, telegraf leaves it out
 * too.
 */
static void append_valid(GString *text, const char *value) {
    for (; *value; value++) {
        size_t backslashes = strspn(value, "\\");
        value += backslashes;
        if (!*value)
            return;
        if (backslashes && !needs_escape(*value))
            g_string_append_c(text, '\\');
        if (needs_escape(*value))
            g_string_append_c(text, '\\');
        if (*value == '\n' || *value == '\r')
            g_string_append(text, *value == '\n' ? "\\n" : "\\r");
        else
            g_string_append_c(text, *value);
    }
}

static void append_text(GString *text, const char *value) {
    if (g_utf8_validate(value, -1, NULL)) {
        append_valid(text, value);
        return;
    }
    char *valid = g_utf8_make_valid(value, -1);
    append_valid(text, valid);
    g_free(valid);
}

/* A tag has no empty value: what is not known is left out. */
static void append_tag(GString *text, const char *tag, const char *value) {
    size_t before = text->len;
    g_string_append_printf(text, ",%s=", tag);
    size_t begin = text->len;
    if (value)
        append_text(text, value);
    if (text->len == begin)
        g_string_truncate(text, before);
}

void influx_append_measurement(GString *text, enum entity_type type,
                               const struct counter *counter) {
    size_t length = strcspn(counter->name, ".");
    g_string_append_printf(text, "vsphere_%s", kinds[type]);
    if (!counter->name[length])
        return;
    g_string_append_c(text, '_');
    char *group = g_strndup(counter->name, length);
    append_text(text, group);
    g_free(group);
}

/* "#ID", a counter that the server's catalogue lacks, is of no group. */
void influx_append_field(GString *text, const struct counter *counter) {
    const char *name = strchr(counter->name, '.');
    char *field = g_strdelimit(g_strdup(name ? name + 1 : counter->name), ".", '_');
    append_text(text, field);
    g_string_append_c(text, '=');
    g_free(field);
}

/* The name of the pool at the end of its path; a path has %2f, %5c and %25 for / \ and %. */
static void append_pool(GString *text, const char *path) {
    if (!path)
        return;
    const char *slash = strrchr(path, '/');
    char *name = g_uri_unescape_string(slash ? slash + 1 : path, NULL);
    append_tag(text, "rpname", name ? name : path);
    g_free(name);
}

/* telegraf leaves out what each id ends with. */
static void append_guest(GString *text, const struct entity *entity) {
    static const char end[] = "Guest";
    char *id = g_strdup(entity->guest_id ? entity->guest_id : entity->guest_os);
    if (entity->guest_id && g_str_has_suffix(id, end))
        id[strlen(id) - strlen(end)] = '\0';
    append_tag(text, "guest", id);
    g_free(id);
}

static void append_guest_tags(GString *text, const struct entity *entity) {
    append_tag(text, "esxhostname", entity->host);
    append_guest(text, entity);
    append_tag(text, "uuid", entity->uuid);
    append_pool(text, entity->pool);
}

/* A field that telegraf's own tag of the same name tells already, or that an instance's would hide.
 */
static const char *tag_of(const struct entity_field *field, const struct entity *entity) {
    if (strcmp(field->name, "uuid") == 0 && entity->type == ENTITY_VM)
        return NULL;
    return strcmp(field->name, "path") == 0 ? "inventory_path" : field->name;
}

static void append_fields(GString *text, const struct entity *entity,
                          const struct sink_options *options) {
    GString *value = g_string_new(NULL);
    for (size_t i = 0; i < options->field_count; i++) {
        const char *tag = tag_of(options->fields[i], entity);
        g_string_truncate(value, 0);
        entity_field_append(value, options->fields[i], entity);
        if (tag)
            append_tag(text, tag, value->str);
    }
    g_string_free(value, TRUE);
}

void influx_append_tags(GString *text, const struct entity *entity,
                        const struct sink_options *options) {
    bool esxi = entity->hypervisor && strcmp(entity->hypervisor, "esxi") == 0;
    append_tag(text, "vcenter", entity->source);
    append_tag(text, "source", entity->name);
    append_tag(text, "moid", entity->id);
    if (entity->type != ENTITY_DATACENTER)
        append_tag(text, "dcname", entity->datacenter);
    if (entity->type != ENTITY_CLUSTER)
        append_tag(text, "clustername", entity->cluster);
    append_tag(text, name_tags[entity->type], entity->name);
    if (entity->type == ENTITY_VM)
        append_guest_tags(text, entity);
    if (!esxi)
        append_tag(text, "hypervisor", entity->hypervisor);
    append_fields(text, entity, options);
}

bool influx_has_volumes(const struct counter *counter) {
    return strcmp(group_of(counter)->tag, "lun") == 0;
}

void influx_append_instance(GString *text, enum entity_type type, const struct counter *counter,
                            const char *instance, const char *volume) {
    const struct group *group = group_of(counter);
    const char *value = !*instance && group->has_total ? total : instance;
    append_tag(text, group->tag, value);
    if (influx_has_volumes(counter) && type != ENTITY_DATASTORE)
        append_tag(text, "dsname", volume ? volume : value);
}

void influx_append_memory(GString *text, const struct entity *entity) {
    if (entity->type == ENTITY_VM && entity->memory_kib)
        g_string_append_printf(text, ",memorySizeMB=\"%" PRId64 "\"", entity->memory_kib / 1024);
}
