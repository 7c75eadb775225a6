/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Formats of one row per sample, put together from pieces that many rows share. */
#ifndef VPERF_SINK_SAMPLE_ROWS_H
#define VPERF_SINK_SAMPLE_ROWS_H

#include <glib.h>

#include "sink/sink.h"

/*
 * How a format writes what surrounds the numbers of a row, which is, in this order: begin, time,
 * entity (head), counter, instance, value, unit, interval, entity (tail). Each function appends to
 * its texts.
 */
struct row_style {
    const char *begin;
    void (*entity)(GString *head, GString *tail, const struct entity *entity,
                   const struct sink_options *options);
    void (*counter)(GString *text, const char *name, const struct sink_options *options);
    void (*instance)(GString *text, const char *instance, const struct sink_options *options);
    void (*unit)(GString *text, const char *unit, const struct sink_options *options);
};

/* sample_rows_write: one row per sample of the series; they may come to the stream later. */
void sample_rows_write(struct sink *sink, const struct series *series,
                       const struct row_style *style);

/* sample_rows_round_end: all rows are in the stream, and it is flushed; as in struct sink_ops. */
bool sample_rows_round_end(struct sink *sink, struct error *error);

/* sample_rows_end: all rows are in the stream. */
void sample_rows_end(struct sink *sink);

/* sample_rows_done: frees what sample_rows_write keeps in the sink's state. */
void sample_rows_done(struct sink *sink);

#endif
