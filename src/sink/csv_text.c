/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The cells of CSV (RFC 4180), for every command that writes CSV. */
#include "sink/csv_text.h"

#include <string.h>

static void append_quoted(GString *row, const char *text) {
    for (; *text; text++) {
        if (*text == '"')
            g_string_append_c(row, '"');
        g_string_append_c(row, *text);
    }
}

static void append_valid(GString *row, const char *text, bool apostrophe) {
    bool quotes = strpbrk(text, ",\"\r\n") != NULL;

    if (quotes)
        g_string_append_c(row, '"');
    if (apostrophe)
        g_string_append_c(row, '\'');
    if (quotes)
        append_quoted(row, text);
    else
        g_string_append(row, text);
    if (quotes)
        g_string_append_c(row, '"');
}

/* Nearly all cells: ASCII that needs no quotes. One pass, for there are many. */
static bool append_plain(GString *row, const char *text) {
    const char *end = text;
    for (; *end; end++)
        if ((signed char)*end < ' ' || *end == ',' || *end == '"')
            return false;
    g_string_append_len(row, text, end - text);
    return true;
}

void csv_append(GString *row, const char *text, bool spreadsheet_safe) {
    if (!text || !*text || (!spreadsheet_safe && append_plain(row, text)))
        return;

    bool apostrophe = spreadsheet_safe && strchr("=+-@\t\r", *text);
    if (g_utf8_validate(text, -1, NULL)) {
        append_valid(row, text, apostrophe);
        return;
    }
    char *valid = g_utf8_make_valid(text, -1);
    append_valid(row, valid, apostrophe);
    g_free(valid);
}

void csv_text(FILE *stream, const char *text, bool spreadsheet_safe) {
    GString *cell = g_string_new(NULL);

    csv_append(cell, text, spreadsheet_safe);
    fwrite(cell->str, 1, cell->len, stream);
    g_string_free(cell, TRUE);
}
