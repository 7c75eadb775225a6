/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Command lines by popt, then one check per value. */
#include "command/options.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/arguments.h"
#include "command/config.h"
#include "command/options_parts.h"
#include "core/color.h"
#include "core/memory.h"
#include "core/nearest.h"
#include "core/process.h"
#include "push/url.h"

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
    printf("\n%s\nMore in the manual page vperf-%s(1).\n", spec->notes, spec->command);
    free(usage);
}

static bool is_list(int option) {
    return option == OPTION_TYPE || option == OPTION_NAME || option == OPTION_COUNTER ||
           option == OPTION_RULE || option == OPTION_LABEL || option == OPTION_WITH ||
           option == OPTION_GROUP_BY;
}

/* The last one of a repeated option counts; a repeated list grows. */
static void store(struct options_text *text, int option, char *argument) {
    char **value = &text->value[option];
    char *old = *value;
    if (option == OPTION_OUTPUT) {
        g_ptr_array_add(text->outputs, memory_strdup(argument));
        push_url_hide(argument);
    }
    if (old && argument && is_list(option)) {
        *value = memory_printf("%s,%s", old, argument);
        free(argument);
    } else {
        *value = argument ? argument : memory_strdup("");
    }
    free(old);
}

/* The options of a command, at most as many as there is room for; returns their number. */
static size_t list_options(const struct options_spec *spec, struct nearest *names, size_t room) {
    size_t count = 0;
    for (size_t i = 0; i < OPTION_GROUPS; i++) {
        bool has = !option_groups[i].bit || (spec->groups & option_groups[i].bit);
        for (const struct poptOption *row = option_groups[i].options;
             has && row->longName && count < room; row++)
            names[count++] = (struct nearest){.name = row->longName, .usual = true};
    }
    return count;
}

/* What popt does not know, with the option that may be meant. */
static bool refuse_option(const struct options_spec *spec, const char *word, int problem,
                          struct error *error) {
    struct nearest names[OPTION_COUNT];
    size_t count = problem == POPT_ERROR_BADOPT && strncmp(word, "--", 2) == 0
                       ? list_options(spec, names, OPTION_COUNT)
                       : 0;
    char *wanted = memory_printf("%.*s", (int)strcspn(word, "="), word);
    if (strcmp(wanted, "--password") == 0) {
        free(wanted);
        return error_set(error, ERROR_USAGE,
                         "--password: others could read it: give --password-file FILE, or set "
                         "VPERF_PASSWORD");
    }
    count = nearest_keep(names, count, wanted + strspn(wanted, "-"));
    error_set(error, ERROR_USAGE, "%s: %s%s%s", word, poptStrerror(problem),
              count ? "; nearest: --" : "", count ? names[0].name : "");
    free(wanted);
    return false;
}

static bool read_arguments(poptContext context, const struct options_spec *spec,
                           struct options_text *text, struct error *error) {
    int option = 0;
    while ((option = poptGetNextOpt(context)) > 0)
        store(text, option, poptGetOptArg(context));
    if (option == -1)
        return true;
    return refuse_option(spec, poptBadOption(context, POPT_BADOPTION_NOALIAS), option, error);
}

static void init(struct options *options, const struct options_spec *spec) {
    options->given = memory_alloc(sizeof *options->given);
    options->given->spec = spec;
    options->given->text.outputs = g_ptr_array_new_with_free_func(free);
    selection_init(&options->selection);
    timing_init(&options->timing);
    if (spec->guests_only)
        options->selection.types[ENTITY_HOST] = false;
    options->selection.types[ENTITY_DATASTORE] = spec->datastores;
}

static bool check_values(struct options *options, struct error *error) {
    return options_check_moment(options, error) &&
           options_parse_connection(options->text, &options->source, error) &&
           options_check_selection(options, error) && options_check_timing(options, error) &&
           options_check_retention(options, error) && options_check_output(options, error);
}

static enum options_result parse(struct options *options, poptContext context,
                                 struct error *error) {
    struct options_given *given = options->given;
    if (!read_arguments(context, given->spec, &given->text, error))
        return OPTIONS_WRONG;
    if (given->text.value[OPTION_HELP]) {
        show_help(context, given->spec);
        return OPTIONS_DONE;
    }
    bool good = options_read_config(options, error) && check_values(options, error) &&
                options_read_words(options, poptGetArgs(context), error) &&
                options_check_targets(options, error);
    return good ? OPTIONS_RUN : OPTIONS_WRONG;
}

static bool has_target_of(const struct options *options, const struct source_ops *ops) {
    struct error ignored = {0};
    for (size_t i = 0; i < options->target_count; i++)
        if (source_ops_for(&options->plans[i].target, &ignored) == ops)
            return true;
    return false;
}

/* The program that can measure the targets; NULL for this one. */
static const char *find_program(const struct options *options) {
    for (const struct source_ops *const *ops = source_table; *ops; ops++)
        if ((*ops)->program && has_target_of(options, *ops))
            return (*ops)->program;
    return NULL;
}

enum options_result options_parse(struct options *options, const struct options_spec *spec,
                                  int argc, char **argv) {
    *options = (struct options){.log = {.stream = stderr, .level = LOG_NORMAL}};
    options->log.color = isatty(STDERR_FILENO) && color_wanted();
    init(options, spec);

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
    enum options_result result = parse(options, context, &error);
    poptFreeContext(context);
    argv[0] = own_name;
    if (result == OPTIONS_RUN && find_program(options)) {
        process_become(find_program(options), argv, &error);
        log_error(&options->log, "%s", error.message);
        result = OPTIONS_LOST;
    }
    arguments_hide_passwords(argc, argv);
    memory_wipe_stack();
    if (result == OPTIONS_WRONG)
        log_error(&options->log, "%s (see '%s --help')", error.message, name);
    free(name);
    return result;
}

int options_status(enum options_result result) {
    static const int status[] = {
        [OPTIONS_DONE] = STATUS_OK,
        [OPTIONS_WRONG] = STATUS_USAGE,
        [OPTIONS_LOST] = STATUS_NOTHING,
    };
    return status[result];
}

static void copy_given(struct options_given *given, const struct options_given *from) {
    for (size_t i = 0; i < OPTION_COUNT; i++)
        given->text.value[i] = memory_strdup(from->text.value[i]);
    for (guint i = 0; i < from->text.outputs->len; i++)
        g_ptr_array_add(given->text.outputs,
                        memory_strdup(g_ptr_array_index(from->text.outputs, i)));
    given->words = memory_array(from->word_count + 1, sizeof *given->words);
    given->word_count = from->word_count;
    for (size_t i = 0; i < from->word_count; i++) {
        given->words[i].text = memory_strdup(from->words[i].text);
        if (!given->words[i].text)
            target_copy(&given->words[i].target, &from->words[i].target);
    }
}

bool options_reload(struct options *fresh, const struct options *options, struct error *error) {
    *fresh = (struct options){.log = options->log};
    init(fresh, options->given->spec);
    copy_given(fresh->given, options->given);
    return options_read_config(fresh, error) && check_values(fresh, error) &&
           options_check_targets(fresh, error);
}

static void free_given(struct options_given *given) {
    for (size_t i = 0; i < OPTION_COUNT; i++)
        free(given->text.value[i]);
    g_ptr_array_free(given->text.outputs, TRUE);
    for (size_t i = 0; i < given->word_count; i++) {
        free(given->words[i].text);
        target_done(&given->words[i].target);
    }
    free(given->words);
    free(given);
}

void options_done(struct options *options) {
    for (size_t i = 0; i < options->target_count; i++) {
        target_done(&options->plans[i].target);
        selection_done(&options->plans[i].own);
        free(options->plans[i].credential);
        free(options->plans[i].labels);
    }
    free(options->plans);
    selection_done(&options->selection);
    for (size_t i = 0; i < options->label_count; i++)
        free((char *)options->labels[i].name);
    config_free(options->config);
    free(options->text);
    free_given(options->given);
}
