/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Wide CSV: one row per time and entity, one column per counter and instance. All columns have to
 * be known before the first row: a bounded run is written at its end, with what does not fit into
 * memory in a temporary file; an endless one has the columns of the first rounds of its targets.
 */
#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/grouped.h"
#include "core/memory.h"
#include "core/value.h"
#include "sink/csv_text.h"
#include "sink/formats.h"
#include "sink/wide_columns.h"

enum { MEMORY_LIMIT = 16 << 20, TEXT_SIZE = 1 << 16 };

/* In front of the samples of a series. */
struct record {
    uint64_t column;
    uint64_t count;
};

/* One value of a row. */
struct cell {
    int64_t time;
    size_t position;
    int64_t value;
    bool hundredths;
};

struct wide {
    struct wide_columns *columns;
    struct grouped *rows; /* one group per entity */
    GHashTable *entities; /* numbers of groups, plus 1, by key and cells */
    GPtrArray *heads;     /* the cells of entities, by number */
    struct entity *entity;
    const struct entity *address;
    size_t number; /* of that entity */
    GString *key;
    GString *text;
    GArray *cells;
    GByteArray *awaited; /* for each target, whether its first round is over */
    struct error lost;
};

static void free_head(gpointer data) {
    g_string_free(data, TRUE);
}

static struct wide *wide_of(struct sink *sink) {
    if (sink->state)
        return sink->state;
    struct wide *wide = memory_alloc(sizeof *wide);
    wide->columns = wide_columns_new();
    wide->rows = grouped_new(MEMORY_LIMIT);
    wide->entities = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    wide->heads = g_ptr_array_new_with_free_func(free_head);
    wide->key = g_string_new(NULL);
    wide->text = g_string_new(NULL);
    wide->cells = g_array_new(FALSE, FALSE, sizeof(struct cell));
    wide->awaited = g_byte_array_new();
    sink->state = wide;
    return wide;
}

static void wide_done(struct sink *sink) {
    struct wide *wide = sink->state;
    if (!wide)
        return;
    wide_columns_free(wide->columns);
    grouped_free(wide->rows);
    g_hash_table_destroy(wide->entities);
    g_ptr_array_free(wide->heads, TRUE);
    free(wide->entity);
    g_string_free(wide->key, TRUE);
    g_string_free(wide->text, TRUE);
    g_array_free(wide->cells, TRUE);
    g_byte_array_free(wide->awaited, TRUE);
    free(wide);
}

static void append_cell(GString *text, const char *value, bool safe) {
    g_string_append_c(text, ',');
    csv_append(text, value, safe);
}

static void append_head(GString *text, const struct entity *entity,
                        const struct sink_options *options) {
    const char *const cells[] = {entity->source, entity->hypervisor, entity_type_name(entity->type),
                                 entity->name, entity->id};
    GString *value = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cells); i++)
        append_cell(text, cells[i], options->spreadsheet_safe);
    for (size_t i = 0; i < options->field_count; i++) {
        const struct entity_field *field = options->fields[i];
        g_string_truncate(value, 0);
        entity_field_append(value, field, entity);
        append_cell(text, value->str, options->spreadsheet_safe && !field->number);
    }
    g_string_free(value, TRUE);
}

/* The group of the entity. One that is called otherwise has other rows. */
static size_t group_of(struct wide *wide, const struct entity *entity,
                       const struct sink_options *options) {
    if (wide->entity && wide->address == entity && entity_same(wide->entity, entity))
        return wide->number;
    free(wide->entity);
    wide->entity = entity_copy(entity);
    wide->address = entity;
    GString *head = g_string_new(NULL);
    append_head(head, entity, options);
    entity_key(entity, wide->key);
    g_string_append(wide->key, head->str);
    wide->number = GPOINTER_TO_SIZE(g_hash_table_lookup(wide->entities, wide->key->str));
    if (wide->number) {
        g_string_free(head, TRUE);
        return --wide->number;
    }
    wide->number = wide->heads->len;
    g_ptr_array_add(wide->heads, head);
    g_hash_table_insert(wide->entities, memory_strdup(wide->key->str),
                        GSIZE_TO_POINTER(wide->heads->len));
    return wide->number;
}

/* A column that the header lacks is told once; too many of them end the run. */
static void leave_out(struct sink *sink, struct wide *wide, const struct series *series) {
    if (!wide_columns_fixed(wide->columns)) {
        error_set(&wide->lost, ERROR_OUTPUT,
                  "wide has room for %d columns: choose by --counter, --type or --instance "
                  "aggregate",
                  WIDE_MOST_COLUMNS);
        return;
    }
    if (!sink->omitted++)
        report(sink->reporter, REPORT_WARNING,
               "%s%s%s%s of %s '%s' came after the header was written: it has no column; such "
               "values are left out and counted",
               series->counter->name, *series->instance ? "[" : "", series->instance,
               *series->instance ? "]" : "", entity_type_name(series->entity->type),
               series->entity->name);
}

static void wide_write(struct sink *sink, const struct series *series) {
    struct wide *wide = wide_of(sink);
    bool found = false;
    if (!series->count || wide->lost.kind != ERROR_NONE)
        return;
    struct record record = {.count = series->count};
    record.column = wide_columns_of(wide->columns, series, sink->options.raw, &found);
    if (!found) {
        leave_out(sink, wide, series);
        return;
    }
    size_t group = group_of(wide, series->entity, &sink->options);
    if (!grouped_add(wide->rows, group, &record, sizeof record, &wide->lost) ||
        !grouped_add(wide->rows, group, series->samples, series->count * sizeof *series->samples,
                     &wide->lost))
        return;
}

/* By time, then column; of two of one place the later one comes last. */
static int compare_cells(gconstpointer a, gconstpointer b) {
    const struct cell *left = a, *right = b;
    if (left->time != right->time)
        return left->time < right->time ? -1 : 1;
    return left->position < right->position ? -1 : left->position > right->position;
}

static void read_cells(struct wide *wide, const char *bytes, size_t size) {
    g_array_set_size(wide->cells, 0);
    for (size_t at = 0; at < size;) {
        struct record record;
        memcpy(&record, bytes + at, sizeof record);
        at += sizeof record;
        const struct wide_column *column = wide_columns_at(wide->columns, record.column);
        for (uint64_t i = 0; i < record.count; i++, at += sizeof(struct sample)) {
            struct sample sample;
            memcpy(&sample, bytes + at, sizeof sample);
            struct cell cell = {sample.time, column->position, sample.value, column->hundredths};
            g_array_append_val(wide->cells, cell);
        }
    }
    g_array_sort(wide->cells, compare_cells);
}

static void fill(GString *text, char byte, size_t count) {
    size_t before = text->len;
    g_string_set_size(text, before + count);
    memset(text->str + before, byte, count);
}

static void begin_row(GString *text, int64_t time, const GString *head) {
    char digits[TIME_TEXT_SIZE];
    g_string_append_len(text, digits, (gssize)time_text(digits, time));
    g_string_append_len(text, head->str, (gssize)head->len);
}

static const struct cell *cell_at(const struct wide *wide, guint index) {
    return &g_array_index(wide->cells, struct cell, index);
}

/* The row of the time of the first cell; returns the first cell of the next row. */
static guint append_row(struct wide *wide, guint first, const GString *head) {
    int64_t time = cell_at(wide, first)->time;
    size_t next = 0, columns = wide_columns_count(wide->columns);
    guint at = first;
    begin_row(wide->text, time, head);
    for (; at < wide->cells->len && cell_at(wide, at)->time == time; at++) {
        const struct cell *cell = cell_at(wide, at);
        char digits[VALUE_TEXT_SIZE];
        if (at + 1 < wide->cells->len && cell[1].time == time && cell[1].position == cell->position)
            continue;
        fill(wide->text, ',', cell->position + 1 - next);
        size_t length = value_digits(digits, cell->value, cell->hundredths);
        g_string_append_len(wide->text, digits, (gssize)length);
        next = cell->position + 1;
    }
    fill(wide->text, ',', columns - next);
    g_string_append_c(wide->text, '\n');
    return at;
}

static void flush(GString *text, FILE *stream) {
    fwrite_unlocked(text->str, 1, text->len, stream);
    g_string_truncate(text, 0);
}

static bool write_rows(struct wide *wide, FILE *stream) {
    for (size_t i = 0; i < grouped_count(wide->rows); i++) {
        size_t size = 0;
        const char *bytes = grouped_read(wide->rows, i, &size, &wide->lost);
        if (!bytes)
            return false;
        read_cells(wide, bytes, size);
        for (guint at = 0; at < wide->cells->len;) {
            at = append_row(wide, at, g_ptr_array_index(wide->heads, i));
            if (wide->text->len >= TEXT_SIZE)
                flush(wide->text, stream);
        }
    }
    flush(wide->text, stream);
    grouped_clear(wide->rows);
    return true;
}

/* The file that comes after one that is moved away begins with the same header. */
static void write_header(struct sink *sink, struct wide *wide) {
    const struct sink_options *options = &sink->options;
    wide_columns_fix(wide->columns);
    g_string_assign(wide->text, "timestamp,source,hypervisor,type,\"name\",id");
    for (size_t i = 0; i < options->field_count; i++)
        g_string_append_printf(wide->text, ",%s", options->fields[i]->name);
    wide_columns_append(wide->columns, wide->text, options);
    g_string_append_c(wide->text, '\n');
    if (sink->output && sink->output->header) {
        free(sink->output->header);
        sink->output->header = memory_strdup(wide->text->str);
        sink->output->row = NULL;
    }
    flush(wide->text, sink->stream);
}

static bool write_out(struct sink *sink, struct wide *wide) {
    if (wide->lost.kind != ERROR_NONE)
        return false;
    if (!wide_columns_fixed(wide->columns))
        write_header(sink, wide);
    return write_rows(wide, sink->stream);
}

/* A target that cannot be reached is not waited for. */
static void settle(struct wide *wide, const struct sink *sink) {
    size_t count = MAX(sink->options.targets, sink->target + 1);
    guint before = wide->awaited->len;
    if (before < count) {
        g_byte_array_set_size(wide->awaited, (guint)count);
        memset(wide->awaited->data + before, 1, count - before);
    }
    wide->awaited->data[sink->target] = 0;
}

static bool is_settled(const struct wide *wide) {
    return !memchr(wide->awaited->data, 1, wide->awaited->len);
}

static void wide_event(struct sink *sink, const struct sink_event *event) {
    if (sink->options.endless && (event->kind == SINK_ROUND || event->kind == SINK_LOST))
        settle(wide_of(sink), sink);
}

static bool fail(const struct wide *wide, struct error *error) {
    return error_set(error, wide->lost.kind, "%s", wide->lost.message);
}

static bool wide_check(struct sink *sink, struct error *error) {
    const struct wide *wide = sink->state;
    if (wide && wide->lost.kind != ERROR_NONE)
        return fail(wide, error);
    return !sink->output || output_check(sink->output, error);
}

static bool wide_round_end(struct sink *sink, struct error *error) {
    struct wide *wide = wide_of(sink);
    wide->address = NULL;
    if (!sink->options.endless || !wide->awaited->len || !is_settled(wide))
        return true;
    if (!write_out(sink, wide))
        return fail(wide, error);
    return !sink->output || output_flush(sink->output, error);
}

static void wide_end(struct sink *sink) {
    (void)write_out(sink, wide_of(sink));
}

static void wide_begin(struct sink *sink) {
    (void)sink;
}

const struct sink_ops sink_wide = {
    .name = "wide",
    .endings = "wide.csv",
    .row = "\n", /* nothing begins so: a file that holds something may have other columns */
    .takes = SINK_TAKES_RAW | SINK_TAKES_SPREADSHEET_SAFE | SINK_TAKES_UNITS,
    .begin = wide_begin,
    .write = wide_write,
    .check = wide_check,
    .round_end = wide_round_end,
    .end = wide_end,
    .done = wide_done,
    .event = wide_event,
};
