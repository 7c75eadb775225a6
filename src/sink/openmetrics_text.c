/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "sink/openmetrics_text.h"

#include <stdlib.h>
#include <string.h>

#include "core/label.h"
#include "core/memory.h"
#include "core/value.h"

/* What the info metric tells of an entity in any case. */
static const char *const info_fields[] = {
    "uuid", "host", "cluster", "datacenter", "folder", "pool", "guest_os", "cpus", "memory_kib",
};

static void append_escaped(GString *text, const char *value, bool quotes) {
    for (; *value; value++) {
        if (*value == '\\' || (*value == '"' && quotes))
            g_string_append_c(text, '\\');
        if (*value == '\n')
            g_string_append(text, "\\n");
        else
            g_string_append_c(text, *value);
    }
}

static void append_text(GString *text, const char *value, bool quotes) {
    if (g_utf8_validate(value, -1, NULL)) {
        append_escaped(text, value, quotes);
        return;
    }
    char *valid = g_utf8_make_valid(value, -1);
    append_escaped(text, valid, quotes);
    g_free(valid);
}

/* The old format calls a counter by the name of its samples. */
static const char *suffix_of(const struct metric *metric, enum openmetrics_dialect dialect) {
    return metric->total && dialect == PROMETHEUS ? "_total" : "";
}

void openmetrics_family(GString *text, enum openmetrics_dialect dialect,
                        const struct metric *metric) {
    const char *suffix = suffix_of(metric, dialect);
    g_string_append_printf(text, "# HELP %s%s ", metric->name, suffix);
    append_text(text, metric->help, dialect == OPENMETRICS);
    g_string_append_printf(text, "\n# TYPE %s%s %s\n", metric->name, suffix,
                           metric->total ? "counter" : "gauge");
    if (*metric->unit && dialect == OPENMETRICS)
        g_string_append_printf(text, "# UNIT %s %s\n", metric->name, metric->unit);
}

void openmetrics_label(GString *labels, const char *name, const char *value) {
    if (!value || !*value)
        return;
    if (labels->len)
        g_string_append_c(labels, ',');
    g_string_append(labels, name);
    g_string_append(labels, "=\"");
    append_text(labels, value, true);
    g_string_append_c(labels, '"');
}

/* Those of the target. */
static void append_labels(GString *labels, const char *list) {
    struct label label;
    while (labels_next(&list, &label)) {
        char *key = memory_strndup(label.key, label.key_length);
        char *value = memory_strndup(label.value, label.value_length);
        openmetrics_label(labels, key, value);
        free(key);
        free(value);
    }
}

void openmetrics_labels(GString *labels, const struct entity *entity) {
    openmetrics_label(labels, "source", entity->source);
    openmetrics_label(labels, "hypervisor", entity->hypervisor);
    openmetrics_label(labels, "type", entity_type_name(entity->type));
    openmetrics_label(labels, "name", entity->name);
    openmetrics_label(labels, "id", entity->id);
    append_labels(labels, entity->labels);
}

size_t openmetrics_time(char text[OPENMETRICS_TIME_SIZE], enum openmetrics_dialect dialect,
                        int64_t seconds) {
    if (seconds == OPENMETRICS_NO_TIME)
        return 0;
    text[0] = ' ';
    size_t length = 1 + value_digits(text + 1, seconds, false);
    for (int i = 0; i < 3 && dialect == PROMETHEUS && seconds; i++)
        text[length++] = '0'; /* milliseconds */
    return length;
}

static void append_time(GString *text, enum openmetrics_dialect dialect, int64_t seconds) {
    char digits[OPENMETRICS_TIME_SIZE];
    g_string_append_len(text, digits, (gssize)openmetrics_time(digits, dialect, seconds));
}

void openmetrics_series(GString *text, const struct metric *metric, const GString *labels) {
    g_string_append(text, metric->name);
    if (metric->total)
        g_string_append_len(text, "_total", 6);
    g_string_append_c(text, '{');
    g_string_append_len(text, labels->str, (gssize)labels->len);
    g_string_append_len(text, "} ", 2);
}

void openmetrics_sample(GString *text, enum openmetrics_dialect dialect,
                        const struct metric *metric, const GString *labels,
                        const struct openmetrics_value *value) {
    openmetrics_series(text, metric, labels);
    g_string_append_len(text, value->text, (gssize)value->length);
    append_time(text, dialect, value->seconds);
    g_string_append_c(text, '\n');
}

/* OpenMetrics has a type for it, and calls the family by the name without _info. */
void openmetrics_info_family(GString *text, enum openmetrics_dialect dialect) {
    static const char help[] = "What is known of an entity";
    if (dialect == OPENMETRICS)
        g_string_append_printf(text, "# HELP vperf_entity %s\n# TYPE vperf_entity info\n", help);
    else
        g_string_append_printf(
            text, "# HELP vperf_entity_info %s\n# TYPE vperf_entity_info gauge\n", help);
}

static bool is_told(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(info_fields); i++)
        if (strcmp(info_fields[i], name) == 0)
            return true;
    return false;
}

static void append_field(GString *labels, GString *value, const struct entity_field *field,
                         const struct entity *entity) {
    g_string_truncate(value, 0);
    entity_field_append(value, field, entity);
    openmetrics_label(labels, field->name, value->str);
}

void openmetrics_info(GString *text, const struct entity *entity,
                      const struct entity_field *const *fields, size_t count) {
    openmetrics_info_at(text, OPENMETRICS, entity, fields, count, OPENMETRICS_NO_TIME);
}

void openmetrics_info_at(GString *text, enum openmetrics_dialect dialect,
                         const struct entity *entity, const struct entity_field *const *fields,
                         size_t count, int64_t seconds) {
    GString *labels = g_string_new(NULL), *value = g_string_new(NULL);
    openmetrics_labels(labels, entity);
    for (size_t i = 0; i < ENTITY_FIELDS; i++)
        if (is_told(entity_fields[i].name))
            append_field(labels, value, &entity_fields[i], entity);
    for (size_t i = 0; i < count; i++)
        if (!fields[i]->label && !is_told(fields[i]->name))
            append_field(labels, value, fields[i], entity);
    g_string_append_printf(text, "vperf_entity_info{%s} 1", labels->str);
    append_time(text, dialect, seconds);
    g_string_append_c(text, '\n');
    g_string_free(labels, TRUE);
    g_string_free(value, TRUE);
}

void openmetrics_end(GString *text, enum openmetrics_dialect dialect) {
    if (dialect == OPENMETRICS)
        g_string_append(text, "# EOF\n");
}
