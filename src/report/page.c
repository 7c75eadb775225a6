/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/page.h"

#include <glib.h>
#include <string.h>

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

static const struct page *fail(const char *name, struct error *error) {
    GString *known = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++)
        g_string_append_printf(known, "%s%s", i ? ", " : "", pages[i].name);
    error_set(error, ERROR_USAGE, "--format '%s': expected one of %s", name, known->str);
    g_string_free(known, TRUE);
    return NULL;
}

const struct page *page_find(const char *name, const char *output, bool terminal,
                             struct error *error) {
    const char *end = output ? strrchr(output, '.') : NULL;
    const struct page *page = name ? find(name) : end ? find(end + 1) : NULL;
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
