/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which entities, counters and instances, and how many of them. */
#include "command/options_parts.h"

#include <string.h>

#include "core/label.h"

enum {
    MAX_TOP = 1000000,
    MAX_SPARE = 1000,
    DEFAULT_SPARE = 1,
};

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

bool options_parse_selection(const struct options_text *text, struct selection *selection,
                             struct error *error) {
    char *const *value = text->value;
    if (!parse_globs("--name", value[OPTION_NAME], &selection->names, error) ||
        !parse_globs("--counter", value[OPTION_COUNTER], &selection->counters, error))
        return false;
    selection->types_by_default = !value[OPTION_TYPE];
    if (value[OPTION_LABEL] && !labels_check(value[OPTION_LABEL], error))
        return false;
    if (value[OPTION_TYPE] && !selection_set_types(selection, value[OPTION_TYPE], error))
        return false;
    if (value[OPTION_INSTANCE] && strcmp(value[OPTION_INSTANCE], "aggregate") == 0)
        selection->aggregate_only = true;
    else if (value[OPTION_INSTANCE] && strcmp(value[OPTION_INSTANCE], "all") != 0)
        return error_set(error, ERROR_USAGE, "--instance '%s': expected all or aggregate",
                         value[OPTION_INSTANCE]);
    return true;
}

/* That none fails is a number, too. */
static bool parse_spare(const char *text, int32_t *spare, struct error *error) {
    struct error other = {0};
    *spare = text && strcmp(text, "0") == 0 ? 0 : DEFAULT_SPARE;
    if (!*spare || options_parse_number("--spare", text, MAX_SPARE, spare, &other))
        return true;
    return error_set(error, ERROR_USAGE, "--spare '%s': expected a whole number from 0 to %d", text,
                     MAX_SPARE);
}

bool options_check_selection(struct options *options, struct error *error) {
    char *const *value = options->text->value;
    if (!options_parse_selection(options->text, &options->selection, error))
        return false;
    if (value[OPTION_ATTRIBUTES])
        options->selection.context |= CONTEXT_ATTRIBUTES | CONTEXT_TAGS;
    if (value[OPTION_SHARD] && !shard_parse(&options->selection.shard, value[OPTION_SHARD], error))
        return false;
    options->rules = value[OPTION_RULE];
    options->group_by = value[OPTION_GROUP_BY];
    options->explain = value[OPTION_EXPLAIN];
    options->save_answers = value[OPTION_SAVE_ANSWERS];
    return options_parse_number("--top", value[OPTION_TOP], MAX_TOP, &options->top, error) &&
           parse_spare(value[OPTION_SPARE], &options->spare, error);
}
