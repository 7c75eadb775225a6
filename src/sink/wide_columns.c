/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "sink/wide_columns.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/value.h"
#include "sink/csv_text.h"

struct wide_columns {
    GPtrArray *list;     /* by number */
    GPtrArray *sorted;   /* by position; NULL until they are fixed */
    GHashTable *numbers; /* by name and unit */
    GHashTable *recent;  /* of the aggregates: by the address of the counter */
    GString *key;
};

/* A column that was found by an address, which may have become another counter's. */
struct recent {
    size_t number;
    char *counter;
    char *unit;
};

static void free_recent(gpointer data) {
    struct recent *recent = data;
    free(recent->counter);
    free(recent->unit);
    free(recent);
}

static void free_column(gpointer data) {
    struct wide_column *column = data;
    free(column->name);
    free(column->unit);
    free(column);
}

struct wide_columns *wide_columns_new(void) {
    struct wide_columns *columns = memory_alloc(sizeof *columns);
    columns->list = g_ptr_array_new_with_free_func(free_column);
    columns->numbers = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    columns->recent = g_hash_table_new_full(NULL, NULL, NULL, free_recent);
    columns->key = g_string_new(NULL);
    return columns;
}

void wide_columns_free(struct wide_columns *columns) {
    if (!columns)
        return;
    if (columns->sorted)
        g_ptr_array_free(columns->sorted, TRUE);
    g_ptr_array_free(columns->list, TRUE);
    g_hash_table_destroy(columns->numbers);
    g_hash_table_destroy(columns->recent);
    g_string_free(columns->key, TRUE);
    free(columns);
}

/* Numbers in the table are one higher: 0 stands for none. */
static size_t add_column(struct wide_columns *columns, const struct series *series,
                         const char *unit, bool raw) {
    struct wide_column *column = memory_alloc(sizeof *column);
    size_t length = strcspn(columns->key->str, "\n");
    column->name = memory_strndup(columns->key->str, length);
    column->unit = memory_strdup(unit);
    column->hundredths = !raw && value_is_hundredths(series->counter);
    g_ptr_array_add(columns->list, column);
    g_hash_table_insert(columns->numbers, memory_strdup(columns->key->str),
                        GSIZE_TO_POINTER(columns->list->len));
    return columns->list->len;
}

/* The line feed of the key ends the name: one in an instance becomes a blank. */
static void set_key(GString *key, const struct series *series, const char *unit) {
    g_string_assign(key, series->counter->name);
    if (*series->instance)
        g_string_append_printf(key, "[%s]", series->instance);
    for (char *at = key->str; *at; at++)
        if (*at == '\n')
            *at = ' ';
    g_string_append_printf(key, "\n%s", unit);
}

static size_t find_recent(const struct wide_columns *columns, const struct counter *counter,
                          const char *unit) {
    const struct recent *recent = g_hash_table_lookup(columns->recent, counter);
    bool same =
        recent && strcmp(recent->counter, counter->name) == 0 && strcmp(recent->unit, unit) == 0;
    return same ? recent->number : 0;
}

static void keep_recent(struct wide_columns *columns, const struct counter *counter,
                        const char *unit, size_t number) {
    struct recent *recent = memory_alloc(sizeof *recent);
    recent->number = number;
    recent->counter = memory_strdup(counter->name);
    recent->unit = memory_strdup(unit);
    if (g_hash_table_size(columns->recent) >= WIDE_MOST_COLUMNS)
        g_hash_table_remove_all(columns->recent);
    g_hash_table_replace(columns->recent, (gpointer)counter, recent);
}

size_t wide_columns_of(struct wide_columns *columns, const struct series *series, bool raw,
                       bool *found) {
    const char *unit = value_unit(series, raw);
    size_t number = *series->instance ? 0 : find_recent(columns, series->counter, unit);
    *found = true;
    if (number)
        return number - 1;
    set_key(columns->key, series, unit);
    number = GPOINTER_TO_SIZE(g_hash_table_lookup(columns->numbers, columns->key->str));
    if (!number && !columns->sorted && columns->list->len < WIDE_MOST_COLUMNS)
        number = add_column(columns, series, unit, raw);
    if (number && !*series->instance)
        keep_recent(columns, series->counter, unit, number);
    *found = number;
    return number ? number - 1 : 0;
}

static int compare_columns(gconstpointer a, gconstpointer b) {
    const struct wide_column *left = *(const struct wide_column *const *)a;
    const struct wide_column *right = *(const struct wide_column *const *)b;
    int order = strcmp(left->name, right->name);
    return order ? order : strcmp(left->unit, right->unit);
}

void wide_columns_fix(struct wide_columns *columns) {
    if (columns->sorted)
        return;
    columns->sorted = g_ptr_array_new();
    for (guint i = 0; i < columns->list->len; i++)
        g_ptr_array_add(columns->sorted, g_ptr_array_index(columns->list, i));
    g_ptr_array_sort(columns->sorted, compare_columns);
    for (guint i = 0; i < columns->sorted->len; i++)
        ((struct wide_column *)g_ptr_array_index(columns->sorted, i))->position = i;
}

bool wide_columns_fixed(const struct wide_columns *columns) {
    return columns->sorted;
}

size_t wide_columns_count(const struct wide_columns *columns) {
    return columns->list->len;
}

const struct wide_column *wide_columns_at(const struct wide_columns *columns, size_t number) {
    return g_ptr_array_index(columns->list, number);
}

static bool has_name_of(const GPtrArray *sorted, guint index, gint other) {
    if (other < 0 || other >= (gint)sorted->len)
        return false;
    const struct wide_column *one = g_ptr_array_index(sorted, index);
    const struct wide_column *neighbour = g_ptr_array_index(sorted, (guint)other);
    return strcmp(one->name, neighbour->name) == 0;
}

void wide_columns_append(const struct wide_columns *columns, GString *text,
                         const struct sink_options *options) {
    GString *cell = g_string_new(NULL);
    for (guint i = 0; i < columns->sorted->len; i++) {
        const struct wide_column *column = g_ptr_array_index(columns->sorted, i);
        bool twice = has_name_of(columns->sorted, i, (gint)i - 1) ||
                     has_name_of(columns->sorted, i, (gint)i + 1);
        g_string_assign(cell, column->name);
        if (twice || options->units)
            g_string_append_printf(cell, " [%s]", column->unit);
        g_string_append_c(text, ',');
        csv_append(text, cell->str, options->spreadsheet_safe);
    }
    g_string_free(cell, TRUE);
}
