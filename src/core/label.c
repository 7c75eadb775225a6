/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/label.h"

#include <stdlib.h>
#include <string.h>

#include "core/entity_field.h"
#include "core/memory.h"

/* Columns of rows, tags of telegraf's schema, and labels of Prometheus. */
static const char *const taken[] = {
    "timestamp", "source",   "hypervisor",  "type",           "name",      "id",
    "counter",   "instance", "value",       "unit",           "interval",  "vcenter",
    "moid",      "dcname",   "guest",       "clustername",    "vmname",    "esxhostname",
    "rpname",    "cpu",      "disk",        "dsname",         "interface", "adapter",
    "file",      "job",      "lun",         "inventory_path", "stat",      "quantile",
    "le",        "__name__", "measurement", "time",
};

static bool is_taken(const char *key, size_t length) {
    for (size_t i = 0; i < G_N_ELEMENTS(taken); i++)
        if (strlen(taken[i]) == length && memcmp(taken[i], key, length) == 0)
            return true;
    for (size_t i = 0; i < ENTITY_FIELDS; i++)
        if (strlen(entity_fields[i].name) == length &&
            memcmp(entity_fields[i].name, key, length) == 0)
            return true;
    return false;
}

bool labels_next(const char **list, struct label *label) {
    const char *text = *list ? *list : "";
    size_t length = strcspn(text, ",");
    if (!length)
        return false;
    label->key = text;
    label->key_length = strcspn(text, "=,");
    label->value = text + label->key_length + (text[label->key_length] == '=');
    label->value_length = (size_t)(text + length - label->value);
    *list = text + length + (text[length] == ',');
    return true;
}

bool labels_find(const char *list, const char *key, struct label *label) {
    while (labels_next(&list, label))
        if (strlen(key) == label->key_length && memcmp(key, label->key, label->key_length) == 0)
            return true;
    return false;
}

static bool is_key(const struct label *label) {
    static const char letters[] = G_CSET_A_2_Z G_CSET_a_2_z "_" G_CSET_DIGITS;
    return label->key_length && !g_ascii_isdigit(*label->key) &&
           strspn(label->key, letters) >= label->key_length;
}

static bool check_label(const char *list, const struct label *label, struct error *error) {
    int length = (int)label->key_length;
    if (!g_utf8_validate(list, -1, NULL) || list[strcspn(list, "\n\r\t")])
        return error_set(error, ERROR_USAGE,
                         "--label: values are of UTF-8 without control characters");
    if (!is_key(label) || !label->value_length)
        return error_set(error, ERROR_USAGE,
                         "--label '%s': expected KEY=VALUE,..., with letters, digits and _ in KEY",
                         list);
    if (is_taken(label->key, label->key_length))
        return error_set(error, ERROR_USAGE, "--label '%s': rows have a %.*s already", list, length,
                         label->key);
    struct label other;
    for (const char *rest = list; labels_next(&rest, &other) && other.key != label->key;)
        if (other.key_length == label->key_length &&
            memcmp(other.key, label->key, label->key_length) == 0)
            return error_set(error, ERROR_USAGE, "--label '%s': %.*s stands twice", list, length,
                             label->key);
    return true;
}

bool labels_check(const char *list, struct error *error) {
    const char *rest = list;
    struct label label = {.key = list};
    bool any = false;
    while (labels_next(&rest, &label)) {
        any = true;
        if (!check_label(list, &label, error))
            return false;
    }
    /* An empty one ends the list. */
    if (!any || *rest || list[strlen(list) - 1] == ',')
        return check_label(list, &(struct label){.key = ""}, error);
    return true;
}

static void append(GString *text, const struct label *label) {
    const char *end = label->value + label->value_length;
    g_string_append(text, text->len ? "," : "");
    g_string_append_len(text, label->key, end - label->key);
}

char *labels_merge(const char *nearer, const char *farther) {
    GString *text = g_string_new(nearer);
    struct label label, other;
    while (labels_next(&farther, &label)) {
        char *key = memory_strndup(label.key, label.key_length);
        if (!labels_find(nearer, key, &other))
            append(text, &label);
        free(key);
    }
    char *merged = memory_strdup(text->str);
    g_string_free(text, TRUE);
    return merged;
}
