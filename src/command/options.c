/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Command lines by popt, then one check per value. */
#include "command/options.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command/arguments.h"
#include "command/option_table.h"
#include "core/memory.h"

enum {
    DEFAULT_TIMEOUT_SECONDS = 60,
    MAX_TIMEOUT_SECONDS = 86400,
    MAX_SAMPLES = 1000000,
    MAX_JOBS = 64,
    MAX_TOP = 1000000,
    MAX_SPARE = 1000,
    DEFAULT_SPARE = 1,
    DAY_SECONDS = 86400,
    KEEP_SAMPLES_DAYS = 35,
    KEEP_HOURS_DAYS = 3 * 365,
};

/* The text of each option that was given, "" for a flag; lists are joined by commas. */
struct options_text {
    char *value[OPTION_COUNT];
};

static bool flag_in_environment(const char *name) {
    const char *value = getenv(name);
    return value && (strcmp(value, "1") == 0 || strcasecmp(value, "true") == 0 ||
                     strcasecmp(value, "t") == 0);
}

static const char *text_in_environment(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static bool parse_number(const char *option, const char *text, int max, int32_t *result,
                         struct error *error) {
    if (!text)
        return true;
    char *end = NULL;
    long number = strtol(text, &end, 10);
    if (end == text || *end || number < 1 || number > max)
        return error_set(error, ERROR_USAGE, "%s '%s': expected a whole number from 1 to %d",
                         option, text, max);
    *result = (int32_t)number;
    return true;
}

static bool check_connection(struct options *options, struct error *error) {
    char *const *value = options->text->value;
    struct source_options *source = &options->source;
    source->password_file = value[OPTION_PASSWORD_FILE];
    source->ca_file =
        value[OPTION_CA_FILE] ? value[OPTION_CA_FILE] : text_in_environment("GOVC_TLS_CA_CERTS");
    source->known_hosts = text_in_environment("GOVC_TLS_KNOWN_HOSTS");
    source->thumbprint = value[OPTION_THUMBPRINT];
    source->guest_agent = value[OPTION_GUEST_AGENT];
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
    return parse_number("--timeout", value[OPTION_TIMEOUT], MAX_TIMEOUT_SECONDS,
                        &source->timeout_seconds, error) &&
           parse_number("--jobs", value[OPTION_JOBS], MAX_JOBS, &source->jobs, error) &&
           parse_number("--balloon-period", value[OPTION_BALLOON_PERIOD], MAX_TIMEOUT_SECONDS,
                        &source->balloon_period_seconds, error);
}

/*
 * The statistics intervals that a vCenter is shipped with, by the names its clients show. All but
 * the first are archived.
 */
static const struct {
    const char *name;
    int32_t seconds;
} interval_names[] = {
    {"realtime", 20}, {"day", 300}, {"week", 1800}, {"month", 7200}, {"year", 86400},
};

static bool parse_interval(const char *text, struct timing *timing, struct error *error) {
    for (size_t i = 0; text && i < sizeof interval_names / sizeof *interval_names; i++) {
        if (strcmp(text, interval_names[i].name) == 0) {
            timing->interval = interval_names[i].seconds;
            timing->archive = i > 0 ? interval_names[i].name : NULL;
            return true;
        }
    }
    if (text && !g_ascii_isdigit(*text))
        return error_set(error, ERROR_USAGE,
                         "--interval '%s': expected seconds, or realtime, day, week, month or year",
                         text);
    return parse_number("--interval", text, MAX_TIMEOUT_SECONDS, &timing->interval, error);
}

static bool check_range(struct options *options, struct error *error) {
    char *const *value = options->text->value;
    struct timing *timing = &options->timing;
    struct timerange *range = &timing->range;
    if (value[OPTION_LAST] && (value[OPTION_START] || value[OPTION_END]))
        return error_set(error, ERROR_USAGE,
                         "--last excludes --start and --end: give the one or the others");
    if (value[OPTION_END] && !value[OPTION_START] && !value[OPTION_SAMPLES])
        return error_set(error, ERROR_USAGE, "--end alone: give --start or --samples as well");
    if (value[OPTION_LAST] && !timerange_last("--last", value[OPTION_LAST], range, error))
        return false;
    if (value[OPTION_START] &&
        !timerange_moment("--start", value[OPTION_START], &range->start, error))
        return false;
    if (value[OPTION_END] && !timerange_moment("--end", value[OPTION_END], &range->end, error))
        return false;
    if (range->start.given && !value[OPTION_SAMPLES])
        timing->samples = 0;
    return true;
}

static bool check_timing(struct options *options, struct error *error) {
    char *const *value = options->text->value;
    struct timing *timing = &options->timing;
    timing->follow = value[OPTION_FOLLOW];
    options->samples_given = value[OPTION_SAMPLES];
    options->interval_given = value[OPTION_INTERVAL];
    options->source.any_interval = !value[OPTION_INTERVAL];
    if (timing->follow && (value[OPTION_SAMPLES] || value[OPTION_END]))
        return error_set(error, ERROR_USAGE, "--follow has no end: leave out %s",
                         value[OPTION_SAMPLES] ? "--samples" : "--end");
    return parse_number("--samples", value[OPTION_SAMPLES], MAX_SAMPLES, &timing->samples, error) &&
           parse_interval(value[OPTION_INTERVAL], timing, error) && check_range(options, error);
}

static bool parse_duration(const char *option, const char *text, int64_t *seconds,
                           struct error *error) {
    struct timerange range = {0};
    if (!text)
        return true;
    if (!timerange_last(option, text, &range, error))
        return false;
    *seconds = -range.start.seconds;
    return true;
}

static bool check_retention(struct options *options, struct error *error) {
    char *const *value = options->text->value;
    struct retention *retention = &options->retention;
    *retention = (struct retention){KEEP_SAMPLES_DAYS * DAY_SECONDS, KEEP_HOURS_DAYS * DAY_SECONDS};
    options->check = value[OPTION_CHECK];
    options->gaps = value[OPTION_GAPS];
    return parse_duration("--keep", value[OPTION_KEEP], &retention->samples_seconds, error) &&
           parse_duration("--keep-hours", value[OPTION_KEEP_HOURS], &retention->hours_seconds,
                          error);
}

/* Relative times are from the newest sample, which is not known here. */
static bool check_moment(struct options *options, const struct options_spec *spec,
                         struct error *error) {
    const char *text = options->text->value[OPTION_AT];
    struct moment moment = {0};
    options->source.at = spec->groups & OPTIONS_MOMENT ? INT64_MAX : 0;
    if (!text)
        return true;
    if (!timerange_moment("--at", text, &moment, error))
        return false;
    options->source.at = moment.seconds;
    options->source.at_relative = moment.relative;
    return true;
}

static bool has_empty_pattern(const char *list) {
    for (;;) {
        list += *list == '!';
        size_t length = strcspn(list, ",");
        if (!length || !list[length])
            return !length;
        list += length + 1;
    }
}

/* An empty pattern, such as that of an unset shell variable, would select everything. */
static bool parse_globs(const char *option, const char *list, struct globs *globs,
                        struct error *error) {
    if (!list)
        return true;
    if (has_empty_pattern(list))
        return error_set(error, ERROR_USAGE,
                         "%s '%s' holds an empty pattern: leave the option out to have all", option,
                         list);
    globs_add(globs, list);
    return true;
}

static bool check_selection(struct options *options, struct error *error) {
    char *const *value = options->text->value;
    struct selection *selection = &options->selection;
    if (!parse_globs("--name", value[OPTION_NAME], &selection->names, error) ||
        !parse_globs("--counter", value[OPTION_COUNTER], &selection->counters, error))
        return false;
    if (value[OPTION_TYPE] && !selection_set_types(selection, value[OPTION_TYPE], error))
        return false;
    if (value[OPTION_INSTANCE] && strcmp(value[OPTION_INSTANCE], "aggregate") == 0)
        selection->aggregate_only = true;
    else if (value[OPTION_INSTANCE] && strcmp(value[OPTION_INSTANCE], "all") != 0)
        return error_set(error, ERROR_USAGE, "--instance '%s': expected all or aggregate",
                         value[OPTION_INSTANCE]);
    if (value[OPTION_ATTRIBUTES])
        selection->context |= CONTEXT_ATTRIBUTES;
    options->spare = DEFAULT_SPARE;
    options->rules = value[OPTION_RULE];
    return parse_number("--top", value[OPTION_TOP], MAX_TOP, &options->top, error) &&
           parse_number("--spare", value[OPTION_SPARE], MAX_SPARE, &options->spare, error);
}

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

static bool check_output(struct options *options, struct error *error) {
    char *const *value = options->text->value;
    options->format = value[OPTION_FORMAT];
    options->output = value[OPTION_OUTPUT];
    options->coverage = value[OPTION_COVERAGE];
    options->sink.raw = value[OPTION_RAW];
    options->sink.spreadsheet_safe = value[OPTION_SPREADSHEET_SAFE];
    options->sort = value[OPTION_SORT];
    options->offered = value[OPTION_OFFERED];
    options->totals = value[OPTION_TOTALS];
    options->units = value[OPTION_UNITS];
    if (value[OPTION_QUIET] && value[OPTION_VERBOSE])
        return error_set(error, ERROR_USAGE,
                         "--quiet and --verbose exclude each other: give one of them");
    if (value[OPTION_QUIET])
        options->log.level = LOG_QUIET;
    if (value[OPTION_VERBOSE])
        options->log.level = LOG_VERBOSE;
    options->log.progress = options->log.level == LOG_NORMAL && isatty(STDERR_FILENO);
    return parse_fields(options, error);
}

static bool add_target(struct options *options, const char *text, struct error *error) {
    size_t count = options->target_count;
    struct target *targets = memory_array(count + 1, sizeof *targets);
    if (count)
        memcpy(targets, options->targets, count * sizeof *targets);
    free(options->targets);
    options->targets = targets;
    if (!target_init(&targets[count], text, error))
        return false;
    options->target_count++;
    return true;
}

/* What is given twice would be written twice. */
static bool check_repetition(const struct options *options, struct error *error) {
    const struct target *targets = options->targets;
    for (size_t i = 1; i < options->target_count; i++)
        for (size_t k = 0; k < i; k++)
            if (target_same(&targets[i], &targets[k]))
                return error_set(error, ERROR_USAGE,
                                 "'%s' and '%s' are the same TARGET: give it once", targets[k].text,
                                 targets[i].text);
    return true;
}

/* The options that only some sources take. */
static const struct {
    const char *name;
    const char *users;
    enum option option;
    unsigned group;
} special_options[] = {
    {"--ca-file", "ESXi and vCenter", OPTION_CA_FILE, SOURCE_TAKES_TRUST},
    {"--thumbprint", "ESXi and vCenter", OPTION_THUMBPRINT, SOURCE_TAKES_TRUST},
    {"--insecure", "ESXi and vCenter", OPTION_INSECURE, SOURCE_TAKES_TRUST},
    {"--jobs", "ESXi and vCenter", OPTION_JOBS, SOURCE_TAKES_JOBS},
    {"--attributes", "ESXi and vCenter", OPTION_ATTRIBUTES, SOURCE_TAKES_ATTRIBUTES},
    {"--balloon-period", "libvirt", OPTION_BALLOON_PERIOD, SOURCE_TAKES_BALLOON_PERIOD},
    {"--at", "history files", OPTION_AT, SOURCE_TAKES_AT},
    {"--guest-agent", "libvirt", OPTION_GUEST_AGENT, SOURCE_TAKES_BALLOON_PERIOD},
};

/* An option that no target takes would be ignored; one of trust would seem to protect. */
static bool check_applicable(const struct options *options, bool histories, struct error *error) {
    unsigned taken = 0;
    for (size_t i = 0; i < options->target_count; i++) {
        const struct source_ops *ops = source_ops_for(&options->targets[i], error);
        if (!ops)
            return false;
        if (histories && !ops->recorded)
            return error_set(error, ERROR_USAGE,
                             "'%s' is no history file: give a path, or a name that ends in .db",
                             options->targets[i].text);
        taken |= ops->takes;
    }
    for (size_t i = 0; i < sizeof special_options / sizeof *special_options; i++)
        if (options->text->value[special_options[i].option] && !(taken & special_options[i].group))
            return error_set(error, ERROR_USAGE, "%s is for %s: no TARGET is one",
                             special_options[i].name, special_options[i].users);
    return true;
}

/* The user name and password of GOVC_URL yield to the other variables, as they do for govc. */
static bool add_target_of_environment(struct options *options, struct error *error) {
    char *govc_url = getenv("GOVC_URL");
    const char *libvirt_uri = text_in_environment("LIBVIRT_DEFAULT_URI");
    if (govc_url && *govc_url) {
        bool good = add_target(options, govc_url, error);
        if (good)
            options->targets[0].yields = true;
        arguments_hide_password(govc_url);
        return good;
    }
    if (libvirt_uri)
        return add_target(options, libvirt_uri, error);
    return error_set(error, ERROR_USAGE,
                     "no TARGET: give a host name or a URI, such as esx01.example.com or "
                     "https://root@esx01.example.com, or set GOVC_URL or LIBVIRT_DEFAULT_URI");
}

static bool check_targets(struct options *options, const struct options_spec *spec,
                          const char **arguments, struct error *error) {
    for (; arguments && *arguments; arguments++) {
        bool good = add_target(options, *arguments, error);
        arguments_hide_password((char *)*arguments); /* popt's copy */
        if (!good)
            return false;
    }
    if (options->target_count == 0 && !add_target_of_environment(options, error))
        return false;
    bool histories = spec->groups & OPTIONS_HISTORY;
    return check_repetition(options, error) && check_applicable(options, histories, error);
}

static void show_help(poptContext context, const struct options_spec *spec) {
    char *usage = memory_printf("[OPTION...] %s\n\n%s", spec->arguments, spec->summary);
    poptSetOtherOptionHelp(context, usage);
    poptPrintHelp(context, stdout, 0);
    printf("\n%s\nMore in the manual page vperf(1).\n", spec->notes);
    free(usage);
}

static bool is_list(int option) {
    return option == OPTION_TYPE || option == OPTION_NAME || option == OPTION_COUNTER ||
           option == OPTION_RULE || option == OPTION_WITH;
}

/* The last one of a repeated option counts; a repeated list grows. */
static void store(struct options_text *text, int option, char *argument) {
    char **value = &text->value[option];
    char *old = *value;
    if (old && argument && is_list(option)) {
        *value = memory_printf("%s,%s", old, argument);
        free(argument);
    } else {
        *value = argument ? argument : memory_strdup("");
    }
    free(old);
}

static bool read_arguments(poptContext context, struct options_text *text, struct error *error) {
    int option = 0;
    while ((option = poptGetNextOpt(context)) > 0)
        store(text, option, poptGetOptArg(context));
    if (option == -1)
        return true;
    return error_set(error, ERROR_USAGE, "%s: %s", poptBadOption(context, POPT_BADOPTION_NOALIAS),
                     poptStrerror(option));
}

static bool check_all(struct options *options, const struct options_spec *spec, poptContext context,
                      struct error *error) {
    return check_moment(options, spec, error) && check_connection(options, error) &&
           check_selection(options, error) && check_timing(options, error) &&
           check_retention(options, error) && check_output(options, error) &&
           check_targets(options, spec, poptGetArgs(context), error);
}

static enum options_result parse(struct options *options, const struct options_spec *spec,
                                 poptContext context, struct error *error) {
    if (!read_arguments(context, options->text, error))
        return OPTIONS_WRONG;
    if (options->text->value[OPTION_HELP]) {
        show_help(context, spec);
        return OPTIONS_DONE;
    }
    return check_all(options, spec, context, error) ? OPTIONS_RUN : OPTIONS_WRONG;
}

enum options_result options_parse(struct options *options, const struct options_spec *spec,
                                  int argc, char **argv) {
    *options = (struct options){.log = {.stream = stderr, .level = LOG_NORMAL}};
    options->text = memory_alloc(sizeof *options->text);
    selection_init(&options->selection);
    timing_init(&options->timing);
    if (spec->guests_only)
        options->selection.types[ENTITY_HOST] = false;

    struct poptOption table[OPTION_GROUPS + 1] = {POPT_TABLEEND};
    size_t count = 0;
    for (size_t i = 0; i < OPTION_GROUPS; i++)
        if (!option_groups[i].bit || (spec->groups & option_groups[i].bit))
            table[count++] = (struct poptOption){
                .argInfo = POPT_ARG_INCLUDE_TABLE,
                .arg = (void *)option_groups[i].options,
                .descrip = option_groups[i].title,
            };

    struct error error = {0};
    char *name = memory_printf("vperf %s", spec->command);
    char *own_name = argv[0];
    argv[0] = name;
    poptContext context = poptGetContext(name, argc, (const char **)argv, table, 0);
    enum options_result result = parse(options, spec, context, &error);
    poptFreeContext(context);
    argv[0] = own_name;
    arguments_hide_passwords(argc, argv);
    memory_wipe_stack();
    if (result == OPTIONS_WRONG)
        log_error(&options->log, "%s (see '%s --help')", error.message, name);
    free(name);
    return result;
}

size_t options_terminal_width(const struct options *options) {
    struct winsize size = {0};
    if (options->output || !isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

void options_done(struct options *options) {
    for (size_t i = 0; i < options->target_count; i++)
        target_done(&options->targets[i]);
    free(options->targets);
    selection_done(&options->selection);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        free(options->text->value[i]);
    free(options->text);
}
