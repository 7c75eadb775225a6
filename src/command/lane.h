/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One target of a run, in a thread of its own: its source, its schedule, and what became of it. */
#ifndef VPERF_COMMAND_LANE_H
#define VPERF_COMMAND_LANE_H

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>

#include "command/messages.h"
#include "command/progress.h"
#include "command/run.h"
#include "core/backoff.h"
#include "core/schedule.h"
#include "core/spool.h"

struct lane {
    struct run *run;
    const struct options *options; /* that the target is of; borrowed */
    size_t index;                  /* of the target in them */
    unsigned number;               /* of the lane in the run: what sinks know the target by */
    const struct target *target;
    struct cancel cancel;
    struct source_options source_options; /* those of the target, with this lane's token */
    struct selection selection;           /* that of the target; borrowed */
    struct timing timing;                 /* likewise */
    struct messages *messages;
    struct progress_lane progress;
    struct spool *spool; /* series that wait for the lanes before; NULL: they are written at once */
    struct coverage *coverage;
    struct schedule schedule;
    struct backoff fill; /* of what an archive was asked for in vain */
    struct window window;
    struct credentials credentials; /* between attempts to open an endless run's target */
    bool many;                      /* more than one round */
    size_t attempts;                /* rounds begun */
    size_t rounds;                  /* rounds that gave samples */
    bool has_baseline;              /* a poll has succeeded */
    bool idle;                      /* the round asked for nothing */
    bool torn;                      /* a part of a round has been written */
    bool lost;                      /* the target cannot be reached */
    bool patient;                   /* there will be another round for those that are awaited */
    GString *key;                   /* of the entity that was looked for last */
    struct source_marks marks;      /* what the sink has of an earlier run */
    GHashTable *skipped;            /* keys of entities */
    GHashTable *awaited; /* keys of entities whose sample of an aligned interval is to come */
    struct inventory *entities; /* those of the target, by type and name */
    struct inventory *selected; /* those that were asked for; only for sinks that want to know */
    struct error error;         /* why the lane ended early */
    pthread_t thread;
    bool started;
    size_t chosen;        /* entities of the selection when it began */
    size_t unmatched;     /* names that the target alone is asked for, and does not have */
    unsigned fill_faults; /* of attempts to fill the gaps that there are */
    atomic_bool retired;  /* its end is wanted, the others go on */
    atomic_bool over;     /* nothing more comes of it */
    bool pointless;       /* nothing is selected, and it would end without a sample */
    bool partial;         /* the round gave times of which some counters are lost */
};

/* What a lane is for. */
struct lane_task {
    struct run *run;
    const struct options *options;
    size_t index; /* of the target in the options */
    unsigned number;
};

/* lane_new: what lane_start begins; owned by the caller. */
struct lane *lane_new(const struct lane_task *task);

/* lane_start: begins the work in a thread; false with lane->error when there is none. */
bool lane_start(struct lane *lane);

/* lane_ends_run: why the lane ended concerns all targets, not this one of several. */
bool lane_ends_run(const struct lane *lane);

/* lane_join: waits for the end of the thread. */
void lane_join(struct lane *lane);

/* lane_round: one round that counts; false with lane->error. For the lane's thread. */
bool lane_round(struct lane *lane, struct source *source, const struct window *window);

/*
 * lane_wait: waits for something of the lane's target ("the next poll of") until this time of
 * clock_boot_ns, and says so where progress is shown; false when the lane is to end.
 */
bool lane_wait(struct lane *lane, const char *what, int64_t until_ns);

/* lane_free: frees a lane that was joined. */
void lane_free(struct lane *lane);

#endif
