/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Long ("tidy") CSV: one row per sample, the main output. */
#include <stdio.h>

#include "sink/csv_rows.h"
#include "sink/formats.h"

/* DuckDB's sniffer reads a beginning only: the quotes must be seen though no name needs them. */
static void csv_begin(struct sink *sink) {
    fputs("timestamp,source,hypervisor,type,\"name\",id,counter,instance,value,unit,interval\n",
          sink->stream);
}

static void csv_write(struct sink *sink, const struct series *series) {
    if (!sink->state)
        sink->state = csv_rows_new(&sink->options);
    csv_rows_write(sink->state, series, sink->stream);
}

static void csv_end(struct sink *sink) {
    (void)sink;
}

static void csv_done(struct sink *sink) {
    csv_rows_free(sink->state);
}

const struct sink_ops sink_csv = {
    .name = "csv",
    .begin = csv_begin,
    .write = csv_write,
    .end = csv_end,
    .done = csv_done,
};
