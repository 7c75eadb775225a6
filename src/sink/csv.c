/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Long ("tidy") CSV: one row per sample, the main output. */
#include <stdio.h>

#include "sink/csv_text.h"
#include "sink/formats.h"
#include "sink/sample_rows.h"

static void append_fields(GString *text, const struct entity *entity,
                          const struct sink_options *options) {
    GString *value = g_string_new(NULL);
    for (size_t i = 0; i < options->field_count; i++) {
        const struct entity_field *field = options->fields[i];
        g_string_truncate(value, 0);
        entity_field_append(value, field, entity);
        g_string_append_c(text, ',');
        csv_append(text, value->str, options->spreadsheet_safe && !field->number);
    }
    g_string_free(value, TRUE);
}

static void append_entity(GString *head, GString *tail, const struct entity *entity,
                          const struct sink_options *options) {
    const char *const cells[] = {entity->source, entity->hypervisor, entity_type_name(entity->type),
                                 entity->name, entity->id};
    g_string_append_c(head, ',');
    for (size_t i = 0; i < G_N_ELEMENTS(cells); i++) {
        csv_append(head, cells[i], options->spreadsheet_safe);
        g_string_append_c(head, ',');
    }
    append_fields(tail, entity, options);
    g_string_append_c(tail, '\n');
}

static void append_counter(GString *text, const char *name, const struct sink_options *options) {
    csv_append(text, name, options->spreadsheet_safe);
    g_string_append_c(text, ',');
}

static void append_instance(GString *text, const char *instance,
                            const struct sink_options *options) {
    csv_append(text, instance, options->spreadsheet_safe);
    g_string_append_c(text, ',');
}

static void append_unit(GString *text, const char *unit, const struct sink_options *options) {
    g_string_append_c(text, ',');
    csv_append(text, unit, options->spreadsheet_safe);
    g_string_append_c(text, ',');
}

static const struct row_style style = {
    .begin = "",
    .entity = append_entity,
    .counter = append_counter,
    .instance = append_instance,
    .unit = append_unit,
};

/* DuckDB's sniffer reads a beginning only: the quotes must be seen though no name needs them. */
static void csv_begin(struct sink *sink) {
    fputs("timestamp,source,hypervisor,type,\"name\",id,counter,instance,value,unit,interval",
          sink->stream);
    for (size_t i = 0; i < sink->options.field_count; i++)
        fprintf(sink->stream, ",%s", sink->options.fields[i]->name);
    fputc('\n', sink->stream);
}

static void csv_write(struct sink *sink, const struct series *series) {
    sample_rows_write(sink, series, &style);
}

const struct sink_ops sink_csv = {
    .name = "csv",
    .takes = SINK_TAKES_RAW | SINK_TAKES_SPREADSHEET_SAFE,
    .begin = csv_begin,
    .write = csv_write,
    .round_end = sample_rows_round_end,
    .end = sample_rows_end,
    .done = sample_rows_done,
};
