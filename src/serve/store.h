/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What the targets of an endless run gave last, and how they are: a sink for the run, and what
 * answers are made of. Threads may share it; a reader holds its lock.
 */
#ifndef VPERF_SERVE_STORE_H
#define VPERF_SERVE_STORE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command/options.h"
#include "core/latest.h"
#include "sink/metric_names.h"
#include "sink/sink.h"

/* Times are those of clock_boot_ns; 0 for never. Fields are for reading. */
struct store_target {
    char *name;          /* of its section of a configuration, else its text; NULL: there is none */
    char *text;          /* for people */
    char *source;        /* that its entities have; before any came, what stands in the target */
    int64_t interval_ns; /* by our clock: a server's may run otherwise */
    bool by_default;     /* of the default counters, devices stay away where their table says so */
    bool several;        /* its entities have several sources: it is a history of them */
    bool recorded;       /* another process measures; this one reads */
    bool lost;           /* the newest attempt failed */
    int64_t answered_ns; /* the end of its newest good round */
    int64_t measured_ns; /* the same, of those that asked for samples */
    int64_t duration_ns; /* of the last of these */
    int64_t measured_at; /* when it ended, in Unix seconds */
    int64_t newest;      /* the newest sample's time, in Unix seconds; 0 when there is none */
    uint64_t rounds;     /* that asked for samples and succeeded */
    uint64_t losses;     /* how often it became unreachable */
    uint64_t samples;
    uint64_t missing; /* entities that lacked samples, counted in each round */
};

enum { STORE_FRESH_ROUNDS = 2 };

struct store {
    struct sink sink;
    pthread_mutex_t lock;
    struct latest *latest;
    struct store_target *targets; /* by number */
    size_t count;
    int64_t started_ns;
    unsigned reading_rounds;    /* how long readings stay, which come more seldom */
    uint64_t generation;        /* grows when something has changed that answers show */
    struct metric_names *names; /* of metrics: they stay the same from page to page */
};

/*
 * store_init: nothing yet of the targets of the options; by_default for those without counters of
 * their own.
 */
void store_init(struct store *store, const struct options *options, bool by_default);

/* store_begin: this target of the options has the number from now on; nothing yet of it. */
void store_begin(struct store *store, size_t number, const struct options *options, size_t target,
                 bool by_default);

/* store_end: the target with this number is measured no longer: all of it is forgotten. */
void store_end(struct store *store, size_t number);

/* store_done: frees what it keeps. */
void store_done(struct store *store);

/* store_find: stores the number of the target with this name, text or source; false when none has
 * it. */
bool store_find(struct store *store, const char *name, size_t *number);

/* store_answers: its newest attempt succeeded, not long ago; the lock is held. */
bool store_answers(const struct store_target *target, int64_t now_ns);

/* store_up: the target answers, and its samples are of now; the lock is held. */
bool store_up(const struct store_target *target, int64_t now_ns);

/*
 * store_fresh: the series is not older than two intervals, or two rounds where they take longer;
 * the lock is held. now_ns is of clock_boot_ns, now in Unix seconds.
 */
bool store_fresh(const struct store *store, const struct latest_series *series, int64_t now_ns,
                 int64_t now);

/* store_changes_ns: until when what is fresh stays so if nothing comes; the lock is held. */
int64_t store_changes_ns(const struct store *store, int64_t now_ns);

#endif
