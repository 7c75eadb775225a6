/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The rows of a comparison as a table for people, or as one wide CSV. */
#include "command/comparison.h"

#include <stdlib.h>
#include <string.h>

#include "command/comparison_rows.h"
#include "core/memory.h"
#include "core/value.h"

/* A table of guests on its way to the stream. */
struct list {
    const struct comparison *comparison;
    const struct rows *rows;
    size_t shown; /* guests */
    bool table;   /* for people */
    bool *marked; /* columns in which a shown value is approximate */
    struct records *records;
};

/* The columns that say whose values these are. */
static const struct records_column table_identity[] = {
    {"name", false}, {"hypervisor", false}, {"source", false}, {"type", false}};
static const struct records_column csv_identity[] = {
    {"row", false},  {"name", false}, {"hypervisor", false}, {"source", false},
    {"type", false}, {"id", false},   {"timestamp", false},  {"interval", true}};

static size_t identity_count(const struct list *list) {
    bool typed = list->comparison->order.show_types;
    return list->table ? G_N_ELEMENTS(table_identity) - !typed : G_N_ELEMENTS(csv_identity);
}

static void put_table_identity(const struct list *list, const struct row *row) {
    char *name =
        row->guests ? memory_printf("total of %zu", row->guests) : memory_strdup(row->entity->name);
    records_text(list->records, name);
    records_text(list->records, row->entity->hypervisor);
    records_text(list->records, row->guests ? NULL : row->entity->source);
    if (list->comparison->order.show_types)
        records_text(list->records, entity_type_name(row->entity->type));
    free(name);
}

static void put_csv_identity(const struct list *list, const struct row *row) {
    const struct entity *entity = row->entity;
    bool total = row->guests > 0;
    char time[TIME_TEXT_SIZE] = "";
    if (row->time)
        time_text(time, row->time);
    records_text(list->records, total ? "total" : entity->type == ENTITY_HOST ? "host" : "guest");
    records_text(list->records, total ? NULL : entity->name);
    records_text(list->records, entity->hypervisor);
    records_text(list->records, total ? NULL : entity->source);
    records_text(list->records, entity_type_name(entity->type));
    records_text(list->records, total ? NULL : entity->id);
    records_text(list->records, time);
    records_number(list->records, row->interval, true);
}

/* In a table the digits of all values stand below each other, marked or not. */
static void put_value(const struct list *list, const struct row *row, size_t column) {
    const struct cell *cell = &row->cells[column];
    char text[VALUE_TEXT_SIZE + 1] = "";
    if (cell->known) {
        bool raw = list->comparison->sink.options.raw;
        size_t length = value_text(text, cell->value, list->rows->columns.counters[column], raw);
        if (list->table && list->marked[column])
            memcpy(text + length, cell->approximate ? "~" : " ", 2);
    }
    records_text(list->records, text);
}

static bool is_marked(const struct row *row, size_t column) {
    return row->cells[column].known && row->cells[column].approximate;
}

/* The names of the counters whose value is approximate. */
static void put_approximate(const struct list *list, const struct row *row) {
    const struct columns *columns = &list->rows->columns;
    GString *names = g_string_new(NULL);
    for (size_t i = 0; i < columns->count; i++)
        if (is_marked(row, i))
            g_string_append_printf(names, "%s%s", names->len ? " " : "",
                                   columns->counters[i]->name);
    records_text(list->records, names->str);
    g_string_free(names, TRUE);
}

static void put_rows(const struct list *list, const struct row *rows, size_t count) {
    for (const struct row *row = rows; row < rows + count; row++) {
        if (list->table)
            put_table_identity(list, row);
        else
            put_csv_identity(list, row);
        for (size_t i = 0; i < list->rows->columns.count; i++)
            put_value(list, row, i);
        if (!list->table)
            put_approximate(list, row);
    }
}

static void mark_columns(struct list *list, const struct row *rows, size_t count) {
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < list->rows->columns.count; k++)
            list->marked[k] |= is_marked(&rows[i], k);
}

static void put_empty_row(const struct list *list, size_t columns) {
    for (size_t i = 0; i < columns; i++)
        records_text(list->records, NULL);
}

static void put_legend(const struct list *list) {
    FILE *stream = list->comparison->sink.stream;
    bool approximate = false;
    for (size_t i = 0; i < list->rows->columns.count; i++)
        approximate |= list->marked[i];
    fputc('\n', stream);
    if (list->shown < list->rows->count)
        fprintf(stream, "%zu of %zu rows are shown; the totals cover all of them.\n", list->shown,
                list->rows->count);
    if (list->rows->total_count)
        fputs("total: the sum; of percentages and latencies, the mean.\n", stream);
    if (approximate)
        fputs("~ approximate: this hypervisor has no such figure of its own; 'vperf counters' "
              "tells the formula.\n",
              stream);
}

static char *heading(const struct list *list, const struct counter *counter) {
    return list->table ? column_heading(counter, list->comparison->sink.options.raw)
                       : column_title(counter);
}

/* The columns borrow the headings of values. */
static GArray *make_columns(const struct list *list, GPtrArray *headings) {
    static const struct records_column approximate = {"approximate", false};
    GArray *columns = g_array_new(FALSE, FALSE, sizeof approximate);
    g_array_append_vals(columns, list->table ? table_identity : csv_identity,
                        (guint)identity_count(list));
    for (size_t i = 0; i < list->rows->columns.count; i++) {
        struct records_column column = {heading(list, list->rows->columns.counters[i]), true};
        g_ptr_array_add(headings, (gpointer)column.name);
        g_array_append_val(columns, column);
    }
    if (!list->table)
        g_array_append_val(columns, approximate);
    return columns;
}

static void put_list(struct list *list) {
    const struct comparison *comparison = list->comparison;
    const struct rows *rows = list->rows;
    GPtrArray *headings = g_ptr_array_new_with_free_func(free);
    GArray *columns = make_columns(list, headings);
    list->records = records_new(comparison->sink.stream, comparison->order.format,
                                comparison->sink.options.spreadsheet_safe,
                                (const struct records_column *)(void *)columns->data, columns->len);
    records_fold(list->records, identity_count(list), comparison->order.width);
    put_rows(list, rows->guests, list->shown);
    if (list->table && rows->total_count)
        put_empty_row(list, columns->len);
    put_rows(list, rows->totals, rows->total_count);
    records_finish(list->records);
    records_free(list->records);
    g_array_free(columns, TRUE);
    g_ptr_array_free(headings, TRUE);
}

static struct comparison *from_sink(struct sink *sink) {
    return (struct comparison *)sink;
}

static void begin(struct sink *sink) {
    (void)sink;
}

static void write_series(struct sink *sink, const struct series *series) {
    latest_write(from_sink(sink)->latest, 0, series);
}

/* A guest without any value has a row as well. */
static void write_entity(struct sink *sink, const struct entity *entity) {
    latest_add_entity(from_sink(sink)->latest, 0, entity);
}

static void end(struct sink *sink) {
    const struct comparison *comparison = from_sink(sink);
    const struct comparison_order *order = &comparison->order;
    struct rows rows;
    rows_init(&rows, comparison->latest, order->counters);
    rows_sort(&rows, order->sort);
    struct list list = {
        .comparison = comparison,
        .rows = &rows,
        .shown = order->top ? MIN(order->top, rows.count) : rows.count,
        .table = order->format == RECORDS_TABLE,
        .marked = memory_array(rows.columns.count, sizeof(bool)),
    };
    mark_columns(&list, rows.guests, list.shown);
    mark_columns(&list, rows.totals, rows.total_count);
    put_list(&list);
    if (list.table)
        put_legend(&list);
    free(list.marked);
    rows_done(&rows);
}

static const struct sink_ops ops = {
    .name = "comparison",
    .begin = begin,
    .write = write_series,
    .entity = write_entity,
    .end = end,
};

void comparison_init(struct comparison *comparison, const struct comparison_order *order,
                     FILE *stream, struct sink_options options) {
    *comparison = (struct comparison){
        .sink = {.ops = &ops, .stream = stream, .options = options},
        .order = *order,
        .latest = latest_new(0),
    };
}

void comparison_done(struct comparison *comparison) {
    latest_free(comparison->latest);
}
