/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "sink/json_text.h"

static void append_valid(GString *line, const char *text) {
    g_string_append_c(line, '"');
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < ' ' || byte == 0x7f)
            g_string_append_printf(line, "\\u%04x", byte);
        else if (byte == '"' || byte == '\\')
            g_string_append_printf(line, "\\%c", byte);
        else
            g_string_append_c(line, *text);
    }
    g_string_append_c(line, '"');
}

void json_append(GString *line, const char *text) {
    if (g_utf8_validate(text, -1, NULL)) {
        append_valid(line, text);
        return;
    }
    char *valid = g_utf8_make_valid(text, -1);
    append_valid(line, valid);
    g_free(valid);
}
