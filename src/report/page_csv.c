/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include <stdlib.h>

#include "core/memory.h"
#include "core/value.h"
#include "report/page.h"
#include "report/rows.h"
#include "sink/records.h"

static void put_cell(struct records *records, const struct grid_cell *cell) {
    char time[TIME_TEXT_SIZE] = "";
    if (cell->kind == GRID_TIME)
        time_text(time, (int64_t)cell->number);
    records_text(records, cell->kind == GRID_NONE   ? NULL
                          : cell->kind == GRID_TIME ? time
                                                    : cell->text);
}

void page_csv_list(FILE *stream, const struct grid *grid, const struct page_options *options) {
    struct records_column *columns = memory_array(grid->column_count, sizeof *columns);
    for (size_t i = 0; i < grid->column_count; i++)
        columns[i] = (struct records_column){grid->columns[i].name, grid->columns[i].number};
    struct records *records =
        records_new(stream, RECORDS_CSV, options->spreadsheet_safe, columns, grid->column_count);
    for (size_t row = 0; row < grid->rows->len; row++)
        for (size_t i = 0; i < grid->column_count; i++)
            put_cell(records, grid_cell(grid, row, i));
    records_finish(records);
    records_free(records);
    free(columns);
}

bool page_csv(FILE *stream, struct findings *findings, const struct page_options *options,
              struct error *error) {
    (void)error;
    struct grid *rows = rows_list(findings);
    page_csv_list(stream, rows, options);
    grid_free(rows);
    return true;
}
