/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A table for reading: one line per sample, in columns that fit the terminal. Widths are those of
 * the rows at hand: of a round of an endless run, or of so many rows; then comes another header.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/value.h"
#include "sink/formats.h"
#include "sink/records.h"

enum { MOST_ROWS = 5000, COLUMNS = 7 };

struct table {
    struct records_column columns[COLUMNS + ENTITY_FIELDS];
    size_t count;
    struct records *records;
    size_t rows;
    bool has_source;
    bool begun; /* a table has been written: the next one stands apart */
};

static void add_column(struct table *table, const char *name, bool number) {
    table->columns[table->count++] = (struct records_column){name, number};
}

/* Numbers and times are not narrowed; what a narrow terminal has no room for is the time. */
static struct table *table_of(struct sink *sink) {
    if (sink->state)
        return sink->state;
    struct table *table = memory_alloc(sizeof *table);
    table->has_source = sink->options.targets > 1;
    if (table->has_source)
        add_column(table, "source", false);
    add_column(table, "name", false);
    add_column(table, "counter", false);
    add_column(table, "instance", false);
    add_column(table, "value", true);
    add_column(table, "unit", false);
    add_column(table, "timestamp", true);
    for (size_t i = 0; i < sink->options.field_count; i++)
        add_column(table, sink->options.fields[i]->name, sink->options.fields[i]->number);
    sink->state = table;
    return table;
}

static void table_done(struct sink *sink) {
    struct table *table = sink->state;
    if (table)
        records_free(table->records);
    free(table);
}

static void finish(struct table *table, FILE *stream) {
    if (!table->records)
        return;
    if (table->begun)
        fputc('\n', stream);
    table->begun = true;
    records_finish(table->records);
    records_free(table->records);
    table->records = NULL;
    table->rows = 0;
}

static void put_fields(struct records *records, const struct entity *entity,
                       const struct sink_options *options) {
    GString *value = g_string_new(NULL);
    for (size_t i = 0; i < options->field_count; i++) {
        g_string_truncate(value, 0);
        entity_field_append(value, options->fields[i], entity);
        records_text(records, value->str);
    }
    g_string_free(value, TRUE);
}

static void put_row(struct table *table, const struct series *series, const struct sample *sample,
                    const struct sink_options *options) {
    char time[TIME_TEXT_SIZE], value[VALUE_TEXT_SIZE];
    const struct entity *entity = series->entity;
    time_text(time, sample->time);
    value_text(value, sample->value, series->counter, options->raw);
    if (table->has_source)
        records_text(table->records, entity->source);
    records_text(table->records, entity->name);
    records_text(table->records, series->counter->name);
    records_text(table->records, series->instance);
    records_text(table->records, value);
    records_text(table->records, value_unit(series, options->raw));
    records_text(table->records, time);
    put_fields(table->records, entity, options);
    table->rows++;
}

static void table_write(struct sink *sink, const struct series *series) {
    struct table *table = table_of(sink);
    for (size_t i = 0; i < series->count; i++) {
        if (table->rows == MOST_ROWS)
            finish(table, sink->stream);
        if (!table->records) {
            table->records =
                records_new(sink->stream, RECORDS_TABLE, false, table->columns, table->count);
            records_fit(table->records, sink->options.width);
            records_bold(table->records, sink->options.color);
        }
        put_row(table, series, &series->samples[i], &sink->options);
    }
}

static bool table_round_end(struct sink *sink, struct error *error) {
    if (sink->options.endless)
        finish(table_of(sink), sink->stream);
    return !sink->output || output_flush(sink->output, error);
}

static void table_end(struct sink *sink) {
    finish(table_of(sink), sink->stream);
}

static void table_begin(struct sink *sink) {
    (void)sink;
}

const struct sink_ops sink_table_format = {
    .name = "table",
    .row = "\n", /* no table follows what stands in a file */
    .takes = SINK_TAKES_RAW,
    .begin = table_begin,
    .write = table_write,
    .round_end = table_round_end,
    .end = table_end,
    .done = table_done,
};
