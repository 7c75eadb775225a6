/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* How targets are reached: trust, waiting, connections. */
#include "command/options_parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    DEFAULT_TIMEOUT_SECONDS = 60,
    MAX_JOBS = 64,
};

static bool flag_in_environment(const char *name) {
    const char *value = getenv(name);
    return value && (strcmp(value, "1") == 0 || strcasecmp(value, "true") == 0 ||
                     strcasecmp(value, "t") == 0);
}

bool options_parse_connection(const struct options_text *text, struct source_options *source,
                              struct error *error) {
    char *const *value = text->value;
    source->password_file = value[OPTION_PASSWORD_FILE];
    source->ca_file = value[OPTION_CA_FILE] ? value[OPTION_CA_FILE]
                                            : options_text_in_environment("GOVC_TLS_CA_CERTS");
    source->known_hosts = options_text_in_environment("GOVC_TLS_KNOWN_HOSTS");
    source->thumbprint = value[OPTION_THUMBPRINT];
    source->guest_agent = value[OPTION_GUEST_AGENT];
    source->runstates = value[OPTION_RUNSTATES];
    if (value[OPTION_INSECURE] && value[OPTION_THUMBPRINT])
        return error_set(error, ERROR_USAGE,
                         "--insecure and --thumbprint exclude each other: give one of them");
    if (value[OPTION_INSECURE] && value[OPTION_CA_FILE])
        return error_set(error, ERROR_USAGE,
                         "--insecure and --ca-file exclude each other: give one of them");
    bool verified = value[OPTION_THUMBPRINT] || value[OPTION_CA_FILE];
    source->insecure =
        value[OPTION_INSECURE] || (!verified && flag_in_environment("GOVC_INSECURE"));
    source->timeout_seconds = DEFAULT_TIMEOUT_SECONDS;
    return options_parse_number("--timeout", value[OPTION_TIMEOUT], MAX_TIMEOUT_SECONDS,
                                &source->timeout_seconds, error) &&
           options_parse_number("--jobs", value[OPTION_JOBS], MAX_JOBS, &source->jobs, error) &&
           options_parse_number("--balloon-period", value[OPTION_BALLOON_PERIOD],
                                MAX_TIMEOUT_SECONDS, &source->balloon_period_seconds, error);
}
