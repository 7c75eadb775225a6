/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Rows of the long CSV, put together from cells that many of them share. */
#ifndef VPERF_SINK_CSV_ROWS_H
#define VPERF_SINK_CSV_ROWS_H

#include "sink/sink.h"

struct csv_rows;

/* csv_rows_new: nothing known yet; owned by the caller. */
struct csv_rows *csv_rows_new(const struct sink_options *options);

/* csv_rows_free: takes NULL. */
void csv_rows_free(struct csv_rows *rows);

/* csv_rows_write: one row per sample of the series. */
void csv_rows_write(struct csv_rows *rows, const struct series *series, FILE *stream);

#endif
