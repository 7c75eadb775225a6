/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The collector: the only part that knows sources and sinks. */
#ifndef VPERF_COMMAND_COLLECTOR_H
#define VPERF_COMMAND_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "command/coverage.h"
#include "command/options.h"
#include "core/output.h"
#include "sink/sink.h"

/* A run over all targets, side by side; what it writes is in the order of the targets. */
struct collector {
    const struct options *options;
    struct output *output; /* what the sink writes to; NULL when it keeps what it gets */
    struct sink *sink;
    struct coverage *coverage;
    size_t failed;              /* targets of which something is lost as a whole */
    size_t misused;             /* targets that cannot do what the command line asks for */
    size_t missing;             /* entities with lost data */
    size_t skipped;             /* entities without data, such as guests that are powered off */
    size_t unmatched;           /* patterns of --name that no entity has */
    bool account_lost;          /* the samples are written, their coverage is not */
    struct inventory *entities; /* type and name of those that there are */
    struct error fatal;         /* the output failed, the usage is wrong, or a signal came */
};

/* collector_init: for one run; output may be NULL. */
void collector_init(struct collector *collector, const struct options *options,
                    struct output *output, struct sink *sink);

/* collector_done: frees what the collector holds. */
void collector_done(struct collector *collector);

/*
 * collector_run: opens all targets, gives everything the selection asks for to the sink, with its
 * begin and end around it, and closes them. Failures are told on stderr and counted.
 */
void collector_run(struct collector *collector);

/* collector_status: the exit status for a finished run. */
int collector_status(const struct collector *collector);

/* collector_error_status: the exit status for an error that ends the run. */
int collector_error_status(const struct error *error);

#endif
