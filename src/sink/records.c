/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Cells are kept until the end: a table needs the widest, and a failed list writes nothing. */
#include "sink/records.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "core/memory.h"
#include "core/text.h"
#include "sink/csv_text.h"

struct records {
    FILE *stream;
    enum records_format format;
    bool spreadsheet_safe;
    const struct records_column *columns;
    size_t column_count;
    char **cells; /* row by row */
    size_t cell_count;
    size_t capacity;
};

bool records_format_find(const char *name, bool terminal, enum records_format *format,
                         struct error *error) {
    if (!name)
        *format = terminal ? RECORDS_TABLE : RECORDS_CSV;
    else if (strcmp(name, "csv") == 0)
        *format = RECORDS_CSV;
    else if (strcmp(name, "table") == 0)
        *format = RECORDS_TABLE;
    else
        return error_set(error, ERROR_USAGE, "--format '%s': expected csv or table", name);
    return true;
}

static void put_cell(struct records *records, const char *text) {
    records->cells = memory_grow(records->cells, records->cell_count, &records->capacity,
                                 sizeof *records->cells);
    records->cells[records->cell_count++] = memory_strdup(text ? text : "");
}

struct records *records_new(FILE *stream, enum records_format format, bool spreadsheet_safe,
                            const struct records_column *columns, size_t count) {
    struct records *records = memory_alloc(sizeof *records);
    records->stream = stream;
    records->format = format;
    records->spreadsheet_safe = spreadsheet_safe;
    records->columns = columns;
    records->column_count = count;
    return records;
}

void records_text(struct records *records, const char *text) {
    put_cell(records, text);
}

void records_number(struct records *records, int64_t value, bool zero_is_empty) {
    char text[24] = "";
    if (value || !zero_is_empty)
        snprintf(text, sizeof text, "%" PRId64, value);
    put_cell(records, text);
}

static const struct records_column *column_of(const struct records *records, size_t cell) {
    return &records->columns[cell % records->column_count];
}

static bool ends_row(const struct records *records, size_t cell) {
    return (cell + 1) % records->column_count == 0;
}

static void put_csv(const struct records *records) {
    for (size_t i = 0; i < records->column_count; i++) {
        csv_text(records->stream, records->columns[i].name, false);
        fputc(ends_row(records, i) ? '\n' : ',', records->stream);
    }
    for (size_t i = 0; i < records->cell_count; i++) {
        bool safe = records->spreadsheet_safe && !column_of(records, i)->number;
        csv_text(records->stream, records->cells[i], safe);
        fputc(ends_row(records, i) ? '\n' : ',', records->stream);
    }
}

/* Columns on a terminal; bytes when the locale cannot tell. */
static size_t display_width(const char *text) {
    size_t length = strlen(text);
    wchar_t *wide = memory_array(length + 1, sizeof *wide);
    size_t characters = mbstowcs(wide, text, length + 1);
    int width = characters == (size_t)-1 ? -1 : wcswidth(wide, characters);
    free(wide);
    return width < 0 ? length : (size_t)width;
}

static void put_table_cell(const struct records *records, size_t cell, const char *text,
                           size_t width) {
    int padding = (int)(width - display_width(text));
    bool number = column_of(records, cell)->number;
    bool last = ends_row(records, cell);
    fprintf(records->stream, "%*s%s%*s%s", number ? padding : 0, "", text,
            number || last ? 0 : padding, "", last ? "\n" : "  ");
}

static void put_table(const struct records *records) {
    size_t *widths = memory_array(records->column_count, sizeof *widths);
    char **texts = memory_array(records->cell_count, sizeof *texts);
    for (size_t i = 0; i < records->column_count; i++)
        widths[i] = display_width(records->columns[i].name);
    for (size_t i = 0; i < records->cell_count; i++) {
        texts[i] = memory_strdup(records->cells[i]);
        text_one_line(texts[i]);
        size_t width = display_width(texts[i]);
        size_t *widest = &widths[i % records->column_count];
        *widest = width > *widest ? width : *widest;
    }
    for (size_t i = 0; i < records->column_count; i++)
        put_table_cell(records, i, records->columns[i].name, widths[i]);
    for (size_t i = 0; i < records->cell_count; i++) {
        put_table_cell(records, i, texts[i], widths[i % records->column_count]);
        free(texts[i]);
    }
    free(texts);
    free(widths);
}

void records_finish(struct records *records) {
    if (records->format == RECORDS_CSV)
        put_csv(records);
    else
        put_table(records);
}

void records_free(struct records *records) {
    if (!records)
        return;
    for (size_t i = 0; i < records->cell_count; i++)
        free(records->cells[i]);
    free(records->cells);
    free(records);
}
