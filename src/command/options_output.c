/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What is written, where, and what is said beside. */
#include "command/options_parts.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/color.h"
#include "core/ending.h"

static bool add_field(struct options *options, const char *name, size_t length,
                      struct error *error) {
    struct sink_options *sink = &options->sink;
    const struct entity_field *field = entity_field_find(name, length, error);
    if (!field) {
        error_prefix(error, "--with '%s'", options->text->value[OPTION_WITH]);
        return false;
    }
    for (size_t i = 0; i < sink->field_count; i++)
        if (sink->fields[i] == field)
            return true;
    sink->fields[sink->field_count++] = field;
    options->selection.context |= field->context;
    return true;
}

static bool parse_fields(struct options *options, struct error *error) {
    for (const char *list = options->text->value[OPTION_WITH]; list;) {
        size_t length = strcspn(list, ",");
        if (!add_field(options, list, length, error))
            return false;
        list = list[length] ? list + length + 1 : NULL;
    }
    return true;
}

static void note_server(struct options *options) {
    char *const *value = options->text->value;
    options->serve = (struct serve_options){
        .listen = value[OPTION_LISTEN],
        .accounts = value[OPTION_AUTH_FILE],
        .certificate = value[OPTION_TLS_CERT],
        .key = value[OPTION_TLS_KEY],
        .no_timestamps = value[OPTION_NO_TIMESTAMPS],
    };
}

bool options_check_output(struct options *options, struct error *error) {
    char *const *value = options->text->value;
    options->format = value[OPTION_FORMAT];
    options->output = value[OPTION_OUTPUT];
    options->outputs = (const char *const *)options->text->outputs->pdata;
    options->output_count = options->text->outputs->len;
    options->token_file = value[OPTION_TOKEN_FILE];
    options->resume = value[OPTION_RESUME];
    options->output_ca_file = value[OPTION_OUTPUT_CA_FILE];
    options->coverage = value[OPTION_COVERAGE];
    options->sink.raw = value[OPTION_RAW];
    options->sink.spreadsheet_safe = value[OPTION_SPREADSHEET_SAFE];
    options->sink.without_times = value[OPTION_NO_TIMESTAMPS];
    options->sink.units = value[OPTION_UNITS];
    options->sink.endless = value[OPTION_FOLLOW];
    options->sort = value[OPTION_SORT];
    options->offered = value[OPTION_OFFERED];
    options->totals = value[OPTION_TOTALS];
    options->units = value[OPTION_UNITS];
    if (options->output && !*options->output)
        return error_set(error, ERROR_USAGE,
                         "--output has no name of a file: give one, or - for standard output");
    if (!ending_check("--coverage", options->coverage, "csv", error) ||
        !ending_check("--totals", value[OPTION_TOTALS], "csv", error))
        return false;
    if (value[OPTION_QUIET] && value[OPTION_VERBOSE])
        return error_set(error, ERROR_USAGE,
                         "--quiet and --verbose exclude each other: give one of them");
    if (value[OPTION_QUIET])
        options->log.level = LOG_QUIET;
    if (value[OPTION_VERBOSE])
        options->log.level = LOG_VERBOSE;
    note_server(options);
    options->log.progress = options->log.level == LOG_NORMAL && isatty(STDERR_FILENO);
    return parse_fields(options, error);
}

size_t options_terminal_width(const struct options *options) {
    struct winsize size = {0};
    if (options->output || !isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

bool options_terminal_color(const struct options *options) {
    return options_terminal_width(options) && color_wanted();
}
