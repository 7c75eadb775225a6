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

/* The text of each option that was given, "" for a flag; lists are joined by commas. */
struct options_text {
    char *value[OPTION_COUNT];
    GPtrArray *outputs; /* every --output: a file name may hold a comma */
};

/* options_text_in_environment: the variable's value; NULL when it is not set, or empty. */
const char *options_text_in_environment(const char *name);

/*
 * options_parse_number: a whole number from 1 to max into result, which stays as it is when text is
 * NULL; ERROR_USAGE names the option.
 */
bool options_parse_number(const char *option, const char *text, int max, int32_t *result,
                          struct error *error);

/* options_check_…: false with ERROR_USAGE, which names the option and what it expects. */
bool options_check_connection(struct options *options, struct error *error);
bool options_check_selection(struct options *options, struct error *error);
bool options_check_timing(struct options *options, struct error *error);
bool options_check_retention(struct options *options, struct error *error);
bool options_check_output(struct options *options, struct error *error);

/* Relative times are from the newest sample, which is not known here. */
bool options_check_moment(struct options *options, const struct options_spec *spec,
                          struct error *error);

/* options_check_targets: the arguments, or what the environment names, as targets. */
bool options_check_targets(struct options *options, const struct options_spec *spec,
                           const char **arguments, struct error *error);

#endif
