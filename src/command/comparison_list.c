/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The rows of a comparison as a table for people, or as one wide CSV. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "command/comparison.h"
#include "core/memory.h"
#include "core/value.h"

enum { SEPARATOR = 2, MAX_IDENTITY = 8 };

/* A column of values. */
struct measure {
    const struct counter *counter;
    char *heading;
    size_t width;
    bool approximate; /* a value in it is */
};

struct list {
    const struct comparison *comparison;
    struct comparison_row *guests; /* sorted */
    size_t shown;
    struct comparison_row *totals;
    size_t total_count;
    struct entity *groups; /* of the totals */
    struct measure *measures;
    size_t measure_count;
    const struct counter *sort;
};

static bool is_table(const struct list *list) {
    return list->comparison->order.format == RECORDS_TABLE;
}

static int compare_texts(const char *left, const char *right) {
    return strcmp(left ? left : "", right ? right : "");
}

static int compare_entities(const struct entity *left, const struct entity *right) {
    int result = compare_texts(left->name, right->name);
    result = result ? result : compare_texts(left->source, right->source);
    return result ? result : compare_texts(left->id, right->id);
}

/* The highest value first, those without a value last, by name where they are the same. */
static int compare_rows(const void *a, const void *b, void *context) {
    const struct comparison_row *left = a, *right = b;
    const struct comparison_cell *mine = comparison_cell(left, context);
    const struct comparison_cell *other = comparison_cell(right, context);
    if (!mine || !other)
        return mine || other ? (mine ? -1 : 1) : compare_entities(left->entity, right->entity);
    if (mine->value != other->value)
        return mine->value > other->value ? -1 : 1;
    return compare_entities(left->entity, right->entity);
}

static int compare_groups(const void *a, const void *b) {
    const struct entity *left = a, *right = b;
    int result = compare_texts(left->hypervisor, right->hypervisor);
    return result ? result : (int)left->type - (int)right->type;
}

static void find_groups(struct list *list) {
    const struct comparison *comparison = list->comparison;
    list->groups = memory_array(comparison->count + 1, sizeof *list->groups);
    for (size_t i = 0; i < comparison->count; i++) {
        const struct entity *entity = comparison->rows[i].entity;
        const struct entity group = {.type = entity->type, .hypervisor = entity->hypervisor};
        size_t known = 0;
        while (known < list->total_count && compare_groups(&list->groups[known], &group) != 0)
            known++;
        if (known == list->total_count)
            list->groups[list->total_count++] = group;
    }
    qsort(list->groups, list->total_count, sizeof *list->groups, compare_groups);
}

/* Over the rows that have a value; a sum that is too large is left out. */
static void put_total(const struct list *list, struct comparison_row *total,
                      const struct counter *counter) {
    enum combination combination = combination_of(counter);
    struct comparison_cell sum = {.counter = counter};
    int64_t count = 0;
    for (size_t i = 0; i < list->comparison->count; i++) {
        const struct comparison_row *row = &list->comparison->rows[i];
        const struct comparison_cell *cell = comparison_cell(row, counter);
        if (!cell || compare_groups(row->entity, total->entity) != 0)
            continue;
        if (__builtin_add_overflow(sum.value, cell->value, &sum.value))
            return;
        sum.approximate |= cell->approximate;
        count++;
    }
    if (!count || combination == COMBINE_NOT)
        return;
    if (combination != COMBINE_SUM)
        sum.value /= count;
    comparison_put(total, &sum);
}

static void add_totals(struct list *list) {
    find_groups(list);
    list->totals = memory_array(list->total_count + 1, sizeof *list->totals);
    for (size_t i = 0; i < list->total_count; i++) {
        struct comparison_row *total = &list->totals[i];
        total->entity = &list->groups[i];
        for (size_t k = 0; k < list->comparison->count; k++)
            total->guests += compare_groups(list->comparison->rows[k].entity, total->entity) == 0;
        for (size_t k = 0; k < list->measure_count; k++)
            put_total(list, total, list->measures[k].counter);
    }
}

/* In a table the digits of all values stand below each other, marked or not. */
static void cell_text(const struct list *list, const struct comparison_row *row,
                      const struct measure *measure, char text[VALUE_TEXT_SIZE + 1]) {
    const struct comparison_cell *cell = comparison_cell(row, measure->counter);
    text[0] = '\0';
    if (!cell)
        return;
    size_t length =
        value_text(text, cell->value, cell->counter, list->comparison->sink.options.raw);
    if (is_table(list) && measure->approximate) {
        text[length] = cell->approximate ? '~' : ' ';
        text[length + 1] = '\0';
    }
}

/* Guests, then totals; NULL behind the last one. */
static const struct comparison_row *row_at(const struct list *list, size_t index) {
    if (index < list->shown)
        return &list->guests[index];
    return index - list->shown < list->total_count ? &list->totals[index - list->shown] : NULL;
}

static void measure_column(const struct list *list, struct measure *measure) {
    const struct comparison_row *row = NULL;
    for (size_t i = 0; (row = row_at(list, i)); i++) {
        const struct comparison_cell *cell = comparison_cell(row, measure->counter);
        measure->approximate |= cell && cell->approximate;
    }
    measure->width = records_width(measure->heading);
    for (size_t i = 0; (row = row_at(list, i)); i++) {
        char text[VALUE_TEXT_SIZE + 1];
        cell_text(list, row, measure, text);
        measure->width = MAX(measure->width, strlen(text));
    }
}

static void make_measures(struct list *list, struct comparison *comparison) {
    struct columns columns = {.count = 0};
    columns_resolve(&columns, comparison->order.counters, comparison->counters);
    list->measures = memory_array(columns.count + 1, sizeof *list->measures);
    list->measure_count = columns.count;
    for (size_t i = 0; i < columns.count; i++) {
        const struct counter *counter = columns.counters[i];
        list->measures[i].counter = counter;
        list->measures[i].heading = is_table(list)
                                        ? column_heading(counter, comparison->sink.options.raw)
                                        : column_title(counter);
    }
    list->sort = columns.count ? columns.counters[0] : NULL;
    for (size_t i = 0; i < columns.count; i++)
        if (strcmp(columns.counters[i]->name, comparison->order.sort) == 0)
            list->sort = columns.counters[i];
    columns_done(&columns);
}

/* The cells that say whose values these are. */
struct identity {
    struct records_column columns[MAX_IDENTITY];
    size_t count;
    void (*put)(struct records *records, const struct comparison_row *row, const char *name);
};

static void put_name(struct records *records, const struct comparison_row *row, const char *name) {
    records_text(records, name);
    records_text(records, row->entity->hypervisor);
    records_text(records, row->entity->source);
}

static void put_typed_name(struct records *records, const struct comparison_row *row,
                           const char *name) {
    put_name(records, row, name);
    records_text(records, entity_type_name(row->entity->type));
}

static void put_all(struct records *records, const struct comparison_row *row, const char *name) {
    char time[TIME_TEXT_SIZE] = "";
    if (row->time)
        time_text(time, row->time);
    bool host = row->entity->type == ENTITY_HOST;
    records_text(records, row->guests ? "total" : host ? "host" : "guest");
    put_typed_name(records, row, row->guests ? NULL : name);
    records_text(records, row->entity->id);
    records_text(records, time);
    records_number(records, row->interval, true);
}

static const struct identity table_identity = {
    {{"name", false}, {"hypervisor", false}, {"source", false}},
    3,
    put_name,
};
static const struct identity typed_identity = {
    {{"name", false}, {"hypervisor", false}, {"source", false}, {"type", false}},
    4,
    put_typed_name,
};
static const struct identity csv_identity = {
    {{"row", false},
     {"name", false},
     {"hypervisor", false},
     {"source", false},
     {"type", false},
     {"id", false},
     {"timestamp", false},
     {"interval", true}},
    8,
    put_all,
};

static const struct identity *identity_of(const struct list *list) {
    if (!is_table(list))
        return &csv_identity;
    return list->comparison->order.show_types ? &typed_identity : &table_identity;
}

/* The names of the shown counters whose value is approximate; the caller frees them. */
static char *approximate_names(const struct list *list, const struct comparison_row *row) {
    GString *names = g_string_new(NULL);
    for (size_t i = 0; i < list->measure_count; i++) {
        const struct counter *counter = list->measures[i].counter;
        const struct comparison_cell *cell = comparison_cell(row, counter);
        if (cell && cell->approximate)
            g_string_append_printf(names, "%s%s", names->len ? " " : "", counter->name);
    }
    return g_string_free(names, FALSE);
}

static char *row_name(const struct comparison_row *row) {
    return row->guests ? memory_printf("total of %zu", row->guests)
                       : memory_strdup(row->entity->name);
}

static void put_row(const struct list *list, struct records *records,
                    const struct comparison_row *row, size_t first, size_t end) {
    char text[VALUE_TEXT_SIZE + 1];
    char *name = row_name(row);
    identity_of(list)->put(records, row, name);
    free(name);
    for (size_t i = first; i < end; i++) {
        cell_text(list, row, &list->measures[i], text);
        records_text(records, text);
    }
    if (is_table(list))
        return;
    char *names = approximate_names(list, row);
    records_text(records, names);
    g_free(names);
}

static size_t width_of(const char *text) {
    return text ? records_width(text) : 0;
}

static size_t identity_width(const struct list *list) {
    const struct comparison_row *row = NULL;
    size_t name = strlen("name"), hypervisor = strlen("hypervisor"), source = strlen("source");
    for (size_t i = 0; (row = row_at(list, i)); i++) {
        char *text = row_name(row);
        name = MAX(name, width_of(text));
        hypervisor = MAX(hypervisor, width_of(row->entity->hypervisor));
        source = MAX(source, width_of(row->entity->source));
        free(text);
    }
    bool typed = list->comparison->order.show_types;
    return name + hypervisor + source + 2 * SEPARATOR + (typed ? SEPARATOR + strlen("type") : 0);
}

/* The columns with the same identity in front of them: from first, as many as the width takes. */
static size_t end_of_fold(const struct list *list, size_t first) {
    size_t limit = list->comparison->order.width;
    size_t width = identity_width(list);
    size_t end = first;
    for (; end < list->measure_count; end++) {
        width += SEPARATOR + list->measures[end].width;
        if (limit && width > limit && end > first)
            break;
    }
    return end;
}

static void put_fold(const struct list *list, size_t first, size_t end) {
    const struct comparison *comparison = list->comparison;
    const struct identity *identity = identity_of(list);
    struct records_column *columns =
        memory_array(identity->count + end - first + 1, sizeof *columns);
    size_t count = identity->count;
    memcpy(columns, identity->columns, identity->count * sizeof *columns);
    for (size_t i = first; i < end; i++)
        columns[count++] = (struct records_column){list->measures[i].heading, true};
    if (!is_table(list))
        columns[count++] = (struct records_column){"approximate", false};
    struct records *records =
        records_new(comparison->sink.stream, comparison->order.format,
                    comparison->sink.options.spreadsheet_safe, columns, count);
    const struct comparison_row *row = NULL;
    for (size_t i = 0; (row = row_at(list, i)); i++) {
        for (size_t k = 0; is_table(list) && i == list->shown && k < count; k++)
            records_text(records, NULL);
        put_row(list, records, row, first, end);
    }
    records_finish(records);
    records_free(records);
    free(columns);
}

static void put_legend(const struct list *list) {
    FILE *stream = list->comparison->sink.stream;
    bool approximate = false;
    for (size_t i = 0; i < list->measure_count; i++)
        approximate |= list->measures[i].approximate;
    fputc('\n', stream);
    if (list->shown < list->comparison->count)
        fprintf(stream, "%zu of %zu rows are shown; the totals cover all of them.\n", list->shown,
                list->comparison->count);
    if (list->total_count)
        fputs("total: the sum; of percentages and latencies, the mean.\n", stream);
    if (approximate)
        fputs("~ approximate: this hypervisor has no such figure of its own; 'vperf counters' "
              "tells the formula.\n",
              stream);
}

static void put_table(const struct list *list) {
    size_t first = 0;
    do {
        size_t end = end_of_fold(list, first);
        if (first)
            fputc('\n', list->comparison->sink.stream);
        put_fold(list, first, end);
        first = end;
    } while (first < list->measure_count);
    put_legend(list);
}

void comparison_list(struct comparison *comparison) {
    struct list list = {.comparison = comparison, .guests = comparison->rows};
    size_t top = comparison->order.top;
    list.shown = top && top < comparison->count ? top : comparison->count;
    make_measures(&list, comparison);
    if (comparison->count)
        g_qsort_with_data(list.guests, (gint)comparison->count, sizeof *list.guests, compare_rows,
                          (gpointer)list.sort);
    add_totals(&list);
    for (size_t i = 0; i < list.measure_count; i++)
        measure_column(&list, &list.measures[i]);
    if (is_table(&list))
        put_table(&list);
    else
        put_fold(&list, 0, list.measure_count);
    for (size_t i = 0; i < list.total_count; i++)
        free(list.totals[i].cells);
    for (size_t i = 0; i < list.measure_count; i++)
        free(list.measures[i].heading);
    free(list.totals);
    free(list.groups);
    free(list.measures);
}
