/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a format writes into memory, for tests that compare it byte for byte; after cmocka.h. */
#ifndef VPERF_TESTS_SINK_WRITTEN_H
#define VPERF_TESTS_SINK_WRITTEN_H

#include <stdio.h>
#include <stdlib.h>

#include "sink/sink.h"

struct written {
    struct sink sink;
    char *text;
    size_t size;
};

/* begin: a sink of the format with this name; one at a time. */
static struct written *begin(const char *format, const struct sink_options *options) {
    static struct written written;
    struct error error = {0};
    written = (struct written){.sink = {.ops = sink_find(format, &error), .options = *options}};
    written.sink.stream = open_memstream(&written.text, &written.size);
    return &written;
}

/* put: a series of 20 s. */
static void put(struct written *to, const struct entity *entity, const struct counter *counter,
                const char *instance, size_t count, const struct sample *samples) {
    const struct series series = {.entity = entity,
                                  .counter = counter,
                                  .instance = instance,
                                  .interval = 20,
                                  .count = count,
                                  .samples = samples};
    sink_write(&to->sink, &series);
}

/* check: the end of it; all that was written. */
static void check(struct written *to, const char *expected) {
    sink_end(&to->sink);
    fflush(to->sink.stream);
    assert_string_equal(to->text, expected);
    sink_done(&to->sink);
    fclose(to->sink.stream);
    free(to->text);
}

#endif
