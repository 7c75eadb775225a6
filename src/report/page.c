/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/page.h"

#include <glib.h>
#include <string.h>

#include "core/ending.h"

static const struct page pages[] = {
    {"csv", false, page_csv_list, page_csv},
    {"html", false, NULL, page_html},
    {"table", false, page_table_list, page_table},
#ifdef VPERF_XLSX
    {"xlsx", true, NULL, page_xlsx},
#endif
};

const char *page_name(size_t number) {
    return number < G_N_ELEMENTS(pages) ? pages[number].name : NULL;
}

static const struct page *find(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++)
        if (strcmp(pages[i].name, name) == 0)
            return &pages[i];
    return NULL;
}

/* The names of all; the caller frees them. */
static char *names(const char *between) {
    const char *list[G_N_ELEMENTS(pages) + 1] = {NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++)
        list[i] = pages[i].name;
    return g_strjoinv(between, (char **)list);
}

static const struct page *fail(const char *name, struct error *error) {
    char *known = names(", ");
    error_set(error, ERROR_USAGE, "--format '%s': expected one of %s", name, known);
    g_free(known);
    return NULL;
}

/* The one that the output's name ends in; NULL for none. */
static const struct page *find_ending(const char *output) {
    for (size_t i = 0; output && i < G_N_ELEMENTS(pages); i++)
        if (ending_is(output, pages[i].name))
            return &pages[i];
    return output && ending_is(output, "htm") ? find("html") : NULL;
}

static bool has_right_ending(const char *output, struct error *error) {
    char *known = names(" "), *taken = g_strconcat(known, " htm", NULL);
    bool right = ending_check("--output", output, taken, error);
    g_free(taken);
    g_free(known);
    return right;
}

const struct page *page_find(const char *name, const char *output, bool terminal,
                             struct error *error) {
    if (!name && !has_right_ending(output, error))
        return NULL;
    const struct page *page = name ? find(name) : find_ending(output);
    if (!page && !name)
        page = find(terminal ? "table" : "csv");
    if (!page)
        return fail(name, error);
    if (page->binary && terminal) {
        error_set(error, ERROR_USAGE, "--format %s is not for a terminal: give --output FILE",
                  page->name);
        return NULL;
    }
    return page;
}
