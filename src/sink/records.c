/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Cells are kept until the end: a table needs the widest, and a failed list writes nothing. */
#include "sink/records.h"

#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "core/memory.h"
#include "core/text.h"
#include "sink/csv_text.h"

/* What a column is narrowed to at most, and what stands between two. */
enum { NARROW = 20, NARROW_FIXED = 14, SEPARATOR = 2, INDENT = 4, CHUNK = 1 << 16 };

struct records {
    FILE *stream;
    enum records_format format;
    bool spreadsheet_safe;
    const struct records_column *columns;
    size_t column_count;
    size_t width;        /* of a table; 0 for any */
    size_t limit;        /* of the columns that a table shows; 0 for none */
    size_t fixed;        /* columns that are shown in any case */
    size_t shown;        /* columns */
    char **cells;        /* row by row */
    GStringChunk *texts; /* of the cells */
    size_t cell_count;
    size_t capacity;
    GPtrArray *notes; /* texts below rows */
    GArray *noted;    /* for each of them, the cells before it */
    bool bold;        /* the heading of a table */
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

/* Most cells of a wide list are empty. */
static char no_text[] = "";

static void put_cell(struct records *records, const char *text) {
    records->cells = memory_grow(records->cells, records->cell_count, &records->capacity,
                                 sizeof *records->cells);
    records->cells[records->cell_count++] =
        text && *text ? g_string_chunk_insert(records->texts, text) : no_text;
}

struct records *records_new(FILE *stream, enum records_format format, bool spreadsheet_safe,
                            const struct records_column *columns, size_t count) {
    struct records *records = memory_alloc(sizeof *records);
    records->stream = stream;
    records->format = format;
    records->spreadsheet_safe = spreadsheet_safe;
    records->columns = columns;
    records->column_count = count;
    records->texts = g_string_chunk_new(CHUNK);
    records->notes = g_ptr_array_new_with_free_func(free);
    records->noted = g_array_new(FALSE, FALSE, sizeof(size_t));
    return records;
}

void records_fit(struct records *records, size_t width) {
    records->width = width;
}

void records_bold(struct records *records, bool bold) {
    records->bold = bold;
}

void records_limit(struct records *records, size_t fixed, size_t width) {
    records->fixed = fixed;
    records->limit = width;
}

size_t records_shown(const struct records *records) {
    return records->shown;
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

void records_note(struct records *records, const char *text) {
    if (!text || !*text || records->format != RECORDS_TABLE)
        return;
    char *copy = memory_strdup(text);
    text_one_line(copy);
    g_ptr_array_add(records->notes, copy);
    g_array_append_val(records->noted, records->cell_count);
}

static void put_separator(const struct records *records, size_t column, const char *separator) {
    fputs(column + 1 < records->column_count ? separator : "\n", records->stream);
}

static void put_csv_row(const struct records *records, char *const *cells) {
    for (size_t i = 0; i < records->column_count; i++) {
        bool safe = records->spreadsheet_safe && !records->columns[i].number;
        csv_text(records->stream, cells[i], safe);
        put_separator(records, i, ",");
    }
}

/* As in the CSV of samples, readers that look at a beginning only see the quotes here. */
static void put_csv_heading(const struct records *records, const char *name) {
    if (strcmp(name, "name") == 0)
        fprintf(records->stream, "\"%s\"", name);
    else
        csv_text(records->stream, name, false);
}

static void put_csv(struct records *records) {
    records->shown = records->column_count;
    for (size_t i = 0; i < records->column_count; i++) {
        put_csv_heading(records, records->columns[i].name);
        put_separator(records, i, ",");
    }
    for (size_t i = 0; i < records->cell_count; i += records->column_count)
        put_csv_row(records, records->cells + i);
}

size_t records_width(const char *text) {
    size_t length = strlen(text);
    wchar_t *wide = memory_array(length + 1, sizeof *wide);
    size_t characters = mbstowcs(wide, text, length + 1);
    int width = characters == (size_t)-1 ? -1 : wcswidth(wide, characters);
    free(wide);
    return width < 0 ? length : (size_t)width;
}

/* The bytes of the longest beginning that takes up to so many columns. */
static size_t beginning(const char *text, size_t width) {
    mbstate_t state = {0};
    size_t bytes = 0, used = 0, length = 0;
    wchar_t character;
    while ((length = mbrtowc(&character, text + bytes, MB_CUR_MAX, &state)) > 0) {
        if (length >= (size_t)-2)
            break;
        int columns = wcwidth(character);
        used += columns > 0 ? (size_t)columns : 0;
        if (used > width)
            break;
        bytes += length;
    }
    return bytes;
}

/* The text, or as much of it as fits before an ellipsis; the caller frees it. */
static char *fit(const char *text, size_t width) {
    if (records_width(text) <= width)
        return memory_strdup(text);
    return memory_printf("%.*s…", (int)beginning(text, width ? width - 1 : 0), text);
}

static void add_cell(GString *line, const char *text, size_t width, bool number, bool last) {
    char *shown = fit(text, width);
    int padding = (int)(width - records_width(shown));
    g_string_append_printf(line, "%*s%s%*s%*s", number ? padding : 0, "", shown,
                           number || last ? 0 : padding, "", last ? 0 : SEPARATOR, "");
    free(shown);
}

static void put_line(const struct records *records, GString *line, bool bold) {
    if (records->width) {
        char *shown = fit(g_strchomp(line->str), records->width);
        g_string_assign(line, shown);
        free(shown);
    }
    bold = bold && records->bold;
    fprintf(records->stream, "%s%s%s\n", bold ? TEXT_BOLD : "", line->str, bold ? TEXT_PLAIN : "");
    g_string_free(line, TRUE);
}

static void widen(size_t *width, const char *text) {
    size_t wanted = records_width(text);
    *width = wanted > *width ? wanted : *width;
}

/* What would break a line of the table is replaced in the cells themselves: they end here. */
static size_t *measure(struct records *records) {
    size_t columns = records->column_count;
    size_t *widths = memory_array(columns, sizeof *widths);
    for (size_t i = 0; i < columns; i++)
        widen(&widths[i], records->columns[i].name);
    for (size_t row = 0; row < records->cell_count; row += columns) {
        for (size_t i = 0; i < columns; i++) {
            text_one_line(records->cells[row + i]);
            widen(&widths[i], records->cells[row + i]);
        }
    }
    return widths;
}

static bool is_empty(const struct records *records, size_t row) {
    for (size_t i = 0; i < records->column_count; i++)
        if (*records->cells[row + i])
            return false;
    return true;
}

static size_t total_width(const struct records *records, const size_t *widths) {
    size_t total = (records->column_count - 1) * SEPARATOR;
    for (size_t i = 0; i < records->column_count; i++)
        total += widths[i];
    return total;
}

/* The first column says what the line is about: it stays whole. */
static size_t widest(const struct records *records, const size_t *widths) {
    size_t widest = 0;
    for (size_t i = 1; i < records->column_count; i++)
        if (!records->columns[i].number && (!widest || widths[i] > widths[widest]))
            widest = i;
    return widest;
}

static void narrow(const struct records *records, size_t *widths) {
    if (!records->width)
        return;
    for (size_t excess = total_width(records, widths); excess > records->width; excess--) {
        size_t column = widest(records, widths);
        if (!column || widths[column] <= NARROW)
            return;
        widths[column]--;
    }
}

/* The cells of one line; the names of the columns when there are none. */
static void put_table_row(const struct records *records, const size_t *widths, char *const *cells) {
    GString *line = g_string_new(NULL);
    for (size_t i = 0; i < records->shown; i++) {
        const struct records_column *column = &records->columns[i];
        add_cell(line, cells ? cells[i] : column->name, widths[i], column->number,
                 i + 1 == records->shown);
    }
    put_line(records, line, !cells);
}

static void narrow_fixed(const struct records *records, size_t *widths) {
    if (!records->limit || total_width(records, widths) <= records->limit)
        return;
    for (size_t i = 0; i < records->fixed; i++)
        if (!records->columns[i].number)
            widths[i] = MIN(widths[i], i ? NARROW_FIXED : NARROW);
}

/* As many columns as the limit takes, at least one beside the fixed ones. */
static size_t columns_within(const struct records *records, const size_t *widths) {
    size_t width = 0, end = 0;
    for (; end < records->column_count; end++) {
        width += widths[end] + (end ? SEPARATOR : 0);
        if (records->limit && width > records->limit && end > records->fixed)
            break;
    }
    return end;
}

/* The bytes of the words that fit, or of the first one. */
static size_t words_within(const char *text, size_t width) {
    size_t length = strlen(text), fitting = width ? beginning(text, width) : length;
    if (fitting == length)
        return length;
    size_t end = fitting;
    while (end && text[end] != ' ')
        end--;
    return end ? end : fitting + strcspn(text + fitting, " ");
}

static void put_note(const struct records *records, const char *text) {
    size_t width = records->width > INDENT ? records->width - INDENT : 0;
    while (*text) {
        size_t length = words_within(text, width);
        fprintf(records->stream, "%*s%.*s\n", INDENT, "", (int)length, text);
        text += length;
        text += strspn(text, " ");
    }
}

/* The notes of the row that ends after so many cells; *next is the first one not yet written. */
static void put_notes(const struct records *records, size_t cells, size_t *next) {
    for (; *next < records->notes->len && g_array_index(records->noted, size_t, *next) <= cells;
         ++*next)
        put_note(records, g_ptr_array_index(records->notes, *next));
}

static void put_table(struct records *records) {
    size_t *widths = measure(records);
    narrow(records, widths);
    narrow_fixed(records, widths);
    records->shown = columns_within(records, widths);
    put_table_row(records, widths, NULL);
    for (size_t row = 0, note = 0; row < records->cell_count; row += records->column_count) {
        if (is_empty(records, row))
            fputc('\n', records->stream);
        else
            put_table_row(records, widths, records->cells + row);
        put_notes(records, row + records->column_count, &note);
    }
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
    g_string_chunk_free(records->texts);
    free(records->cells);
    g_ptr_array_free(records->notes, TRUE);
    g_array_free(records->noted, TRUE);
    free(records);
}
