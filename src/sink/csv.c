/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Long ("tidy") CSV: one row per sample, the main output. */
#include <glib.h>
#include <stdio.h>

#include "core/value.h"
#include "sink/csv_text.h"
#include "sink/formats.h"

enum { ROW_SIZE = 512 };

/* DuckDB's sniffer reads a beginning only: the quotes must be seen though no name needs them. */
static void csv_begin(struct sink *sink) {
    fputs("timestamp,source,hypervisor,type,\"name\",id,counter,instance,value,unit,interval\n",
          sink->stream);
}

/* The cells between timestamp and value, commas on both sides included. */
static void append_identity(GString *row, const struct series *series, bool safe) {
    const char *const cells[] = {
        series->entity->source, series->entity->hypervisor, entity_type_name(series->entity->type),
        series->entity->name,   series->entity->id,         series->counter->name,
        series->instance,
    };

    g_string_append_c(row, ',');
    for (size_t i = 0; i < G_N_ELEMENTS(cells); i++) {
        csv_append(row, cells[i], safe);
        g_string_append_c(row, ',');
    }
}

static void append_measure(GString *row, const struct series *series, bool safe) {
    char text[VALUE_TEXT_SIZE];

    g_string_append_c(row, ',');
    csv_append(row, series->counter->unit, safe);
    g_string_append_c(row, ',');
    /* As a raw value: printf would take a fifth of the time of a series. */
    g_string_append_len(row, text,
                        (gssize)value_text(text, series->interval, series->counter, true));
    g_string_append_c(row, '\n');
}

/* Only timestamp and value differ between the rows of a series; the rest is formatted once. */
static void csv_write(struct sink *sink, const struct series *series) {
    GString *row = g_string_sized_new(ROW_SIZE);
    char text[MAX(TIME_TEXT_SIZE, VALUE_TEXT_SIZE)];

    append_identity(row, series, sink->options.spreadsheet_safe);
    size_t identity = row->len;
    append_measure(row, series, sink->options.spreadsheet_safe);
    for (size_t i = 0; i < series->count; i++) {
        const struct sample *sample = &series->samples[i];
        fwrite_unlocked(text, 1, time_text(text, sample->time), sink->stream);
        fwrite_unlocked(row->str, 1, identity, sink->stream);
        fwrite_unlocked(text, 1,
                        value_text(text, sample->value, series->counter, sink->options.raw),
                        sink->stream);
        fwrite_unlocked(row->str + identity, 1, row->len - identity, sink->stream);
    }
    g_string_free(row, TRUE);
}

static void csv_end(struct sink *sink) {
    (void)sink;
}

const struct sink_ops sink_csv = {
    .name = "csv",
    .begin = csv_begin,
    .write = csv_write,
    .end = csv_end,
};
