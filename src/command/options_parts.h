/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * How the options are parsed, for the files of options_….c: each checks the values of its subject,
 * and puts them into struct options.
 */
#ifndef VPERF_COMMAND_OPTIONS_PARTS_H
#define VPERF_COMMAND_OPTIONS_PARTS_H

#include <glib.h>

#include "command/option_table.h"
#include "command/options.h"

enum { MAX_TIMEOUT_SECONDS = 86400 };

struct config;
struct config_section;

/* The text of each option that was given, "" for a flag; lists are joined by commas. */
struct options_text {
    char *value[OPTION_COUNT];
    GPtrArray *outputs; /* every --output: a file name may hold a comma */
};

/* A TARGET of the command line. */
struct options_word {
    char *text;           /* the name of a section, or a pattern of names; NULL for a target */
    struct target target; /* empty for a name */
};

/* What is kept as it was given: the same can be made of it again, with another configuration. */
struct options_given {
    const struct options_spec *spec;
    struct options_text text; /* of the command line alone */
    struct options_word *words;
    size_t word_count;
};

/* options_text_in_environment: the variable's value; NULL when it is not set, or empty. */
const char *options_text_in_environment(const char *name);

/*
 * options_parse_number: a whole number from 1 to max into result, which stays as it is when text is
 * NULL; ERROR_USAGE names the option.
 */
bool options_parse_number(const char *option, const char *text, int max, int32_t *result,
                          struct error *error);

/*
 * options_parse_…: what the text of a command line or of a section of a configuration says of one
 * target. What it does not say gets its default, or stays as it is in a selection or timing.
 */
bool options_parse_connection(const struct options_text *text, struct source_options *source,
                              struct error *error);
bool options_parse_selection(const struct options_text *text, struct selection *selection,
                             struct error *error);
bool options_parse_interval(const char *text, struct timing *timing, struct error *error);

/* options_check_text: all of these can be parsed. */
bool options_check_text(const struct options_text *text, struct error *error);

/*
 * options_find_special: an option of the text that needs more than what sources take
 * (SOURCE_TAKES_…), with ERROR_USAGE; 0 when there is none.
 */
int options_find_special(const struct options_text *text, unsigned takes, struct error *error);

/* options_takes: the command has the option, and it is not one that has to be alike for all. */
bool options_takes(const struct options_spec *spec, int option);

/* options_read_config: the configuration that the command line names, if it does. */
bool options_read_config(struct options *options, struct error *error);

/* options_add_target: one more plan for a target, which is copied. */
struct target_plan *options_add_target(struct options *options, const struct target *target);

/*
 * options_set_labels: those of the command line, of the section, which may be NULL, and of the
 * defaults; of one key, the value of the first of these.
 */
void options_set_labels(const struct options *options, struct target_plan *plan,
                        const struct config_section *section);

/*
 * options_choose_sections: plans for the sections that a word means; false with the error when it
 * means none, as for all but *pattern: NULL means all.
 */
bool options_choose_sections(struct options *options, const char *pattern, struct error *error);

/* options_check_…: false with ERROR_USAGE, which names the option and what it expects. */
bool options_check_selection(struct options *options, struct error *error);
bool options_check_timing(struct options *options, struct error *error);
bool options_check_retention(struct options *options, struct error *error);
bool options_check_output(struct options *options, struct error *error);

/* Relative times are from the newest sample, which is not known here. */
bool options_check_moment(struct options *options, struct error *error);

/* options_read_words: the TARGETs of the command line, as they are given. */
bool options_read_words(struct options *options, const char **arguments, struct error *error);

/* options_check_targets: plans for the words, or for what the environment names. */
bool options_check_targets(struct options *options, struct error *error);

#endif
