/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Text of unknown origin made fit for one line on a terminal or in a log. */
#include "core/text.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

static bool is_style(gunichar character) {
    return character == 0x1fffe || character == 0x1ffff;
}

static bool is_harmful(gunichar character) {
    if (is_style(character))
        return true;
    switch (g_unichar_type(character)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT: /* such as the marks that reverse the direction of text */
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return true;
    default:
        return false;
    }
}

static bool is_utf8(gunichar character) {
    return character != (gunichar)-1 && character != (gunichar)-2;
}

/*
 * Puts '?' in place of what is harmful and not among the exceptions, nor, with any of these, a mark
 * of style; returns the new length.
 */
static size_t disarm(char *text, size_t size, const char *exceptions) {
    char *to = text;
    const char *from = text;
    const char *end = text + size;

    while (from < end) {
        gunichar character = *from ? g_utf8_get_char_validated(from, end - from) : 0;
        size_t length = is_utf8(character) ? (size_t)(g_utf8_next_char(from) - from) : 1;
        bool harmless = !is_harmful(character) || (*from && strchr(exceptions, *from)) ||
                        (*exceptions && is_style(character));
        if (is_utf8(character) && harmless) {
            memmove(to, from, length);
            to += length;
        } else {
            *to++ = '?';
        }
        from += length;
    }
    return (size_t)(to - text);
}

void text_one_line(char *text) {
    text[disarm(text, strlen(text), "")] = '\0';
}

/* The sequences of a terminal take as many bytes as the marks. */
static void set_styles(char *text, size_t size) {
    static const struct {
        const char *mark, *sequence;
    } styles[] = {{TEXT_BOLD, "\033[1m"}, {TEXT_PLAIN, "\033[0m"}};
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++)
        for (char *place = text; (place = memmem(place, size - (size_t)(place - text),
                                                 styles[i].mark, strlen(styles[i].mark)));)
            memcpy(place, styles[i].sequence, strlen(styles[i].sequence));
}

size_t text_for_terminal(char *text, size_t size) {
    size_t length = disarm(text, size, "\n\t");
    set_styles(text, length);
    return length;
}

size_t text_whole(const char *text, size_t size) {
    const char *end = text + size;
    const char *last = g_utf8_find_prev_char(text, end);
    bool cut = last && *last && g_utf8_get_char_validated(last, end - last) == (gunichar)-2;
    return cut ? (size_t)(last - text) : size;
}

size_t text_cut(const char *text, size_t limit) {
    size_t length = strlen(text);

    if (length <= limit)
        return length;
    const char *end = g_utf8_find_prev_char(text, text + limit + 1);
    return end ? (size_t)(end - text) : 0;
}
