/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A sink that passes everything on to several others. */
#ifndef VPERF_SINK_TEE_H
#define VPERF_SINK_TEE_H

#include "sink/sink.h"

struct tee_member {
    struct sink *sink;
    bool failed; /* it gets nothing any more, and may be freed */
};

/* A sink that fails is left out, and the others go on; the last one's failure is the tee's. */
struct tee {
    struct sink base;
    struct sink_ops ops;
    struct tee_member *members;
    size_t count;
    size_t working;
    /* failed: the sink with this number is left out from now on. */
    void (*failed)(void *context, size_t number, const struct error *error);
    void *context;
};

/* tee_init: passes on to these sinks, which are borrowed. */
void tee_init(struct tee *tee, struct sink *const *sinks, size_t count);

/* tee_sink: what to write to: the only sink itself, or the tee. */
struct sink *tee_sink(struct tee *tee);

/* tee_works: the sink with this number has not failed. */
bool tee_works(const struct tee *tee, size_t number);

/* tee_done: frees what the tee holds, not the sinks. */
void tee_done(struct tee *tee);

#endif
