/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The forms of a report. */
#ifndef VPERF_REPORT_PAGE_H
#define VPERF_REPORT_PAGE_H

#include <stdio.h>

#include "report/findings.h"
#include "report/grid.h"

/* What a form may be told. */
struct page_options {
    size_t width;          /* columns of the terminal; 0 for any */
    bool spreadsheet_safe; /* as in struct sink_options */
};

struct page {
    const char *name; /* the value of --format */
    bool binary;      /* not for a terminal */
    /* list: one list alone; NULL when the form has none. */
    void (*list)(FILE *stream, const struct grid *grid, const struct page_options *options);
    bool (*write)(FILE *stream, struct findings *findings, const struct page_options *options,
                  struct error *error);
};

/*
 * page_find: the form with this name; NULL means that of the end of the output's name, if it is
 * one, or table on a terminal and csv elsewhere. ERROR_USAGE lists the known ones.
 */
const struct page *page_find(const char *name, const char *output, bool terminal,
                             struct error *error);

/* page_name: of the form with this number, from 0 on; NULL behind the last one. */
const char *page_name(size_t number);

/* Each writes a report; false when that fails otherwise than by the stream. */

/* page_csv: one row per cluster, host and guest. */
bool page_csv(FILE *stream, struct findings *findings, const struct page_options *options,
              struct error *error);

/* page_csv_list: a list as it is. */
void page_csv_list(FILE *stream, const struct grid *grid, const struct page_options *options);

/* page_table_list: the columns that fit. */
void page_table_list(FILE *stream, const struct grid *grid, const struct page_options *options);

/* page_html: one file that needs no network and no scripts; below 5 MB. */
bool page_html(FILE *stream, struct findings *findings, const struct page_options *options,
               struct error *error);

/* page_table: sections for a terminal. */
bool page_table(FILE *stream, struct findings *findings, const struct page_options *options,
                struct error *error);

/* page_xlsx: a workbook: the summary with charts, a sheet for each type and each section. */
bool page_xlsx(FILE *stream, struct findings *findings, const struct page_options *options,
               struct error *error);

#endif
