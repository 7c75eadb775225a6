/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Sections for a terminal: the columns that fit, and how many do not. */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/text.h"
#include "report/explain.h"
#include "report/page.h"
#include "report/sections.h"
#include "sink/records.h"

enum { DEFAULT_WIDTH = 80, TOP = 20 };

static void put_sentence(FILE *stream, const char *text, size_t width) {
    char *line = memory_strdup(text);
    text_one_line(line);
    for (const char *rest = line; *rest;) {
        size_t length = strlen(rest);
        if (length > width) {
            length = width;
            while (length && rest[length] != ' ')
                length--;
            length = length ? length : strcspn(rest, " ");
        }
        fprintf(stream, "%.*s\n", (int)length, rest);
        rest += length;
        rest += strspn(rest, " ");
    }
    free(line);
}

static void put_sentences(FILE *stream, const GPtrArray *sentences, size_t width) {
    for (guint i = 0; i < sentences->len; i++)
        put_sentence(stream, g_ptr_array_index(sentences, i), width);
}

static void put_unfilled(FILE *stream, const struct grid *grid, size_t width) {
    char *names = grid_unfilled(grid);
    char *text = names ? memory_printf("No value of any: %s.", names) : NULL;
    if (text)
        put_sentence(stream, text, width);
    free(names);
    free(text);
}

/* Returns how many columns did not fit. */
static size_t put_grid(FILE *stream, const struct grid *grid, size_t limit) {
    struct records_column *columns = memory_array(grid->column_count, sizeof *columns);
    size_t count = 0;
    for (size_t i = 0; i < grid->column_count; i++)
        if (grid_shows(grid, i))
            columns[count++] =
                (struct records_column){grid->columns[i].name, grid->columns[i].number};
    struct records *records = records_new(stream, RECORDS_TABLE, false, columns, count);
    records_limit(records, 1, limit);
    records_fit(records, limit);
    for (size_t row = 0; row < grid->rows->len; row++) {
        for (size_t i = 0; i < grid->column_count; i++)
            if (grid_shows(grid, i))
                records_text(records, grid_text_of(grid, row, i));
        records_note(records, grid_row(grid, row)->note);
    }
    fprintf(stream, "\n%s\n", grid->title);
    records_finish(records);
    if (!grid->rows->len)
        fputs("None.\n", stream);
    if (grid->rows->len < grid->all)
        fprintf(stream, "%u of %zu are shown: --top N, or --format csv for all.\n", grid->rows->len,
                grid->all);
    put_unfilled(stream, grid, limit ? limit : DEFAULT_WIDTH);
    size_t hidden = count - records_shown(records);
    records_free(records);
    free(columns);
    return hidden;
}

static void put_formulas(FILE *stream, size_t width) {
    fputs("\nFormulas\n", stream);
    for (const struct explain_figure *one = explain_figures; one->name; one++) {
        char *text = memory_printf("%s: %s (%s).", one->name, one->formula, one->counter);
        put_sentence(stream, text, width);
        free(text);
    }
}

/* Each figure is a paragraph: what does not fit into a table is read as text. */
void page_table_list(FILE *stream, const struct grid *grid, const struct page_options *options) {
    size_t width = options->width ? options->width : DEFAULT_WIDTH;
    for (size_t row = 0; row < grid->rows->len; row++) {
        GString *text = g_string_new(grid_text_of(grid, row, 0));
        for (size_t i = 1; i < grid->column_count; i++)
            if (grid_cell(grid, row, i)->kind != GRID_NONE)
                g_string_append_printf(text, "%s%s: %s", i > 1 ? "; " : ": ", grid->columns[i].name,
                                       grid_text_of(grid, row, i));
        put_sentence(stream, text->str, width);
        g_string_free(text, TRUE);
    }
}

bool page_table(FILE *stream, struct findings *findings, const struct page_options *options,
                struct error *error) {
    (void)error;
    size_t width = options->width ? options->width : DEFAULT_WIDTH, hidden = 0;
    size_t top = findings->order.top;
    GPtrArray *sections = sections_list(findings, top ? top : TOP);
    put_sentence(stream, findings->title, width);
    fputs("\nSummary\n", stream);
    put_sentences(stream, findings->summary, width);
    for (guint i = 0; i < sections->len; i++)
        hidden += put_grid(stream, g_ptr_array_index(sections, i), options->width);
    fputs("\nData quality\n", stream);
    put_sentences(stream, findings->quality, width);
    if (hidden)
        fprintf(stream, "%zu columns did not fit: a wider terminal, or --format csv, has them.\n",
                hidden);
    put_formulas(stream, width);
    g_ptr_array_free(sections, TRUE);
    return true;
}
