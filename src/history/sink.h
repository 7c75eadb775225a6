/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A history file as a sink: a round of a target is a transaction. */
#ifndef VPERF_HISTORY_SINK_H
#define VPERF_HISTORY_SINK_H

#include "history/writer.h"
#include "sink/sink.h"

struct history_sink {
    struct sink base;
    struct writer *writer;
    void (*committed)(void); /* called after each round; may be NULL */
};

/* history_sink_init: a sink that writes to the writer, which is borrowed. */
void history_sink_init(struct history_sink *sink, struct writer *writer);

#endif
