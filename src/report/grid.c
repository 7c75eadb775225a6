/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    grid->filled = memory_array(count, sizeof *grid->filled);
    grid->cells = g_array_new(FALSE, FALSE, sizeof(struct grid_cell));
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
    for (guint i = 0; i < grid->cells->len; i++)
        free(g_array_index(grid->cells, struct grid_cell, i).text);
    g_array_free(grid->cells, TRUE);
    free(grid->columns);
    free(grid->filled);
    free(grid);
}

static void add(struct grid *grid, struct grid_cell cell) {
    grid->filled[grid->cells->len % grid->column_count] |= cell.kind != GRID_NONE;
    cell.text = cell.text ? cell.text : memory_strdup("-");
    g_array_append_val(grid->cells, cell);
}

void grid_text(struct grid *grid, const char *text) {
    add(grid,
        (struct grid_cell){.kind = text ? GRID_TEXT : GRID_NONE, .text = memory_strdup(text)});
}

void grid_number(struct grid *grid, bool known, double value, int decimals) {
    static const double steps[] = {1, 10, 100, 1000, 10000};
    struct grid_cell cell = {.kind = GRID_NONE};
    /* What rounds to 0 has no sign. */
    if (decimals >= 0 && (size_t)decimals < G_N_ELEMENTS(steps) &&
        fabs(value) * steps[decimals] < 0.5)
        value = 0;
    if (known)
        cell = (struct grid_cell){.kind = GRID_NUMBER,
                                  .decimals = decimals,
                                  .number = value,
                                  .text = memory_printf("%.*f", decimals, value)};
    add(grid, cell);
}

void grid_time(struct grid *grid, bool known, int64_t time) {
    char text[TIME_TEXT_SIZE] = "";
    struct grid_cell cell = {.kind = GRID_NONE};
    if (known && time_text(text, time))
        cell = (struct grid_cell){.kind = GRID_TIME,
                                  .number = (double)time,
                                  .text = memory_printf("%.5s %.5s", text + 5, text + 11)};
    add(grid, cell);
}

void grid_end_row(struct grid *grid, const char *note, const struct timeline *timeline) {
    struct grid_row row = {memory_strdup(note), timeline, NULL};
    g_array_append_val(grid->rows, row);
    grid->all = MAX(grid->all, grid->rows->len);
}

void grid_set_hours(struct grid *grid, const struct hours *hours) {
    g_array_index(grid->rows, struct grid_row, grid->rows->len - 1).hours = hours;
}

bool grid_shows(const struct grid *grid, size_t column) {
    return grid->whole || grid->filled[column] || !grid->rows->len;
}

/* Those that only say more of the column before are not named. */
static bool is_attribute(const char *name) {
    static const char *const names[] = {"at", "from", "to", "low", "high", "p95", "peak"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool is_repeated(const struct grid *grid, size_t column) {
    for (size_t i = 0; i < column; i++)
        if (!grid_shows(grid, i) && strcmp(grid->columns[i].name, grid->columns[column].name) == 0)
            return true;
    return false;
}

char *grid_unfilled(const struct grid *grid) {
    GString *list = g_string_new(NULL);
    for (size_t i = 0; i < grid->column_count; i++)
        if (!grid_shows(grid, i) && !is_attribute(grid->columns[i].name) && !is_repeated(grid, i))
            g_string_append_printf(list, "%s%s", list->len ? ", " : "", grid->columns[i].name);
    char *text = list->len ? memory_strdup(list->str) : NULL;
    g_string_free(list, TRUE);
    return text;
}

const struct grid_cell *grid_cell(const struct grid *grid, size_t row, size_t column) {
    return &g_array_index(grid->cells, struct grid_cell, row * grid->column_count + column);
}

const char *grid_text_of(const struct grid *grid, size_t row, size_t column) {
    return grid_cell(grid, row, column)->text;
}

const struct grid_row *grid_row(const struct grid *grid, size_t row) {
    return &g_array_index(grid->rows, struct grid_row, row);
}
