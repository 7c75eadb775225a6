/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Where the samples of a run go: one or several files and databases. */
#ifndef VPERF_COMMAND_DESTINATIONS_H
#define VPERF_COMMAND_DESTINATIONS_H

#include "command/options.h"
#include "command/resume.h"
#include "core/cancel.h"
#include "core/output.h"
#include "push/client.h"
#include "sink/tee.h"

struct destination {
    const char *path; /* without the format; NULL for stdout */
    struct sink sink;
    struct output output; /* of the sink; empty for a URL */
    struct push_url url;
    struct push_client *client; /* of the URL; NULL for a file */
    bool token;                 /* the URL gets it */
};

struct destinations {
    struct tee tee; /* what a run writes to */
    struct destination *list;
    size_t count;
    size_t lost;           /* that failed while others went on */
    struct resume *resume; /* of the only one; NULL for none */
    const struct log *log;
    struct reporter reporter;
};

/*
 * destinations_open: all outputs of the options, before any server is asked for something. False
 * with the error, ERROR_OUTPUT or ERROR_USAGE: then none is open.
 */
bool destinations_open(struct destinations *destinations, struct options *options,
                       struct error *error) __attribute__((warn_unused_result));

/* destinations_end_with: waiting for a reader ends with this token too. */
void destinations_end_with(struct destinations *destinations, const struct cancel *cancel);

/* destinations_has: the output is one of them. */
bool destinations_has(const struct destinations *destinations, const struct output *output);

/*
 * destinations_commit: as output_commit, for each. One that fails is told and counted as lost while
 * another one is written; else it is the error.
 */
bool destinations_commit(struct destinations *destinations, struct error *error)
    __attribute__((warn_unused_result));

/* destinations_abort: as output_abort, for each. */
void destinations_abort(struct destinations *destinations);

/* destinations_done: frees what they hold, after a commit or an abort. */
void destinations_done(struct destinations *destinations);

#endif
