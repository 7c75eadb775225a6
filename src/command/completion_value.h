/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What can stand behind an option, for shells to complete. */
#ifndef VPERF_COMMAND_COMPLETION_VALUE_H
#define VPERF_COMMAND_COMPLETION_VALUE_H

#include <popt.h>

#include "command/command.h"

enum completion_kind {
    COMPLETION_TEXT,     /* the user's own */
    COMPLETION_FILE,     /* a file's name */
    COMPLETION_WORD,     /* one of the words */
    COMPLETION_LIST,     /* words with commas between them */
    COMPLETION_RULES,    /* the same, each followed by "=" and a number */
    COMPLETION_COUNTER,  /* a counter's name */
    COMPLETION_COUNTERS, /* patterns of counters' names with commas between them */
};

struct completion_value {
    enum completion_kind kind;
    char *words; /* with blanks between them; NULL when the kind has none; owned by the caller */
};

/* completion_value: of an option that takes an argument. */
struct completion_value completion_value(const struct command *command,
                                         const struct poptOption *option);

#endif
