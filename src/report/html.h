/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Pieces of HTML: text that cannot become markup, and small charts. */
#ifndef VPERF_REPORT_HTML_H
#define VPERF_REPORT_HTML_H

#include <stdio.h>

#include "report/hours.h"
#include "report/timeline.h"

/*
 * html_text: text of unknown origin, for an element or a quoted attribute: & < > " ' as entities,
 * and '?' for control characters, bytes that are not UTF-8, and marks that turn the direction.
 */
void html_text(FILE *stream, const char *text);

/* The axes that the charts of a list share. */
struct html_axes {
    int64_t begin; /* Unix seconds */
    int64_t end;
    double highest; /* percent */
};

/* html_chart: an SVG with the average and the peak of each step; a gap where there is no sample. */
void html_chart(FILE *stream, const struct timeline *timeline, const struct html_axes *axes);

/* html_hours: an SVG with a field per hour of the week, its average in it; hatched: no sample. */
void html_hours(FILE *stream, const struct hours *hours);

#endif
