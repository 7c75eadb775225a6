/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The targets, and whether the options fit them. */
#include "command/options_parts.h"

#include <stdlib.h>
#include <string.h>

#include "command/arguments.h"
#include "core/memory.h"

static bool add_target(struct options *options, const char *text, struct error *error) {
    size_t count = options->target_count;
    struct target_plan *plans = memory_array(count + 1, sizeof *plans);
    if (count)
        memcpy(plans, options->plans, count * sizeof *plans);
    free(options->plans);
    options->plans = plans;
    if (!target_init(&plans[count].target, text, error))
        return false;
    plans[count].source = options->source;
    options->target_count++;
    return true;
}

/* What is given twice would be written twice. */
static bool check_repetition(const struct options *options, struct error *error) {
    const struct target_plan *plans = options->plans;
    for (size_t i = 1; i < options->target_count; i++)
        for (size_t k = 0; k < i; k++)
            if (target_same(&plans[i].target, &plans[k].target))
                return error_set(error, ERROR_USAGE,
                                 "'%s' and '%s' are the same TARGET: give it once",
                                 plans[k].target.text, plans[i].target.text);
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
        const struct source_ops *ops = source_ops_for(&options->plans[i].target, error);
        if (!ops)
            return false;
        if (histories && !ops->recorded)
            return error_set(error, ERROR_USAGE,
                             "'%s' is no history file: give a path, or a name that ends in .db",
                             options->plans[i].target.text);
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
    const char *libvirt_uri = options_text_in_environment("LIBVIRT_DEFAULT_URI");
    if (govc_url && *govc_url) {
        bool good = add_target(options, govc_url, error);
        if (good)
            options->plans[0].target.yields = true;
        arguments_hide_password(govc_url);
        return good;
    }
    if (libvirt_uri)
        return add_target(options, libvirt_uri, error);
    return error_set(error, ERROR_USAGE,
                     "no TARGET: give a host name or a URI, such as esx01.example.com or "
                     "https://root@esx01.example.com, or set GOVC_URL or LIBVIRT_DEFAULT_URI");
}

bool options_check_targets(struct options *options, const struct options_spec *spec,
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
