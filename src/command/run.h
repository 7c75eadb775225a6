/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A run over all targets, side by side: the only part that knows sources and sinks. */
#ifndef VPERF_COMMAND_RUN_H
#define VPERF_COMMAND_RUN_H

#include <glib.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "command/coverage.h"
#include "command/options.h"
#include "command/progress.h"
#include "command/reload.h"
#include "core/cancel.h"
#include "sink/sink.h"

/*
 * What a bounded run writes is in the order of the targets; an endless one writes as samples come.
 */
struct run {
    const struct options *options;
    struct sink *sink;
    int64_t aligned_ns;  /* clock_boot_ns at which the one interval to be measured begins, or 0 */
    void (*alive)(void); /* called now and then while targets are waited for; may be NULL */
    struct cancel cancel;
    pthread_mutex_t lock; /* of the sink, and of the tables of entities and lanes */
    GHashTable *known;    /* see command/doubled.h */
    struct coverage *coverage;
    size_t failed;              /* targets of which something is lost as a whole */
    size_t misused;             /* targets that cannot do what the command line asks for */
    size_t missing;             /* troubles that cost data */
    size_t chosen;              /* entities of the selection when the run began */
    size_t skipped;             /* entities without data, such as guests that are powered off */
    size_t unmatched;           /* patterns of --name that no entity has */
    size_t rounds;              /* complete rounds that gave samples */
    bool torn;                  /* the output holds a part of a round */
    bool part_lost;             /* of several things to be written, one is not: coverage, totals */
    struct inventory *entities; /* type and name of those that there are */
    struct error fatal;         /* the output failed, the usage is wrong, or a signal came */
    GPtrArray *lanes;           /* by number; NULL for those that were freed */
    GPtrArray *targets;         /* of the lanes, also of those that were freed; lock is held */
    struct progress progress;
    struct reload *reload; /* what SIGHUP does to an endless run; NULL: it ends it */
    int ended;             /* gets an event at the end of each lane; -1 for none */
};

/* run_command: what a command does with its options; the exit status. Its error is reported. */
int run_command(const struct options_spec *spec, int argc, char **argv,
                int (*command)(struct options *options, struct error *error));

/* run_init: for one run, into a sink that is borrowed. */
void run_init(struct run *run, const struct options *options, struct sink *sink);

/* run_done: frees what the run holds. */
void run_done(struct run *run);

/*
 * run_all: opens all targets, gives everything the selection asks for to the sink, with its begin
 * and end around it, and closes them. Failures are reported on stderr and counted.
 */
void run_all(struct run *run);

/*
 * run_check_samples: a bounded run that is over, and that gave no sample though there are entities
 * that are on, has lost something, which is reported.
 */
void run_check_samples(struct run *run);

/*
 * run_begin_lane: one more target, with the number that run_free_number gave. A lane without a
 * thread is over, and has its error.
 */
bool run_begin_lane(struct run *run, const struct options *options, size_t target, unsigned number);

/* run_free_number: the least number that no lane has. */
unsigned run_free_number(const struct run *run);

/* run_retire_lane: the lane with this number ends soon, and nothing is wrong with that. */
void run_retire_lane(struct run *run, unsigned number);

/* run_remove_lane: waits for the end of one that was retired, and frees it; false without one. */
bool run_remove_lane(struct run *run, unsigned number);

/* run_write: one series to the sink; false when that has failed. */
bool run_write(void *run, const struct series *series, struct error *error);

/* run_write_of: as run_write, of the target of the lane with this number. */
bool run_write_of(struct run *run, size_t target, const struct series *series, struct error *error);

/* run_event: what happened to the target with this number, for sinks that want to know. */
void run_event(struct run *run, size_t target, const struct sink_event *event);

/* run_end_round: the sink's rows of a round of the target are complete: they go out. */
bool run_end_round(struct run *run, size_t target, struct error *error);

/* run_publishable: what has been written is worth keeping. */
bool run_publishable(const struct run *run);

/* run_status: the exit status for a finished run. */
int run_status(const struct run *run);

/* run_error_status: the exit status for an error that ends the run. */
int run_error_status(const struct error *error);

/* run_output_failed: what is measured has nowhere to go. */
bool run_output_failed(const struct error *error);

/* run_report_end: says what ended a run, if there is something to say. */
void run_report_end(const struct log *log, const struct error *error);

/* run_target: what the lane with this number measures, or did; the lock is held. */
const struct target *run_target(const struct run *run, size_t number);

#endif
