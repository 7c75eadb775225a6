/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The options that commands share, from the command line and the environment. */
#ifndef VPERF_COMMAND_OPTIONS_H
#define VPERF_COMMAND_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "command/command.h"
#include "core/entity_field.h"
#include "core/label.h"
#include "core/log.h"
#include "core/retention.h"
#include "core/selection.h"
#include "core/target.h"
#include "sink/sink.h"
#include "source/source.h"

/* Which groups of options a command takes, beside those of the connection. */
enum option_groups {
    OPTIONS_ENTITIES = 1 << 0, /* --type, --name, of what has samples */
    OPTIONS_COUNTERS = 1 << 1, /* --counter */
    OPTIONS_SAMPLES = 1 << 2,  /* --instance, --samples, --interval, --raw, --coverage */
    OPTIONS_COMPARISON =
        1 << 3, /* --type, --name, --sort, --top, --totals, --units, --interval, --raw */
    OPTIONS_LISTED = 1 << 4,   /* --type, --name, of what there is */
    OPTIONS_OFFERS = 1 << 5,   /* --offered */
    OPTIONS_REPORT = 1 << 6,   /* --type, --name, --samples … --end, --spare, --top, --rule */
    OPTIONS_OUTPUT = 1 << 7,   /* --format, --output */
    OPTIONS_TARGETS = 1 << 8,  /* what connects to a TARGET */
    OPTIONS_MOMENT = 1 << 9,   /* --at */
    OPTIONS_RECORD = 1 << 10,  /* --instance, --interval, --last, --keep, --output of a history */
    OPTIONS_HISTORY = 1 << 11, /* --check, --gaps */
    OPTIONS_DESTINATIONS = 1 << 12, /* --format, --output of several, --token-file */
    OPTIONS_SERVE = 1 << 13,        /* --instance, --interval, --listen, --auth-file, --tls-… */
    OPTIONS_ANSWERS = 1 << 14,      /* --save-answers */
};

/* What a command tells about itself. */
struct options_spec {
    const char *command;
    const char *arguments; /* such as "TARGET..." */
    const char *summary;   /* one sentence */
    const char *notes;     /* end of the help: formats, examples */
    unsigned groups;
    bool guests_only;           /* unless --type says otherwise */
    bool datastores;            /* as well, unless --type says otherwise */
    const char *default_target; /* of a file that is there, when nothing names a target; or NULL */
};

/* How parsing ended. */
enum options_result {
    OPTIONS_RUN,   /* go on */
    OPTIONS_DONE,  /* --help was shown */
    OPTIONS_WRONG, /* a line on stderr says what is wrong */
    OPTIONS_LOST,  /* the same, of a program that is missing */
};

/* What a target has for itself, in place of what goes for all. */
enum target_owns {
    OWNS_TYPES = 1 << 0,
    OWNS_NAMES = 1 << 1,
    OWNS_COUNTERS = 1 << 2,
    OWNS_INSTANCES = 1 << 3,
};

/*
 * One target, and how it is measured. Whoever opens or measures a target takes its source options
 * from here, and its selection and timing from options_selection and options_timing: those of
 * struct options are what goes for the targets that have none of their own.
 */
struct target_plan {
    const char *name; /* of its section; NULL for a target that stands on the command line */
    struct target target;
    struct source_options source;
    struct selection own; /* counts as far as owns says */
    unsigned owns;        /* of enum target_owns */
    int32_t interval;     /* 0: that of the command line */
    const char *archive;  /* as in struct timing, of this interval */
    char *labels;         /* of its entities; NULL for none */
    char *credential;     /* the file that systemd gives the password in; NULL for none */
};

/* How requests come in; NULL when not given. */
struct serve_options {
    const char *listen; /* HOST:PORT */
    const char *accounts;
    const char *certificate;
    const char *key;
    bool no_timestamps;
};

struct options {
    struct source_options source; /* of a target that says nothing else */
    struct selection selection;   /* a command may change it before it asks for options_selection */
    struct timing timing;         /* likewise */
    struct sink_options sink;
    struct log log;
    const char *format; /* NULL when not given */
    const char *output; /* the last one; NULL for stdout */
    const char *const *outputs;
    size_t output_count;    /* 0 for stdout alone */
    const char *token_file; /* of outputs that are URLs, as the next one; NULL when not given */
    const char *output_ca_file;
    const char *resume; /* the name of what is forwarded; NULL when not given */
    const char *coverage;
    const char *sort;   /* NULL when not given */
    const char *totals; /* the file of a comparison's totals; NULL when not given */
    struct retention retention;
    struct serve_options serve;
    bool check;           /* every block of a history */
    bool gaps;            /* of a history, in place of its targets */
    bool events;          /* the same */
    bool offered;         /* counters that a guest or host offers */
    bool units;           /* in the header of a comparison's CSV */
    int32_t top;          /* 0 when not given */
    int32_t spare;        /* hosts of each cluster that fail, in a report */
    const char *rules;    /* of a report, as a list; NULL when not given */
    const char *group_by; /* the same */
    bool explain;         /* what stands behind the figures of a report */
    bool interval_given;
    bool samples_given;
    struct target_plan *plans; /* one for each target */
    size_t target_count;
    struct entity_field labels[LABELS_MAX]; /* of all targets; fields of the sink */
    size_t label_count;
    struct config *config;       /* NULL without --config */
    struct options_given *given; /* the command line as it was given */
    struct options_text *text;   /* it, and what the configuration says to all of it */
    const char *save_answers;    /* the directory of a recording; NULL when not given */
};

/*
 * options_parse: fills options from the command line and the environment. The password of a
 * TARGET is overwritten in argv. The process goes on as another program when that one has the
 * source of a TARGET. options_done is due whatever the result.
 */
enum options_result options_parse(struct options *options, const struct options_spec *spec,
                                  int argc, char **argv);

/* options_status: the exit status after all but OPTIONS_RUN. */
int options_status(enum options_result result);

/*
 * options_selection: what is asked of the target with this number; it borrows from options, and is
 * not to be freed.
 */
struct selection options_selection(const struct options *options, size_t target);

/* options_share: some target has none of its own, and takes this (of enum target_owns) of all. */
bool options_share(const struct options *options, enum target_owns what);

/* options_timing: when the target with this number is measured. */
struct timing options_timing(const struct options *options, size_t target);

/*
 * options_reload: fresh becomes what the same command line means with the configuration as it is
 * now; the environment and passwords in the command line are those of the start. False with the
 * error when the configuration is wrong. options_done is due whatever the result. What fresh was
 * made of is not needed any more.
 */
bool options_reload(struct options *fresh, const struct options *options, struct error *error);

/* options_same_plan: both targets are reached and measured in the same way. */
bool options_same_plan(const struct options *left, size_t left_target, const struct options *right,
                       size_t right_target);

/* options_terminal_width: the columns of the terminal that gets the output; 0 when none does. */
size_t options_terminal_width(const struct options *options);

/* options_terminal_color: such a terminal gets the output, and colours are wanted. */
bool options_terminal_color(const struct options *options);

/* options_done: frees what options_parse made. */
void options_done(struct options *options);

#endif
