/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What the command line may hold, group by group, with its help. */
#ifndef VPERF_COMMAND_OPTION_TABLE_H
#define VPERF_COMMAND_OPTION_TABLE_H

#include <popt.h>

enum option {
    OPTION_TYPE = 1,
    OPTION_NAME,
    OPTION_SHARD,
    OPTION_ATTRIBUTES,
    OPTION_COUNTER,
    OPTION_OFFERED,
    OPTION_INSTANCE,
    OPTION_SAMPLES,
    OPTION_INTERVAL,
    OPTION_LAST,
    OPTION_START,
    OPTION_END,
    OPTION_FOLLOW,
    OPTION_RAW,
    OPTION_COVERAGE,
    OPTION_KEEP,
    OPTION_KEEP_HOURS,
    OPTION_CHECK,
    OPTION_GAPS,
    OPTION_EVENTS,
    OPTION_AT,
    OPTION_SORT,
    OPTION_TOP,
    OPTION_TOTALS,
    OPTION_UNITS,
    OPTION_SPARE,
    OPTION_RULE,
    OPTION_GROUP_BY,
    OPTION_EXPLAIN,
    OPTION_WITH,
    OPTION_NO_TIMESTAMPS,
    OPTION_FORMAT,
    OPTION_OUTPUT,
    OPTION_TOKEN_FILE,
    OPTION_OUTPUT_CA_FILE,
    OPTION_RESUME,
    OPTION_SPREADSHEET_SAFE,
    OPTION_CONFIG,
    OPTION_LABEL,
    OPTION_USERNAME,
    OPTION_PASSWORD_FILE,
    OPTION_CA_FILE,
    OPTION_THUMBPRINT,
    OPTION_INSECURE,
    OPTION_TIMEOUT,
    OPTION_JOBS,
    OPTION_BALLOON_PERIOD,
    OPTION_RUNSTATES,
    OPTION_GUEST_AGENT,
    OPTION_QUIET,
    OPTION_VERBOSE,
    OPTION_LISTEN,
    OPTION_AUTH_FILE,
    OPTION_TLS_CERT,
    OPTION_TLS_KEY,
    OPTION_SAVE_ANSWERS,
    OPTION_HELP,
    OPTION_COUNT,
};

struct option_group {
    unsigned bit; /* of enum option_groups; 0: the group belongs to every command */
    const struct poptOption *options;
    const char *title;
};

enum { OPTION_GROUPS = 21 };

/* option_groups: in the order of the help. */
extern const struct option_group option_groups[OPTION_GROUPS];

#endif
