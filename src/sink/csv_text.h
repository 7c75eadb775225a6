/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The cells of CSV (RFC 4180), for every command that writes CSV. */
#ifndef VPERF_SINK_CSV_TEXT_H
#define VPERF_SINK_CSV_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * csv_text: one text cell, quoted when it holds a comma, quote or line break; bytes that are not
 * UTF-8 become U+FFFD. With spreadsheet_safe, text that begins with = + - @ tab or carriage
 * return gets an apostrophe before it. NULL is empty.
 */
void csv_text(FILE *stream, const char *text, bool spreadsheet_safe);

/* csv_append: the same cell, put at the end of a row that is assembled in memory. */
void csv_append(GString *row, const char *text, bool spreadsheet_safe);

#endif
