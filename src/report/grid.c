/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/grid.h"

#include <stdlib.h>

#include "core/memory.h"
#include "core/value.h"

struct grid *grid_new(const char *title, const struct grid_column *columns, size_t count) {
    struct grid *grid = memory_alloc(sizeof *grid);
    grid->title = title;
    grid->columns = memory_array(count, sizeof *columns);
    grid->column_count = count;
    for (size_t i = 0; i < count; i++) {
        grid->columns[i] = columns[i];
        grid->columns[i].name = memory_strdup(columns[i].name);
    }
    grid->cells = g_ptr_array_new_with_free_func(free);
    grid->rows = g_array_new(FALSE, FALSE, sizeof(struct grid_row));
    return grid;
}

void grid_free(void *data) {
    struct grid *grid = data;
    if (!grid)
        return;
    for (guint i = 0; i < grid->rows->len; i++)
        free(g_array_index(grid->rows, struct grid_row, i).note);
    for (size_t i = 0; i < grid->column_count; i++)
        free((char *)grid->columns[i].name);
    g_array_free(grid->rows, TRUE);
    g_ptr_array_free(grid->cells, TRUE);
    free(grid->columns);
    free(grid);
}

void grid_text(struct grid *grid, const char *text) {
    g_ptr_array_add(grid->cells, memory_strdup(text ? text : "-"));
}

void grid_number(struct grid *grid, bool known, double value, int decimals) {
    g_ptr_array_add(grid->cells,
                    known ? memory_printf("%.*f", decimals, value) : memory_strdup("-"));
}

void grid_time(struct grid *grid, bool known, int64_t time) {
    char text[TIME_TEXT_SIZE] = "";
    known = known && time_text(text, time);
    g_ptr_array_add(grid->cells,
                    known ? memory_printf("%.5s %.5s", text + 5, text + 11) : memory_strdup("-"));
}

void grid_end_row(struct grid *grid, const char *note, const struct timeline *timeline) {
    struct grid_row row = {memory_strdup(note), timeline};
    g_array_append_val(grid->rows, row);
    grid->all = MAX(grid->all, grid->rows->len);
}

const char *grid_cell(const struct grid *grid, size_t row, size_t column) {
    return g_ptr_array_index(grid->cells, row * grid->column_count + column);
}

const struct grid_row *grid_row(const struct grid *grid, size_t row) {
    return &g_array_index(grid->rows, struct grid_row, row);
}
