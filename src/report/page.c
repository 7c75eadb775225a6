/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/page.h"

#include <string.h>

static const struct page pages[] = {
    {"csv", page_csv},
    {"html", page_html},
    {"table", page_table},
};

const struct page *page_find(const char *name, bool terminal, struct error *error) {
    if (!name)
        name = terminal ? "table" : "csv";
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (strcmp(pages[i].name, name) == 0)
            return &pages[i];
    error_set(error, ERROR_USAGE, "--format '%s': expected csv, html or table", name);
    return NULL;
}
