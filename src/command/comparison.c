/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The rows of a comparison as a table for people, or as one wide CSV. */
#include "command/comparison.h"

#include <stdlib.h>
#include <string.h>

#include "command/comparison_rows.h"
#include "core/memory.h"
#include "core/value.h"

/* What tells whose values a row has. */
enum field { NAME, HYPERVISOR, SOURCE, TYPE, ID, TIMESTAMP, INTERVAL, GUESTS, CPUS, MEMORY };

static const struct {
    const char *csv;
    const char *table;
    bool number;
} headings[] = {
    [NAME] = {"name", "name", false},
    [HYPERVISOR] = {"hypervisor", "hypervisor", false},
    [SOURCE] = {"source", "source", false},
    [TYPE] = {"type", "type", false},
    [ID] = {"id", NULL, false},
    [TIMESTAMP] = {"timestamp", NULL, false},
    [INTERVAL] = {"interval", NULL, true},
    [GUESTS] = {"count", NULL, true},
    [CPUS] = {"cpus", "vCPUs", true},
    [MEMORY] = {"memory_kib", "memory MB", true},
};

static const enum field csv_fields[] = {NAME,      HYPERVISOR, SOURCE, TYPE,  ID,
                                        TIMESTAMP, INTERVAL,   CPUS,   MEMORY};
static const enum field totals_fields[] = {HYPERVISOR, TYPE, GUESTS, CPUS, MEMORY};

enum { MAX_FIELDS = 10, KIB_PER_MB = 1024 };

/* A table of guests on its way to the stream. */
struct list {
    const struct comparison *comparison;
    const struct rows *rows;
    size_t shown; /* guests */
    bool table;   /* for people */
    bool *marked; /* columns in which a shown value is approximate */
    enum field fields[MAX_FIELDS];
    size_t field_count;
    struct records *records;
    size_t columns_shown;
};

static void use_fields(struct list *list, const enum field *fields, size_t count) {
    memcpy(list->fields, fields, count * sizeof *fields);
    list->field_count = count;
}

/* What is the same of all is left out where there is little room. */
static bool is_shown(const struct list *list, enum field field) {
    const struct rows *rows = list->rows;
    const struct comparison_order *order = &list->comparison->order;
    if (field == TYPE)
        return order->show_types;
    if (!order->width || (field != HYPERVISOR && field != SOURCE))
        return true;
    for (size_t i = 1; i < rows->count; i++) {
        const struct entity *one = rows->guests[0].entity, *other = rows->guests[i].entity;
        if (field == HYPERVISOR ? g_strcmp0(one->hypervisor, other->hypervisor) != 0
                                : g_strcmp0(one->source, other->source) != 0)
            return true;
    }
    return false;
}

static void use_table_fields(struct list *list) {
    static const enum field fields[] = {NAME, HYPERVISOR, SOURCE, TYPE, CPUS, MEMORY};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (is_shown(list, fields[i]))
            list->fields[list->field_count++] = fields[i];
}

static void put_name(const struct list *list, const struct row *row) {
    char *total = row->guests ? memory_printf("total of %zu", row->guests) : NULL;
    records_text(list->records, total ? total : row->entity->name);
    free(total);
}

static void put_time(const struct list *list, const struct row *row) {
    char text[TIME_TEXT_SIZE] = "";
    if (row->time)
        time_text(text, row->time);
    records_text(list->records, text);
}

static void put_field(const struct list *list, const struct row *row, enum field field) {
    const struct entity *entity = row->entity;
    switch (field) {
    case NAME:
        put_name(list, row);
        break;
    case HYPERVISOR:
        records_text(list->records, entity->hypervisor);
        break;
    case SOURCE:
        records_text(list->records, row->guests ? NULL : entity->source);
        break;
    case TYPE:
        records_text(list->records, entity_type_name(entity->type));
        break;
    case ID:
        records_text(list->records, entity->id);
        break;
    case TIMESTAMP:
        put_time(list, row);
        break;
    case INTERVAL:
        records_number(list->records, row->interval, true);
        break;
    case GUESTS:
        records_number(list->records, (int64_t)row->guests, false);
        break;
    case CPUS:
        records_number(list->records, row->cpus, true);
        break;
    case MEMORY:
        records_number(list->records, row->memory_kib / (list->table ? KIB_PER_MB : 1), true);
        break;
    }
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
    for (size_t k = 0; k < count; k++) {
        for (size_t i = 0; i < list->field_count; i++)
            put_field(list, &rows[k], list->fields[i]);
        for (size_t i = 0; i < list->rows->columns.count; i++)
            put_value(list, &rows[k], i);
        if (!list->table)
            put_approximate(list, &rows[k]);
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
    size_t shown = list->columns_shown - list->field_count, all = list->rows->columns.count;
    bool approximate = false;
    for (size_t i = 0; i < shown; i++)
        approximate |= list->marked[i];
    fputc('\n', stream);
    if (shown < all)
        fprintf(stream,
                "%zu of %zu counters fit. The others: a wider terminal, --counter NAME,...\n"
                "(first come, first shown), or --format table | less -S.\n",
                shown, all);
    if (list->shown < list->rows->count)
        fprintf(stream, "%zu of %zu rows are shown; the totals cover all of them.\n", list->shown,
                list->rows->count);
    if (list->rows->total_count)
        fputs("total: the sum; of percentages, the mean weighted by vCPUs (memory: by memory),\n"
              "of latencies by requests.\n",
              stream);
    if (approximate)
        fputs("~ approximate: this hypervisor has no such figure of its own; 'vperf counters'\n"
              "tells the formula.\n",
              stream);
}

static char *heading(const struct list *list, const struct counter *counter) {
    const struct comparison *comparison = list->comparison;
    return list->table ? column_heading(counter, comparison->sink.options.raw)
                       : column_title(counter, comparison->order.show_units);
}

/* The columns borrow the headings of values. */
static GArray *make_columns(const struct list *list, GPtrArray *titles) {
    static const struct records_column approximate = {"approximate", false};
    GArray *columns = g_array_new(FALSE, FALSE, sizeof approximate);
    for (size_t i = 0; i < list->field_count; i++) {
        enum field field = list->fields[i];
        const char *name = list->table ? headings[field].table : headings[field].csv;
        struct records_column column = {name, headings[field].number};
        g_array_append_val(columns, column);
    }
    for (size_t i = 0; i < list->rows->columns.count; i++) {
        struct records_column column = {heading(list, list->rows->columns.counters[i]), true};
        g_ptr_array_add(titles, (gpointer)column.name);
        g_array_append_val(columns, column);
    }
    if (!list->table)
        g_array_append_val(columns, approximate);
    return columns;
}

static void put_list(struct list *list, FILE *stream, size_t guests, size_t totals) {
    const struct comparison *comparison = list->comparison;
    const struct rows *rows = list->rows;
    GPtrArray *titles = g_ptr_array_new_with_free_func(free);
    GArray *columns = make_columns(list, titles);
    list->records = records_new(stream, list->table ? RECORDS_TABLE : RECORDS_CSV,
                                comparison->sink.options.spreadsheet_safe,
                                (const struct records_column *)(void *)columns->data, columns->len);
    records_limit(list->records, list->field_count, comparison->order.width);
    records_bold(list->records, comparison->order.color);
    put_rows(list, rows->guests, guests);
    if (list->table && totals)
        put_empty_row(list, columns->len);
    put_rows(list, rows->totals, totals);
    records_finish(list->records);
    list->columns_shown = records_shown(list->records);
    records_free(list->records);
    g_array_free(columns, TRUE);
    g_ptr_array_free(titles, TRUE);
}

static void put_totals(const struct list *of, FILE *stream) {
    struct list list = *of;
    list.table = false;
    use_fields(&list, totals_fields, G_N_ELEMENTS(totals_fields));
    put_list(&list, stream, 0, list.rows->total_count);
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
    if (list.table)
        use_table_fields(&list);
    else
        use_fields(&list, csv_fields, G_N_ELEMENTS(csv_fields));
    put_list(&list, comparison->sink.stream, list.shown, list.table ? rows.total_count : 0);
    if (list.table)
        put_legend(&list);
    if (order->totals)
        put_totals(&list, order->totals);
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
