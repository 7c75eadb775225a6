/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The targets, and whether the options fit them. */
#include "command/options_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/arguments.h"
#include "command/config.h"
#include "core/memory.h"

static struct options_word *add_word(struct options_given *given) {
    struct options_word *words = memory_array(given->word_count + 1, sizeof *words);
    if (given->word_count)
        memcpy(words, given->words, given->word_count * sizeof *words);
    free(given->words);
    given->words = words;
    return &words[given->word_count++];
}

/* A name that is also that of a file here is hardly a host's. */
static bool check_file(const char *text, struct error *error) {
    struct stat status;
    if (strpbrk(text, ":@/") || stat(text, &status) != 0 || !S_ISREG(status.st_mode))
        return true;
    return error_set(error, ERROR_USAGE,
                     "'%s' is a file here, and no name of a history: a configuration is given by "
                     "--config, a history as ./%s, a host of this name as https://%s",
                     text, text, text);
}

static bool add_target_word(struct options_given *given, const char *text, struct error *error) {
    struct target target;
    if (target_init(&target, text, error))
        add_word(given)->target = target;
    return error->kind == ERROR_NONE;
}

/* The word that was added last is a history. */
static bool is_recorded(const struct options_given *given) {
    return strcmp(given->words[given->word_count - 1].target.scheme, TARGET_HISTORY) == 0;
}

/* What looks like no host of a network was meant as a name. */
static bool is_name(const char *text) {
    return *text && (!strpbrk(text, ".:/@") || strpbrk(text, "*[")) && !strstr(text, "://");
}

/* A word of the command line, as it is to be taken beside a configuration. */
static bool add_given(struct options *options, const char *text, struct error *error) {
    if (!options->config || (!config_find(options->config, text) && !is_name(text)))
        return add_target_word(options->given, text, error) &&
               (is_recorded(options->given) || check_file(text, error));
    add_word(options->given)->text = memory_strdup(text);
    return true;
}

/* What stands for a TARGET that is not given, when it is there. */
static bool add_default_file(struct options_given *given, struct error *error) {
    const struct options_spec *spec = given->spec;
    if (spec->default_target && access(spec->default_target, F_OK) == 0)
        return add_target_word(given, spec->default_target, error);
    if (spec->groups & OPTIONS_HISTORY)
        return error_set(error, ERROR_USAGE, "no FILE, and there is no %s here: give a history",
                         spec->default_target);
    return error_set(error, ERROR_USAGE,
                     "no TARGET%s%s%s: give a host name or a URI, such as esx01.example.com or "
                     "https://root@esx01.example.com, or set GOVC_URL or LIBVIRT_DEFAULT_URI",
                     spec->default_target ? ", and there is no " : "",
                     spec->default_target ? spec->default_target : "",
                     spec->default_target ? " here" : "");
}

/* The user name and password of GOVC_URL yield to the other variables, as they do for govc. */
static bool add_target_of_environment(struct options_given *given, struct error *error) {
    char *govc_url = getenv("GOVC_URL");
    const char *libvirt_uri = options_text_in_environment("LIBVIRT_DEFAULT_URI");
    if (given->spec->groups & OPTIONS_HISTORY)
        return add_default_file(given, error);
    if (govc_url && *govc_url) {
        bool good = add_target_word(given, govc_url, error);
        if (good)
            given->words[0].target.yields = true;
        arguments_hide_password(govc_url);
        return good;
    }
    if (libvirt_uri)
        return add_target_word(given, libvirt_uri, error);
    return given->text.value[OPTION_EXPLAIN] || add_default_file(given, error);
}

bool options_read_words(struct options *options, const char **arguments, struct error *error) {
    for (; arguments && *arguments; arguments++) {
        bool good = add_given(options, *arguments, error);
        arguments_hide_password((char *)*arguments); /* popt's copy */
        if (!good)
            return false;
    }
    return options->given->word_count || options->config ||
           add_target_of_environment(options->given, error);
}

/* A file that systemd gives the service: of the target's name, or for all. */
static char *find_credential(const struct target_plan *plan) {
    const char *names[] = {plan->name, "password"};
    const char *folder = options_text_in_environment("CREDENTIALS_DIRECTORY");
    for (size_t i = 0; folder && i < sizeof names / sizeof *names; i++) {
        char *path = names[i] && !strchr(names[i], '/') ? memory_printf("%s/%s", folder, names[i])
                                                        : memory_strdup("");
        if (*path && access(path, F_OK) == 0)
            return path;
        free(path);
    }
    return NULL;
}

struct target_plan *options_add_target(struct options *options, const struct target *target) {
    size_t count = options->target_count;
    struct target_plan *plans = memory_array(count + 1, sizeof *plans);
    if (count)
        memcpy(plans, options->plans, count * sizeof *plans);
    free(options->plans);
    options->plans = plans;
    target_copy(&plans[count].target, target);
    plans[count].source = options->source;
    options_set_labels(options, &plans[count], NULL);
    options->target_count++;
    return &plans[count];
}

/* A field for each key; the same of several targets is one. */
static bool add_label_field(struct options *options, const struct label *label,
                            struct error *error) {
    for (size_t i = 0; i < options->label_count; i++)
        if (strlen(options->labels[i].name) == label->key_length &&
            memcmp(options->labels[i].name, label->key, label->key_length) == 0)
            return true;
    if (options->label_count == LABELS_MAX)
        return error_set(error, ERROR_USAGE, "--label: more than %d different keys", LABELS_MAX);
    struct entity_field *field = &options->labels[options->label_count++];
    *field =
        (struct entity_field){.name = memory_strndup(label->key, label->key_length), .label = true};
    options->sink.fields[options->sink.field_count++] = field;
    return true;
}

static bool add_label_fields(struct options *options, struct error *error) {
    struct label label;
    for (size_t i = 0; i < options->target_count; i++)
        for (const char *list = options->plans[i].labels; labels_next(&list, &label);)
            if (!add_label_field(options, &label, error))
                return false;
    return true;
}

static bool add_plans(struct options *options, struct error *error) {
    const struct options_given *given = options->given;
    for (size_t i = 0; i < given->word_count; i++) {
        const struct options_word *word = &given->words[i];
        if (word->text && !options_choose_sections(options, word->text, error))
            return false;
        if (!word->text)
            target_set_login(&options_add_target(options, &word->target)->target,
                             options->text->value[OPTION_USERNAME], NULL);
    }
    if (!given->word_count && options->config && !options_choose_sections(options, NULL, error))
        return false;
    for (size_t i = 0; i < options->target_count; i++) {
        struct target_plan *plan = &options->plans[i];
        if (!plan->source.password_file && (!plan->target.password || plan->target.yields))
            plan->source.password_file = plan->credential = find_credential(plan);
        plan->source.target = plan->name;
        plan->source.labels = plan->labels;
    }
    return add_label_fields(options, error);
}

static const char *label_of(const struct target_plan *plan) {
    return plan->name ? plan->name : plan->target.text;
}

/* What is given twice would be written twice. */
static bool check_repetition(const struct options *options, struct error *error) {
    const struct target_plan *plans = options->plans;
    for (size_t i = 1; i < options->target_count; i++)
        for (size_t k = 0; k < i; k++)
            if (target_same(&plans[i].target, &plans[k].target))
                return error_set(error, ERROR_USAGE,
                                 "'%s' and '%s' are the same TARGET: give it once",
                                 label_of(&plans[k]), label_of(&plans[i]));
    return true;
}

/* Targets of HTTPS. */
#define TRUSTED "ESXi, vCenter, Proxmox VE and XenServer"

/* The options that only some sources take. */
static const struct {
    const char *name;
    const char *users;
    enum option option;
    unsigned group;
} special_options[] = {
    {"--ca-file", TRUSTED, OPTION_CA_FILE, SOURCE_TAKES_TRUST},
    {"--thumbprint", TRUSTED, OPTION_THUMBPRINT, SOURCE_TAKES_TRUST},
    {"--insecure", TRUSTED, OPTION_INSECURE, SOURCE_TAKES_TRUST},
    {"--jobs", "ESXi and vCenter", OPTION_JOBS, SOURCE_TAKES_JOBS},
    {"--attributes", "ESXi, vCenter and history files", OPTION_ATTRIBUTES, SOURCE_TAKES_ATTRIBUTES},
    {"--balloon-period", "libvirt", OPTION_BALLOON_PERIOD, SOURCE_TAKES_BALLOON_PERIOD},
    {"--at", "history files", OPTION_AT, SOURCE_TAKES_AT},
    {"--guest-agent", "libvirt", OPTION_GUEST_AGENT, SOURCE_TAKES_BALLOON_PERIOD},
    {"--runstates", "XenServer and XCP-ng", OPTION_RUNSTATES, SOURCE_TAKES_RUNSTATES},
};

int options_find_special(const struct options_text *text, unsigned takes, struct error *error) {
    for (size_t i = 0; i < sizeof special_options / sizeof *special_options; i++) {
        if (!text->value[special_options[i].option] || (takes & special_options[i].group))
            continue;
        error_set(error, ERROR_USAGE, "%s is for %s: no TARGET is one", special_options[i].name,
                  special_options[i].users);
        return (int)special_options[i].option;
    }
    return 0;
}

/* An option that no target takes would be ignored; one of trust would seem to protect. */
static bool check_applicable(const struct options *options, struct error *error) {
    bool histories = options->given->spec->groups & OPTIONS_HISTORY;
    unsigned taken = 0;
    for (size_t i = 0; i < options->target_count; i++) {
        const struct source_ops *ops = source_ops_for(&options->plans[i].target, error);
        if (!ops)
            return false;
        if (histories && !ops->recorded)
            return error_set(error, ERROR_USAGE,
                             "'%s' is no history file: give a path, or a name that ends in .db",
                             label_of(&options->plans[i]));
        taken |= ops->takes;
    }
    return !options_find_special(&options->given->text, taken, error);
}

bool options_check_targets(struct options *options, struct error *error) {
    return add_plans(options, error) && check_repetition(options, error) &&
           check_applicable(options, error);
}
