/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The collector: the only part that knows sources and sinks. */
#ifndef VPERF_COMMAND_COLLECTOR_H
#define VPERF_COMMAND_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "command/coverage.h"
#include "command/options.h"
#include "sink/sink.h"

/* What happened to the targets of a run. */
struct collector {
    const struct options *options;
    struct output *output;
    struct sink *sink;
    bool begun; /* the sink's begin was called */
    struct coverage *coverage;
    size_t failed;      /* targets without any data, or with lost data */
    size_t missing;     /* entities with lost data */
    size_t skipped;     /* entities without data, such as guests that are powered off */
    size_t matched;     /* targets with an entity that the selection names */
    struct error fatal; /* the output failed, the usage is wrong, or a signal came: the run ends */
};

/*
 * collector_target: opens the target, gives everything the selection asks for to the sink, and
 * closes it. Failures are told on stderr and counted. False when the whole run has to end.
 */
bool collector_target(struct collector *collector, const struct target *target);

/* collector_begin: the sink's begin, once; series call it when the first one comes. */
void collector_begin(struct collector *collector);

/* collector_status: the exit status for a finished run. */
int collector_status(const struct collector *collector);

/* collector_error_status: the exit status for an error that ends the run. */
int collector_error_status(const struct error *error);

#endif
