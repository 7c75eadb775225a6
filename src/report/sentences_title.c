/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The title of a report: its sources and its days. */
#include "report/sentences.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "report/words.h"

/* Those that a title has room for. */
static void append_source(GString *list, const char *source, size_t number, size_t count) {
    enum { MOST = 3 };
    if (number < MOST)
        g_string_append_printf(list, "%s%s",
                               !number                                ? ""
                               : number + 1 == count && count <= MOST ? " and "
                                                                      : ", ",
                               source);
    else if (number + 1 == count)
        g_string_append_printf(list, " and %zu more", count - MOST);
}

static gint compare_text(gconstpointer a, gconstpointer b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *sources(const struct findings *findings) {
    GPtrArray *names = g_ptr_array_new();
    for (size_t i = 0; i < usage_count(findings->usage); i++) {
        const char *source = usage_at(findings->usage, i)->entity->source;
        bool known = !source || !*source;
        for (guint k = 0; !known && k < names->len; k++)
            known = strcmp(g_ptr_array_index(names, k), source) == 0;
        if (!known)
            g_ptr_array_add(names, (gpointer)source);
    }
    g_ptr_array_sort(names, compare_text);
    GString *list = g_string_new(NULL);
    for (guint i = 0; i < names->len; i++)
        append_source(list, g_ptr_array_index(names, i), i, names->len);
    g_ptr_array_free(names, TRUE);
    char *text = memory_strdup(list->str);
    g_string_free(list, TRUE);
    return text;
}

/* Within a day, the hours count. */
static char *span(const struct findings *findings) {
    enum { DAY_SECONDS = 86400, DATE = 10 };
    char *begin = words_time(findings->last_time - findings->window_seconds);
    char *end = words_time(findings->last_time);
    bool days = findings->window_seconds >= DAY_SECONDS;
    char *text = NULL;
    if (days)
        text = memory_printf("%.*s to %.*s", DATE, begin, DATE, end);
    else if (strncmp(begin, end, DATE) != 0)
        text = memory_printf("%s to %s", begin, end);
    else
        text = memory_printf("%.*s%s%s", (int)strlen("2026-11-26 21:30"), begin, " to ",
                             end + DATE + 1);
    free(begin);
    free(end);
    return text;
}

char *sentences_title(const struct findings *findings) {
    char *names = sources(findings), *when = span(findings);
    char *title = memory_printf("Capacity report%s%s%s%s", *names ? " of " : "", names,
                                findings->last_time ? ", " : "", findings->last_time ? when : "");
    free(names);
    free(when);
    return title;
}
