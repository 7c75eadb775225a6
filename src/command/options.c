/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Command lines by popt, then one check per value. */
#include "command/options.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "command/arguments.h"
#include "command/options_parts.h"
#include "core/memory.h"

const char *options_text_in_environment(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

bool options_parse_number(const char *option, const char *text, int max, int32_t *result,
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
    if (option == OPTION_OUTPUT)
        g_ptr_array_add(text->outputs, memory_strdup(argument));
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
    return options_check_moment(options, spec, error) && options_check_connection(options, error) &&
           options_check_selection(options, error) && options_check_timing(options, error) &&
           options_check_retention(options, error) && options_check_output(options, error) &&
           options_check_targets(options, spec, poptGetArgs(context), error);
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
    options->text->outputs = g_ptr_array_new_with_free_func(free);
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

struct selection options_selection(const struct options *options, size_t target) {
    const struct target_plan *plan = &options->plans[target];
    struct selection selection = options->selection;
    if (plan->owns & OWNS_TYPES)
        memcpy(selection.types, plan->own.types, sizeof selection.types);
    if (plan->owns & OWNS_NAMES)
        selection.names = plan->own.names;
    if (plan->owns & OWNS_COUNTERS)
        selection.counters = plan->own.counters;
    if (plan->owns & OWNS_INSTANCES)
        selection.aggregate_only = plan->own.aggregate_only;
    return selection;
}

bool options_share(const struct options *options, enum target_owns what) {
    for (size_t i = 0; i < options->target_count; i++)
        if (!(options->plans[i].owns & what))
            return true;
    return false;
}

struct timing options_timing(const struct options *options, size_t target) {
    const struct target_plan *plan = &options->plans[target];
    struct timing timing = options->timing;
    if (plan->interval) {
        timing.interval = plan->interval;
        timing.archive = plan->archive;
    }
    return timing;
}

void options_done(struct options *options) {
    for (size_t i = 0; i < options->target_count; i++) {
        target_done(&options->plans[i].target);
        selection_done(&options->plans[i].own);
    }
    free(options->plans);
    selection_done(&options->selection);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        free(options->text->value[i]);
    g_ptr_array_free(options->text->outputs, TRUE);
    free(options->text);
}
