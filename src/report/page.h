/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The forms of a report. */
#ifndef VPERF_REPORT_PAGE_H
#define VPERF_REPORT_PAGE_H

#include <stdio.h>

#include "report/findings.h"

/* What a form may be told. */
struct page_options {
    size_t width;          /* columns of the terminal; 0 for any */
    bool spreadsheet_safe; /* as in struct sink_options */
};

struct page {
    const char *name; /* the value of --format */
    void (*write)(FILE *stream, struct findings *findings, const struct page_options *options);
};

/* page_find: the form with this name; NULL means table on a terminal and csv elsewhere. ERROR_USAGE
 * lists the known ones.
 */
const struct page *page_find(const char *name, bool terminal, struct error *error);

/* page_csv: one row per cluster, host and guest. */
void page_csv(FILE *stream, struct findings *findings, const struct page_options *options);

/* page_html: one file that needs no network and no scripts; below 5 MB. */
void page_html(FILE *stream, struct findings *findings, const struct page_options *options);

/* page_table: sections for a terminal. */
void page_table(FILE *stream, struct findings *findings, const struct page_options *options);

#endif
