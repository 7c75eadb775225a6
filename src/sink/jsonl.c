/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* JSON lines: one object per sample, with the columns of the long CSV as keys (RFC 8259). */
#include "sink/formats.h"
#include "sink/json_text.h"
#include "sink/sample_rows.h"

/* What is not known has no key. */
static void append_member(GString *text, const char *key, const char *value) {
    if (!value || !*value)
        return;
    g_string_append(text, ",\"");
    g_string_append(text, key);
    g_string_append(text, "\":");
    json_append(text, value);
}

static void append_fields(GString *text, const struct entity *entity,
                          const struct sink_options *options) {
    GString *value = g_string_new(NULL);
    for (size_t i = 0; i < options->field_count; i++) {
        const struct entity_field *field = options->fields[i];
        g_string_truncate(value, 0);
        entity_field_append(value, field, entity);
        if (field->number && value->len)
            g_string_append_printf(text, ",\"%s\":%s", field->name, value->str);
        else
            append_member(text, field->name, value->str);
    }
    g_string_free(value, TRUE);
}

static void append_entity(GString *head, GString *tail, const struct entity *entity,
                          const struct sink_options *options) {
    g_string_append_c(head, '"');
    append_member(head, "source", entity->source);
    append_member(head, "hypervisor", entity->hypervisor);
    append_member(head, "type", entity_type_name(entity->type));
    append_member(head, "name", entity->name);
    append_member(head, "id", entity->id);
    append_fields(tail, entity, options);
    g_string_append(tail, "}\n");
}

static void append_counter(GString *text, const char *name, const struct sink_options *options) {
    (void)options;
    append_member(text, "counter", name);
}

static void append_instance(GString *text, const char *instance,
                            const struct sink_options *options) {
    (void)options;
    append_member(text, "instance", instance);
    g_string_append(text, ",\"value\":");
}

static void append_unit(GString *text, const char *unit, const struct sink_options *options) {
    (void)options;
    append_member(text, "unit", unit);
    g_string_append(text, ",\"interval\":");
}

static const char row[] = "{\"timestamp\":\"";

static const struct row_style style = {
    .begin = row,
    .entity = append_entity,
    .counter = append_counter,
    .instance = append_instance,
    .unit = append_unit,
};

static void jsonl_begin(struct sink *sink) {
    (void)sink;
}

static void jsonl_write(struct sink *sink, const struct series *series) {
    sample_rows_write(sink, series, &style);
}

const struct sink_ops sink_jsonl = {
    .name = "jsonl",
    .row = row,
    .takes = SINK_TAKES_RAW,
    .begin = jsonl_begin,
    .write = jsonl_write,
    .round_end = sample_rows_round_end,
    .end = sample_rows_end,
    .done = sample_rows_done,
};
