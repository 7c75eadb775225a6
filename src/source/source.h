/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A source knows one kind of hypervisor API and nothing about output. source_table lists them.
 * A handle holds all its state; two may coexist, each used by one thread at a time.
 */
#ifndef VPERF_SOURCE_SOURCE_H
#define VPERF_SOURCE_SOURCE_H

#include <stdbool.h>

#include "core/cancel.h"
#include "core/catalog.h"
#include "core/credentials.h"
#include "core/error.h"
#include "core/inventory.h"
#include "core/mark.h"
#include "core/omission.h"
#include "core/reporter.h"
#include "core/selection.h"
#include "core/series.h"
#include "core/target.h"
#include "core/window.h"

/* What an earlier run has got already. */
struct source_marks {
    void *context;
    /* find: the sample times of the entity with this interval; false when there are none. */
    bool (*find)(void *context, const struct entity *entity, int32_t interval, struct mark *mark);
    /*
     * lack: the oldest of its newest sample times, as many as core/known remembers, at which one of
     * its series has no sample; false when there is none. From now on, samples of these times may
     * be given again, with series->late: those that were got already count once.
     */
    bool (*lack)(void *context, const struct entity *entity, int32_t interval, int64_t *time);
};

/* An endless run over a recording goes on where one before it ended. */
struct source_resume {
    void *context;
    const char *position; /* where that was, in the source's words; NULL for none */
    /* ready: there is room for what another round gives. */
    bool (*ready)(void *context);
    /* moved: with what this round gave, all up to this position has been given. */
    void (*moved)(void *context, const char *position);
};

struct recorder;

/* What the command line says about connections; strings are borrowed. */
struct source_options {
    const char *password_file;
    const char *ca_file;
    const char *thumbprint;  /* hex digits of SHA-256 or SHA-1, with or without colons */
    const char *target;      /* its name in a configuration; NULL for none */
    const char *labels;      /* of all its entities; see core/label.h; NULL for none */
    const char *known_hosts; /* path list of files with lines "host[:port] thumbprint" */
    bool insecure;
    bool measures; /* samples will be asked for: the inventory may come with the catalogue */
    int timeout_seconds;
    const struct reporter *reporter; /* NULL: nobody listens */
    struct credentials *kept; /* what an attempt to open that failed had asked for; NULL: nothing is
                                 kept for the next one */
    const struct source_marks *marks;   /* rounds without an end go on after these; may be NULL */
    const struct source_resume *resume; /* of a recording; may be NULL */
    const struct cancel *cancel;        /* ends what the source does; NULL: a signal alone does */
    int balloon_period_seconds; /* libvirt: guests without one get this; 0 changes no guest */
    bool guest_agent;           /* libvirt: agents in guests are asked */
    int64_t at;                 /* history: the inventory of this time; 0 for all that was there */
    bool any_interval;          /* history: of all intervals, whatever the window says */
    bool at_relative;           /* at is from the newest sample */
    int jobs;                   /* vSphere: connections side by side; 0 for the default */
    bool runstates;             /* XAPI: it is told to record those of the guests */
    bool pieces; /* history: a series may come in pieces, between those of others of its entity */
    bool keeps_answers;        /* what it is asked and answers is kept for save, in stand-ins */
    struct recorder *recorder; /* in vperf-rest, where; NULL: nowhere */
    bool columns;              /* history: series have columns in place of samples */
    bool selected_only; /* with measures: of the catalogue, only what the selection wants is looked
                           at */
    bool hours;         /* history: hourly values of times whose samples are no longer kept */
};

/* Entities of one type that gave nothing of what they were asked for. Borrowed. */
struct absence {
    const struct entity *const *entities;
    size_t count;
    size_t asked;       /* entities of the type that were asked */
    const char *reason; /* for people, after the entities: "returned no samples" */
};

/*
 * What a source reports in a round. Everything passed is borrowed for the call. A false return of
 * series means that the output failed: the source stops and returns false.
 */
struct source_events {
    void *context;
    /* offered: the entity offers the counter, and it was asked for; once for both. */
    void (*offered)(void *context, const struct entity *entity, const struct counter *counter);
    /*
     * series: samples of one counter and instance; those of one entity follow each other, apart
     * from what came with the inventory.
     */
    bool (*series)(void *context, const struct series *series, struct error *error);
    /* skipped: a selected entity that has no data, such as a guest that is powered off. */
    void (*skipped)(void *context, const struct entity *entity);
    /*
     * missing: data that was asked for and is lost, of an entity, or of the target when it is NULL.
     * The reason names what and why, in the same words as long as it is the same trouble. In one
     * round, each call stands for one sample time that something is missing of.
     */
    void (*missing)(void *context, const struct entity *entity, const char *reason);
    /*
     * absent: as missing, of entities that nothing came of and no fault speaks of; once in a round
     * for each type and reason.
     */
    void (*absent)(void *context, const struct absence *absence);
    /* omitted: why entities of the type have no samples of the counter, if none has. */
    void (*omitted)(void *context, enum entity_type type, const struct counter *counter,
                    enum omission why);
    /* arrived: a selected entity that was not there in the round before. */
    void (*arrived)(void *context, const struct entity *entity);
    /* ended: a selected entity that is no longer there, or no longer runs. */
    void (*ended)(void *context, const struct entity *entity, const char *reason);
    /* idle: nothing was asked for in this round: it says nothing about samples and troubles. */
    void (*idle)(void *context);
    /*
     * lacking: what the selection wants to know of entities cannot be read, but their samples can;
     * in each round, in the same words as long as it is the same trouble.
     */
    void (*lacking)(void *context, const char *reason);
    /* progress: done of total parts of the round are over. */
    void (*progress)(void *context, int done, int total);
    /* renewed: the inventory was read again, and is borrowed for the call; may be NULL. */
    void (*renewed)(void *context, const struct inventory *inventory);
    /*
     * set_back: the clock that times of samples come from was set back by so many seconds: times
     * that were given may come again; may be NULL.
     */
    void (*set_back)(void *context, int64_t seconds);
};

/* When the next sample can be had, by clock_boot_ns, and how long an interval lasts there. */
struct due {
    int64_t at_ns;
    int64_t period_ns;
};

/* What a source tells of itself. */
struct source_about {
    char *version; /* product and version for people, the caller's; NULL when not known */
    bool has_clock;
    int64_t clock_offset_ms; /* by which the source's clock is ahead of ours, if it has one */
    int64_t certificate_end; /* Unix seconds; 0 when there is none */
};

/* Where the files of a recording go. */
struct source_files {
    void *context;
    /* file: one of them; name and bytes are borrowed. */
    bool (*file)(void *context, const char *name, const void *bytes, size_t size,
                 struct error *error);
};

/* Options that a source takes; the others go for all. */
enum {
    SOURCE_TAKES_TRUST = 1 << 0, /* ca_file, thumbprint, known_hosts, insecure */
    SOURCE_TAKES_JOBS = 1 << 1,
    SOURCE_TAKES_BALLOON_PERIOD = 1 << 2, /* and guest_agent */
    SOURCE_TAKES_ATTRIBUTES = 1 << 3,     /* CONTEXT_ATTRIBUTES of a selection */
    SOURCE_TAKES_AT = 1 << 4,
    SOURCE_TAKES_RUNSTATES = 1 << 5,
};

struct source;

struct source_ops {
    const char *name;
    const char *help;   /* what it measures, and examples of targets */
    unsigned takes;     /* SOURCE_TAKES_… */
    bool keeps_samples; /* the past can be asked for; else a round gives the sample since the
                           round before, and the first one gives none */
    bool keeps_archive; /* as without keeps_samples, but a range of the past can be asked for:
                           window.archived */
    bool recorded;      /* the past is all there is: its present stands still, or is another's */
    const char *const *schemes; /* NULL-terminated; NULL answers every scheme left over */

    /* open: connects and logs in. NULL on failure, with the error. */
    struct source *(*open)(const struct target *target, const struct source_options *options,
                           struct error *error);
    /* catalog: the counters of the server, owned by the source; NULL on failure. */
    struct catalog *(*catalog)(struct source *source, struct error *error);
    /* about: what the source tells of itself, on an open source; false with the error. */
    bool (*about)(struct source *source, struct source_about *about, struct error *error);
    /*
     * inventory: at least the entities of the selection's types, with what it wants to know of
     * them, sorted, owned by the source; NULL on failure.
     */
    struct inventory *(*inventory)(struct source *source, const struct selection *selection,
                                   struct error *error);
    /* now: the source's present, in Unix seconds. */
    bool (*now)(struct source *source, int64_t *seconds, struct error *error);
    /* due: when a round gets the sample after the newest one known. */
    struct due (*due)(struct source *source, int32_t interval);
    /*
     * round: one visit; emits what the selection and the window ask for, entity by entity in
     * inventory order. Never sleeps until something is due. False when the round is lost; the
     * source stays usable, and what failed on one entity goes to missing.
     */
    bool (*round)(struct source *source, const struct selection *selection,
                  const struct window *window, const struct source_events *events,
                  struct error *error);
    /* close: logs out and frees the source. Cannot fail; takes NULL. */
    void (*close)(struct source *source);
    /*
     * save: gives what was asked and answered since it was opened, with stand-ins for names and
     * secrets; needs keeps_answers. NULL: this source cannot.
     */
    bool (*save)(struct source *source, const struct source_files *files, struct error *error);
    /* The program that has the functions, where this one has the rest alone; else NULL. */
    const char *program;
};

/* Each implementation begins with this. */
struct source {
    const struct source_ops *ops;
};

/* source_keeps: the source is asked for what it keeps, and not for moments, when it is asked so. */
static inline bool source_keeps(const struct source_ops *ops, const struct timing *timing) {
    return ops->keeps_samples ||
           (ops->keeps_archive && !timing->follow && timerange_given(&timing->range));
}

/* source_ops_for: the source that answers the target's scheme; ERROR_USAGE when none does. */
const struct source_ops *source_ops_for(const struct target *target, struct error *error);

/* source_table: the known sources, NULL-terminated. */
extern const struct source_ops *const source_table[];

#endif
