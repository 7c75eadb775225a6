/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A workbook: numbers are numbers and times are dates. The library writes a file with a name: it
 * is made among temporary files, and copied to where the report goes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "core/memory.h"
#include "core/text.h"
#include "report/explain.h"
#include "report/page.h"
#include "report/rows.h"
#include "report/sections.h"

enum {
    MOST_TEXT = 32767,
    MOST_ROWS = 1048576 - 1,
    NAME_LENGTH = 31,
    DECIMALS = 4,
    WIDEST = 40,
    CHART_ROWS = 20,
};

struct book {
    lxw_workbook *workbook;
    lxw_format *heading;
    lxw_format *wrapped;
    lxw_format *time;
    lxw_format *numbers[DECIMALS]; /* by decimals */
};

static void set_formats(struct book *book) {
    static const char *const numbers[DECIMALS] = {"#,##0", "#,##0.0", "#,##0.00", "#,##0.000"};
    book->heading = workbook_add_format(book->workbook);
    format_set_bold(book->heading);
    format_set_text_wrap(book->heading);
    format_set_align(book->heading, LXW_ALIGN_VERTICAL_TOP);
    format_set_bottom(book->heading, LXW_BORDER_THIN);
    book->wrapped = workbook_add_format(book->workbook);
    format_set_text_wrap(book->wrapped);
    format_set_align(book->wrapped, LXW_ALIGN_VERTICAL_TOP);
    book->time = workbook_add_format(book->workbook);
    format_set_num_format(book->time, "yyyy-mm-dd hh:mm:ss");
    for (size_t i = 0; i < DECIMALS; i++) {
        book->numbers[i] = workbook_add_format(book->workbook);
        format_set_num_format(book->numbers[i], numbers[i]);
    }
}

/* As long as a cell may be, and of valid UTF-8. */
static void put_text(lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, const char *text,
                     lxw_format *format) {
    char *line = memory_strdup(text);
    text_one_line(line);
    if (g_utf8_strlen(line, -1) > MOST_TEXT)
        *g_utf8_offset_to_pointer(line, MOST_TEXT) = '\0';
    worksheet_write_string(sheet, row, column, line, format);
    free(line);
}

static void put_cell(const struct book *book, lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column,
                     const struct grid_cell *cell) {
    switch (cell->kind) {
    case GRID_NONE:
        break;
    case GRID_TEXT:
        put_text(sheet, row, column, cell->text, NULL);
        break;
    case GRID_NUMBER:
        worksheet_write_number(sheet, row, column, strtod(cell->text, NULL),
                               book->numbers[CLAMP(cell->decimals, 0, DECIMALS - 1)]);
        break;
    case GRID_TIME:
        worksheet_write_unixtime(sheet, row, column, (int64_t)cell->number, book->time);
        break;
    }
}

/* The name of a sheet is short, and used once. */
static lxw_worksheet *add_sheet(const struct book *book, const char *title) {
    char name[NAME_LENGTH + 1];
    g_strlcpy(name, title, MIN(sizeof name, strcspn(title, ":") + 1));
    lxw_worksheet *sheet = workbook_add_worksheet(book->workbook, name);
    return sheet ? sheet : workbook_add_worksheet(book->workbook, NULL);
}

/* The rows of a list that a sheet has. */
struct table {
    const struct grid *grid;
    const char *type; /* in the first column; NULL for all rows */
};

static bool has_row(const struct table *table, size_t row) {
    return !table->type || strcmp(grid_text_of(table->grid, row, 0), table->type) == 0;
}

static bool has_column(const struct table *table, size_t column) {
    for (size_t row = 0; row < table->grid->rows->len; row++)
        if (has_row(table, row) && grid_cell(table->grid, row, column)->kind != GRID_NONE)
            return true;
    return !table->type;
}

/* Returns how many characters the widest cell takes. */
static size_t put_column(const struct book *book, lxw_worksheet *sheet, const struct table *table,
                         size_t column, lxw_col_t to) {
    const struct grid *grid = table->grid;
    lxw_row_t line = 1;
    size_t widest = strlen(grid->columns[column].name) / 2 + 2;
    put_text(sheet, 0, to, grid->columns[column].name, book->heading);
    for (size_t row = 0; row < grid->rows->len && line <= MOST_ROWS; row++) {
        if (!has_row(table, row))
            continue;
        const struct grid_cell *cell = grid_cell(grid, row, column);
        put_cell(book, sheet, line++, to, cell);
        widest = MAX(widest, (size_t)g_utf8_strlen(cell->text, -1));
        widest = cell->kind == GRID_TIME ? MAX(widest, sizeof "2026-01-01 00:00:00") : widest;
    }
    return widest;
}

static void put_notes(const struct book *book, lxw_worksheet *sheet, const struct grid *grid,
                      lxw_col_t column) {
    bool any = false;
    for (size_t row = 0; row < grid->rows->len; row++) {
        const char *note = grid_row(grid, row)->note;
        if (note)
            put_text(sheet, (lxw_row_t)row + 1, column, note, NULL);
        any = any || note;
    }
    if (any)
        put_text(sheet, 0, column, "note", book->heading);
}

/* Headings stay in sight, and rows can be filtered. */
static void put_table(const struct book *book, lxw_worksheet *sheet, const struct table *table) {
    const struct grid *grid = table->grid;
    lxw_col_t column = 0;
    lxw_row_t rows = 0;
    for (size_t row = 0; row < grid->rows->len; row++)
        rows += has_row(table, row);
    for (size_t i = 0; i < grid->column_count; i++) {
        if (!has_column(table, i))
            continue;
        size_t width = MIN(put_column(book, sheet, table, i, column), WIDEST);
        worksheet_set_column(sheet, column, column, (double)width + 1, NULL);
        column++;
    }
    put_notes(book, sheet, grid, column);
    worksheet_freeze_panes(sheet, 1, table->type ? 2 : 1);
    if (rows && column)
        worksheet_autofilter(sheet, 0, 0, MIN(rows, MOST_ROWS), (lxw_col_t)(column - 1));
    worksheet_repeat_rows(sheet, 0, 0);
    worksheet_set_landscape(sheet);
}

/* Number of the column in the sheet of the table; -1 when it has none of this name. */
static int place_of(const struct table *table, const char *name) {
    int place = 0;
    for (size_t i = 0; i < table->grid->column_count; i++) {
        bool shown = has_column(table, i);
        if (strcmp(table->grid->columns[i].name, name) == 0)
            return shown ? place : -1;
        place += shown;
    }
    return -1;
}

static const struct chart {
    const char *type;
    const char *sheet;
    const char *title;
    const char *columns[2];
} charts[] = {
    {"vm", "Guests", "CPU of guests, percent", {"cpu_percent_p95", "cpu_percent_average"}},
    {"host", "Hosts", "CPU of hosts, percent", {"cpu_percent_p95", "cpu_percent_average"}},
};

/* One bar per row of the first rows; returns whether there is something to show. */
static bool put_chart(const struct book *book, lxw_worksheet *sheet, lxw_row_t at,
                      const struct chart *chart, const struct grid *rows) {
    const struct table table = {rows, chart->type};
    lxw_row_t count = 0;
    for (size_t row = 0; row < rows->rows->len; row++)
        count += has_row(&table, row);
    int names = place_of(&table, "name");
    lxw_chart *bars = workbook_add_chart(book->workbook, LXW_CHART_BAR);
    bool any = false;
    for (size_t i = 0; count && i < G_N_ELEMENTS(chart->columns); i++) {
        int place = place_of(&table, chart->columns[i]);
        if (place < 0)
            continue;
        lxw_row_t last = MIN(count, CHART_ROWS);
        lxw_chart_series *series = chart_add_series(bars, NULL, NULL);
        chart_series_set_categories(series, chart->sheet, 1, (lxw_col_t)names, last,
                                    (lxw_col_t)names);
        chart_series_set_values(series, chart->sheet, 1, (lxw_col_t)place, last, (lxw_col_t)place);
        chart_series_set_name(series, i ? "average" : "p95");
        any = true;
    }
    if (!any) /* a chart belongs to the workbook, but nobody sees it */
        return false;
    chart_title_set_name(bars, chart->title);
    chart_axis_set_reverse(bars->y_axis);
    worksheet_insert_chart(sheet, at, 0, bars);
    return true;
}

static void put_lines(const struct book *book, lxw_worksheet *sheet, lxw_row_t *row,
                      const char *title, const GPtrArray *lines) {
    put_text(sheet, (*row)++, 0, title, book->heading);
    for (guint i = 0; i < lines->len; i++)
        put_text(sheet, (*row)++, 0, g_ptr_array_index(lines, i), book->wrapped);
    ++*row;
}

static void put_summary(const struct book *book, struct findings *findings,
                        const struct grid *rows) {
    enum { WIDTH = 110, CHART_LINES = 17 };
    lxw_worksheet *sheet = add_sheet(book, "Summary");
    lxw_row_t row = 0;
    worksheet_set_column(sheet, 0, 0, WIDTH, NULL);
    put_text(sheet, row++, 0, findings->title, book->heading);
    put_lines(book, sheet, &row, "Summary", findings->summary);
    put_lines(book, sheet, &row, "Data quality", findings->quality);
    for (size_t i = 0; i < G_N_ELEMENTS(charts); i++)
        if (put_chart(book, sheet, row, &charts[i], rows))
            row += CHART_LINES;
}

static void put_types(const struct book *book, const struct grid *rows) {
    static const struct {
        const char *type;
        const char *title;
    } types[] = {{"cluster", "Clusters"},
                 {"host", "Hosts"},
                 {"vm", "Guests"},
                 {"datastore", "Datastores"},
                 {"filesystem", "File systems"}};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        const struct table table = {rows, types[i].type};
        if (has_column(&table, 0))
            put_table(book, add_sheet(book, types[i].title), &table);
    }
}

static lxw_error write_book(const char *path, const char *directory, struct findings *findings) {
    lxw_workbook_options order = {.tmpdir = (char *)directory};
    struct book book = {.workbook = workbook_new_opt(path, &order)};
    if (!book.workbook)
        return LXW_ERROR_MEMORY_MALLOC_FAILED;
    set_formats(&book);
    workbook_set_properties(book.workbook,
                            &(lxw_doc_properties){.title = findings->title, .comments = "vperf"});
    struct grid *rows = rows_list(findings);
    GPtrArray *sections = sections_list(findings, MOST_ROWS);
    put_summary(&book, findings, rows);
    put_types(&book, rows);
    for (guint i = 0; i < sections->len; i++) {
        const struct table table = {g_ptr_array_index(sections, i), NULL};
        put_table(&book, add_sheet(&book, table.grid->title), &table);
    }
    const struct table figures = {explain_list(&findings->order.rules), NULL};
    put_table(&book, add_sheet(&book, "Figures"), &figures);
    grid_free((struct grid *)figures.grid);
    g_ptr_array_free(sections, TRUE);
    grid_free(rows);
    return workbook_close(book.workbook);
}

static bool copy(const char *path, FILE *stream, struct error *error) {
    char *bytes = NULL;
    gsize size = 0;
    GError *failed = NULL;
    if (!g_file_get_contents(path, &bytes, &size, &failed)) {
        error_set(error, ERROR_OUTPUT, "the workbook: %s", failed->message);
        g_error_free(failed);
        return false;
    }
    fwrite(bytes, 1, size, stream);
    g_free(bytes);
    return true;
}

bool page_xlsx(FILE *stream, struct findings *findings, const struct page_options *options,
               struct error *error) {
    (void)options;
    char *directory = g_dir_make_tmp("vperf-XXXXXX", NULL);
    if (!directory)
        return error_set(error, ERROR_OUTPUT, "no directory for the workbook in %s: %s",
                         g_get_tmp_dir(), strerror(errno));
    char *path = memory_printf("%s/report.xlsx", directory);
    lxw_error failed = write_book(path, directory, findings);
    bool good = failed == LXW_NO_ERROR ? copy(path, stream, error)
                                       : error_set(error, ERROR_OUTPUT, "the workbook in %s: %s",
                                                   directory, lxw_strerror(failed));
    unlink(path);
    rmdir(directory);
    free(path);
    g_free(directory);
    return good;
}
