/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What the command line says goes before what the section of a target says, and that before what
 * [defaults] says. Options that make a whole, such as those of trust, are taken from one place.
 */
#include "command/options_parts.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "command/config.h"
#include "core/memory.h"

/* Whole: where one of the options is given, the others are not looked for elsewhere. */
static const int trust[] = {OPTION_INSECURE, OPTION_THUMBPRINT, OPTION_CA_FILE};

static bool is_trust(int option) {
    for (size_t i = 0; i < sizeof trust / sizeof *trust; i++)
        if (trust[i] == option)
            return true;
    return false;
}

static bool in_group(const struct option_group *group, int option) {
    for (const struct poptOption *row = group->options; row->longName; row++)
        if (row->val == option)
            return true;
    return false;
}

bool options_takes(const struct options_spec *spec, int option) {
    bool common = option == OPTION_COUNTER || option == OPTION_INTERVAL;
    if (common && spec->groups & (OPTIONS_COMPARISON | OPTIONS_REPORT))
        return false;
    for (size_t i = 0; i < OPTION_GROUPS; i++)
        if ((!option_groups[i].bit || (spec->groups & option_groups[i].bit)) &&
            in_group(&option_groups[i], option))
            return true;
    return false;
}

bool options_check_text(const struct options_text *text, struct error *error) {
    struct source_options source = {0};
    struct selection selection;
    struct timing timing;
    selection_init(&selection);
    timing_init(&timing);
    bool good = options_parse_connection(text, &source, error) &&
                options_parse_selection(text, &selection, error) &&
                options_parse_interval(text->value[OPTION_INTERVAL], &timing, error);
    selection_done(&selection);
    return good;
}

/* Values from the most specific place on. */
struct layers {
    const struct options_spec *spec;
    struct options_text text; /* borrowed */
    bool given[OPTION_COUNT];
};

static void begin(struct layers *layers, const struct options_given *given) {
    *layers = (struct layers){.spec = given->spec, .text = given->text};
    for (int option = 0; option < OPTION_COUNT; option++)
        layers->given[option] = given->text.value[option];
}

static bool gives_trust(const struct layers *layers) {
    for (size_t i = 0; i < sizeof trust / sizeof *trust; i++)
        if (layers->given[trust[i]])
            return true;
    return false;
}

static void add(struct layers *layers, const struct config_section *section) {
    bool trusted = gives_trust(layers);
    for (int option = 0; option < OPTION_COUNT; option++) {
        if (!section->lines[option] || layers->given[option] || (trusted && is_trust(option)) ||
            !options_takes(layers->spec, option))
            continue;
        layers->text.value[option] = section->text.value[option];
        layers->given[option] = true;
    }
}

bool options_read_config(struct options *options, struct error *error) {
    const char *path = options->given->text.value[OPTION_CONFIG];
    struct layers layers;
    begin(&layers, options->given);
    if (path) {
        options->config = config_read(path, error);
        if (!options->config)
            return false;
        add(&layers, &options->config->defaults);
    }
    options->text = memory_alloc(sizeof *options->text);
    *options->text = layers.text;
    return true;
}

/* A password next to the target goes before a file that is farther away. */
static char *choose_password(struct layers *layers, const struct config_section *section,
                             const struct config_section *defaults) {
    bool nearer = layers->given[OPTION_PASSWORD_FILE] || section->lines[OPTION_PASSWORD_FILE];
    if (nearer)
        return NULL;
    if (section->password || section->target.password)
        layers->given[OPTION_PASSWORD_FILE] = true;
    return section->password ? section->password : defaults->password;
}

static const struct {
    int option;
    enum target_owns owns;
} owned[] = {
    {OPTION_TYPE, OWNS_TYPES},
    {OPTION_NAME, OWNS_NAMES},
    {OPTION_COUNTER, OWNS_COUNTERS},
    {OPTION_INSTANCE, OWNS_INSTANCES},
};

static void own_selection(struct target_plan *plan, const struct layers *layers,
                          const struct options_given *given) {
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        if (layers->given[owned[i].option] && !given->text.value[owned[i].option])
            plan->owns |= owned[i].owns;
}

void options_set_labels(const struct options *options, struct target_plan *plan,
                        const struct config_section *section) {
    const struct options_given *given = options->given;
    const char *lists[] = {
        given->text.value[OPTION_LABEL], section ? section->text.value[OPTION_LABEL] : NULL,
        options->config ? options->config->defaults.text.value[OPTION_LABEL] : NULL};
    free(plan->labels);
    plan->labels = NULL;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (!lists[i] || !options_takes(given->spec, OPTION_LABEL))
            continue;
        char *merged = labels_merge(plan->labels, lists[i]);
        free(plan->labels);
        plan->labels = merged;
    }
}

/* All values have been checked when the file was read, but not together with the command line's. */
static bool add_section(struct options *options, const struct config_section *section,
                        struct error *error) {
    const struct config_section *defaults = &options->config->defaults;
    struct target_plan *plan = options_add_target(options, &section->target);
    struct timing timing = {0};
    struct layers layers;
    begin(&layers, options->given);
    char *password = choose_password(&layers, section, defaults);
    add(&layers, section);
    own_selection(plan, &layers, options->given);
    if (!options->given->text.value[OPTION_INTERVAL] &&
        !options_parse_interval(layers.text.value[OPTION_INTERVAL], &timing, error))
        return false;
    add(&layers, defaults);
    options_set_labels(options, plan, section);
    plan->name = section->name;
    plan->interval = timing.interval;
    plan->archive = timing.archive;
    plan->source.any_interval = !layers.text.value[OPTION_INTERVAL];
    selection_init(&plan->own);
    target_set_login(&plan->target, layers.text.value[OPTION_USERNAME], password);
    bool good = options_parse_connection(&layers.text, &plan->source, error) &&
                options_parse_selection(&layers.text, &plan->own, error);
    /* What is said here goes before what the environment says. */
    if (layers.given[OPTION_INSECURE] && !layers.text.value[OPTION_INSECURE])
        plan->source.insecure = false;
    if (good)
        return true;
    error_prefix(error, "%s:%d: [target %s]", options->config->path, section->line, section->name);
    return false;
}

static bool is_chosen(const struct options *options, const struct config_section *section) {
    for (size_t i = 0; i < options->target_count; i++)
        if (options->plans[i].name == section->name)
            return true;
    return false;
}

/* A name is meant as it is before it is meant as a pattern. */
static bool is_meant(const char *pattern, bool exact, const struct config_section *section) {
    if (!pattern)
        return true;
    return exact ? strcmp(pattern, section->name) == 0 : fnmatch(pattern, section->name, 0) == 0;
}

static bool none_meant(const struct options *options, const char *pattern, struct error *error) {
    const char *path = options->config->path, *nearest = config_nearest(options->config, pattern);
    if (!options->config->count)
        return error_set(error, ERROR_USAGE, "%s has no [target NAME]", path);
    return error_set(error, ERROR_USAGE,
                     "'%s' is no target of %s%s%s (a host of that name is written https://%s)",
                     pattern, path, nearest ? "; nearest: " : "", nearest ? nearest : "", pattern);
}

bool options_choose_sections(struct options *options, const char *pattern, struct error *error) {
    const struct config *config = options->config;
    bool exact = pattern && config_find(config, pattern), any = false;
    for (size_t i = 0; i < config->count; i++) {
        const struct config_section *section = config->sections[i];
        if (!is_meant(pattern, exact, section))
            continue;
        any = true;
        if (!is_chosen(options, section) && !add_section(options, section, error))
            return false;
    }
    return any || none_meant(options, pattern ? pattern : "", error);
}
